//! Measuring: many short runs, all sides in turns, so that what disturbs the machine disturbs all of them.

use sides::{Bench, Work};
use std::sync::Barrier;

/// One run is at least this long, in nanoseconds.
const RUN: f64 = 2e6;

/// All runs of all sides of an item together, in nanoseconds, where one run is not short.
const ITEM: f64 = 8e9;

/// What all runs of a side gave, the best first.
pub struct Sample(Vec<f64>);

impl Sample {
    pub fn new(mut runs: Vec<f64>, best: Best) -> Self {
        runs.sort_by(f64::total_cmp);
        if best == Best::Highest {
            runs.reverse();
        }
        Self(runs)
    }

    /// What disturbs a run only makes it worse, so this says most.
    pub fn best(&self) -> f64 {
        self.0[0]
    }

    pub fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Best {
    Lowest,
    Highest,
}

/// Nanoseconds for one time of `work`, for each side.
pub fn time(sides: &[Bench], work: Work, rounds: usize) -> Vec<Sample> {
    interleave(sides, work, rounds, Best::Lowest, |side, times| side.run(work, times))
}

/// Times of `work` in a second by so many threads together, for each side.
pub fn throughput(sides: &[Bench], work: Work, threads: u32, rounds: usize) -> Vec<Sample> {
    interleave(sides, work, rounds, Best::Highest, |side, times| {
        let start = Barrier::new(threads as usize);
        std::thread::scope(|scope| {
            let run = || {
                // A new thread's caches, in allocators and runtimes, are filled first.
                side.run(work, times / 8 + 1);
                start.wait();
                1e9 / side.run(work, times)
            };
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
            threads.into_iter().map(|thread| thread.join().expect("a run")).sum()
        })
    })
}

/// How many times more often two threads do `work` than one, for each side.
pub fn scaling(sides: &[Bench], work: Work, rounds: usize) -> Vec<Sample> {
    let one = throughput(sides, work, 1, rounds);
    let two = throughput(sides, work, 2, rounds);
    let factor = |(one, two): (Sample, Sample)| Sample(vec![two.best() / one.best()]);
    one.into_iter().zip(two).map(factor).collect()
}

fn interleave(
    sides: &[Bench],
    work: Work,
    rounds: usize,
    best: Best,
    run: impl Fn(&Bench, u32) -> f64,
) -> Vec<Sample> {
    let sides: Vec<(&Bench, u32)> =
        sides.iter().map(|side| (side, calibrate(side, work))).collect();
    take_turns(&sides, rounds, best, |(side, times)| run(side, *times))
}

/// What `run` says of each side.
pub fn take_turns<T>(
    sides: &[T],
    rounds: usize,
    best: Best,
    run: impl Fn(&T) -> f64,
) -> Vec<Sample> {
    let mut samples = vec![Vec::new(); sides.len()];
    let start = std::time::Instant::now();
    for round in 0..rounds {
        if round >= 5 && start.elapsed().as_nanos() as f64 > ITEM {
            break;
        }
        for (side, sample) in sides.iter().zip(&mut samples) {
            sample.push(run(side));
        }
    }
    samples.into_iter().map(|runs| Sample::new(runs, best)).collect()
}

/// How many times make a run of the right length.
fn calibrate(side: &Bench, work: Work) -> u32 {
    let mut times = 1;
    loop {
        let each = side.run(work, times);
        if each * f64::from(times) > RUN / 4.0 {
            return ((RUN / each).ceil() as u32).max(1);
        }
        times *= 4;
    }
}
