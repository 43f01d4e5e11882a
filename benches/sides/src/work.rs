use crate::side::{Instance, Side, Variant};
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// What is measured. Every answer is checked; of the megabyte, in the measured loop, its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Work {
    Sum,
    Hello,
    Echo,
    /// One host function call, of a thousand in one call of the guest.
    CallbackInt,
    /// A call that calls back once with text and gives back the answer.
    CallbackString,
    FreshSum,
    FreshHello,
    /// A fresh sandbox, and a call that writes to a thousand pages of its memory.
    FreshPages,
    /// From WebAssembly to the first answer.
    Compile,
    /// The same, and then it waits, unmeasured, until nothing is left to do in the background.
    Register,
    /// From the text of a script to its first answer, where nothing is compiled yet.
    FirstScript,
    /// The same where another script of its language is there.
    NextScript,
    /// From what was compiled and kept to the first answer.
    Load,
    Loop,
    Fibonacci,
    Sieve,
    ScriptFibonacci,
    /// A text of 100 KB, read and written as JSON.
    ScriptJson,
    /// 200 addresses, found in 16 KB of text.
    ScriptPattern,
    /// The vowels of a short text, counted by a plugin of Extism.
    Vowels,
    FreshVowels,
}

const CALLBACKS: i32 = 1_000;
const LOOPS: i32 = 20_000;
const FIBONACCI: i32 = 16;
const SIEVE: i32 = 8_192;
const PAGES: i32 = 1_000;
const SCRIPT_FIBONACCI: i32 = 25;
const ADDRESSES: i32 = 200;

/// A side with a plugin.
pub struct Loaded<S: Side> {
    side: S,
    /// WebAssembly, or the text of a script.
    code: Vec<u8>,
    plugin: OnceLock<S::Plugin>,
    /// Where compiled code is kept, once it is needed.
    directory: PathBuf,
    saved: OnceLock<()>,
}

impl<S: Side> Loaded<S> {
    pub fn new(variant: Variant, code: &[u8], directory: PathBuf) -> Self {
        let (plugin, saved) = Default::default();
        Self { side: S::new(variant), code: code.to_vec(), plugin, directory, saved }
    }

    /// Does `work` so many times, and says how long one took in nanoseconds.
    pub fn run(&self, work: Work, times: u32) -> f64 {
        match work {
            Work::FreshSum => warm(times, || sum(&mut self.fresh())),
            Work::FreshHello => warm(times, || hello(&mut self.fresh())),
            Work::FreshPages => {
                warm(times, || assert_eq!(self.fresh().number("pages", PAGES), PAGES))
            }
            Work::Compile => measure(times, || {
                let plugin = self.side.compile(&self.code);
                sum(&mut self.side.instance(&plugin));
            }),
            Work::Register => {
                let mut total = Duration::ZERO;
                for _ in 0..times {
                    let start = Instant::now();
                    let plugin = self.side.compile(&self.code);
                    sum(&mut self.side.instance(&plugin));
                    total += start.elapsed();
                    self.side.settle(&plugin);
                }
                nanoseconds(total) / f64::from(times)
            }
            Work::FirstScript => measure(times, || {
                let plugin = self.side.compile(&self.code);
                hello(&mut self.side.instance(&plugin));
            }),
            Work::NextScript => {
                let earlier = self.plugin();
                warm(times, || {
                    let plugin = self.side.compile_another(&self.code, earlier);
                    hello(&mut self.side.instance(&plugin));
                })
            }
            Work::Load => {
                self.saved.get_or_init(|| {
                    std::fs::create_dir_all(&self.directory)
                        .expect("a directory for compiled code");
                    self.side.save(&self.code, &self.directory);
                });
                measure(times, || {
                    let plugin = self.side.load(&self.code, &self.directory);
                    sum(&mut self.side.instance(&plugin));
                })
            }
            Work::FreshVowels => warm(times, || vowels(&mut self.fresh())),
            Work::Vowels => self.warm(times, vowels),
            Work::Sum => self.warm(times, sum),
            Work::Hello => self.warm(times, hello),
            Work::CallbackString => {
                self.warm(times, |instance| assert_eq!(instance.callback(), "Hello Nic"))
            }
            Work::CallbackInt => {
                let answer = (0..CALLBACKS).sum::<i32>();
                let calls = times.div_ceil(CALLBACKS as u32);
                self.warm(calls, |instance| {
                    assert_eq!(instance.number("callbacks", CALLBACKS), answer);
                }) / f64::from(CALLBACKS)
            }
            Work::Echo => {
                let data: Vec<u8> = (0..1 << 20).map(|at: u32| (at ^ (at >> 8)) as u8).collect();
                assert_eq!(self.fresh().echo(&data), data);
                self.warm(times, |instance| {
                    let copy = instance.echo(black_box(&data));
                    assert_eq!(copy.len(), data.len());
                    assert_eq!((copy.first(), copy.last()), (data.first(), data.last()));
                })
            }
            Work::Loop => self.compute(times, "loop", LOOPS, (1..=LOOPS).sum()),
            Work::Fibonacci => self.compute(times, "fibonacci", FIBONACCI, fibonacci(FIBONACCI)),
            Work::Sieve => self.compute(times, "sieve", SIEVE, primes(SIEVE)),
            Work::ScriptFibonacci => {
                let answer = fibonacci(SCRIPT_FIBONACCI);
                self.compute(times, "fibonacci", SCRIPT_FIBONACCI, answer)
            }
            Work::ScriptJson => self.compute(times, "roundtrip", 1, 1),
            Work::ScriptPattern => self.compute(times, "find", 1, ADDRESSES),
        }
    }

    /// Makes so many instances, each of which answers a call, and keeps them for ever.
    pub fn hold(&self, count: u32) {
        for _ in 0..count {
            let mut instance = self.fresh();
            hello(&mut instance);
            std::mem::forget(instance);
        }
    }

    fn fresh(&self) -> S::Instance {
        self.side.instance(self.plugin())
    }

    fn plugin(&self) -> &S::Plugin {
        self.plugin.get_or_init(|| self.side.compile(&self.code))
    }

    /// The same instance for all the calls.
    fn warm(&self, times: u32, mut call: impl FnMut(&mut S::Instance)) -> f64 {
        let mut instance = self.fresh();
        warm(times, || call(&mut instance))
    }

    fn compute(&self, times: u32, function: &'static str, n: i32, answer: i32) -> f64 {
        self.warm(times, |instance| assert_eq!(instance.number(function, n), answer))
    }
}

fn sum(instance: &mut impl Instance) {
    assert_eq!(instance.sum(black_box(3), black_box(2)), 5);
}

fn hello(instance: &mut impl Instance) {
    assert_eq!(instance.hello(black_box("Nic")), "Hello Nic");
}

fn vowels(instance: &mut impl Instance) {
    assert_eq!(instance.vowels(black_box("this is a test")), "{\"count\":4}");
}

/// Not the first ones: they find caches cold.
fn warm(times: u32, mut work: impl FnMut()) -> f64 {
    for _ in 0..times / 16 + 2 {
        work();
    }
    measure(times, work)
}

fn measure(times: u32, mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        work();
    }
    nanoseconds(start.elapsed()) / f64::from(times)
}

fn nanoseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

/// What `plugins/speed.wat` and the scripts compute.
fn fibonacci(n: i32) -> i32 {
    if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
}

fn primes(below: i32) -> i32 {
    (2..below).filter(|n| (2..).take_while(|d| d * d <= *n).all(|d| n % d != 0)).count() as i32
}
