//! The table: a row for each item and peer.

use crate::contender::Contender;
use crate::item::{Item, Kind};
use crate::measure::Sample;

pub const HEAD: &str = "| item | wasp | peer | ratio |\n|---|--:|--:|--:|\n";

pub struct Row {
    item: &'static str,
    ours: String,
    peer: &'static str,
    theirs: String,
    /// Of the best runs and of the medians; below 1 wasp is better.
    ratio: (f64, f64),
}

/// The rows of an item: wasp beside each peer.
pub fn rows(item: &Item, contenders: &[Contender], samples: &[Sample]) -> Vec<Row> {
    let [ours, peers @ ..] = samples else { unreachable!("wasp takes part in everything") };
    let row = |(contender, peer): (&Contender, &Sample)| Row {
        item: item.name,
        ours: cell(item.kind, ours),
        peer: contender.name(),
        theirs: cell(item.kind, peer),
        ratio: match item.kind {
            Kind::Throughput(..) | Kind::Scaling(_) => {
                (peer.best() / ours.best(), peer.median() / ours.median())
            }
            _ => (ours.best() / peer.best(), ours.median() / peer.median()),
        },
    };
    contenders[1..].iter().zip(peers).map(row).collect()
}

/// For each item the row of its best peer.
pub fn headline(rows: &[Row]) -> Vec<&Row> {
    let mut best: Vec<&Row> = Vec::new();
    for row in rows {
        match best.last_mut() {
            Some(known) if known.item == row.item => {
                if row.ratio.0 > known.ratio.0 {
                    *known = row;
                }
            }
            _ => best.push(row),
        }
    }
    best
}

impl Row {
    /// With the medians in brackets.
    pub fn long(&self) -> String {
        let (best, median) = self.ratio;
        let Self { item, ours, peer, theirs, .. } = self;
        format!("| {item} | {ours} | {peer} {theirs} | {} ({}) |\n", figure(best), figure(median))
    }

    /// Without the medians.
    pub fn short(&self) -> String {
        let cut = |cell: &str| cell.split(" (").next().unwrap_or_default().to_owned();
        let (ours, theirs) = (cut(&self.ours), cut(&self.theirs));
        let Self { item, peer, .. } = self;
        format!("| {item} | {ours} | {peer} {theirs} | {} |\n", figure(self.ratio.0))
    }
}

/// The best run, and the median in brackets where there are several.
fn cell(kind: Kind, sample: &Sample) -> String {
    let show = match kind {
        Kind::Time(_) | Kind::FirstScript => time,
        Kind::Throughput(..) => rate,
        Kind::Scaling(_) => return format!("{} x", figure(sample.best())),
        Kind::Resident(_) => return bytes(sample.best()),
    };
    format!("{} ({})", show(sample.best()), show(sample.median()))
}

fn time(nanoseconds: f64) -> String {
    scaled(nanoseconds, &[(1e9, "s"), (1e6, "ms"), (1e3, "us"), (1.0, "ns")])
}

fn rate(each_second: f64) -> String {
    scaled(each_second, &[(1e6, "M/s"), (1e3, "k/s"), (1.0, "/s")])
}

fn bytes(count: f64) -> String {
    scaled(count, &[(1048576.0, "MiB"), (1024.0, "KiB"), (1.0, "B")])
}

fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let fits = units.iter().find(|(size, _)| value >= *size);
    let (size, unit) = fits.or(units.last()).expect("a unit");
    format!("{} {unit}", figure(value / size))
}

/// Three digits that count.
fn figure(value: f64) -> String {
    match value {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        0.1.. => format!("{value:.2}"),
        0.01.. => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}
