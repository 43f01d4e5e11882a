//! wasp and its peers side by side: `make bench`, or, at the root of the repository,
//!
//! ```text
//! target/release/bench [--rounds N] [--peer PART_OF_ITS_NAME] [--results FILE] [--readme FILE] [part of an item's name ...]
//! ```

mod child;
mod contender;
mod extism;
mod item;
mod measure;
mod plugin;
mod report;
mod table;
mod wasmer;
mod wasmer_wasi;

use contender::Contender;
use item::{ITEMS, Item, Kind};
use measure::{Best, Sample};
use sides::Bench;
use std::path::PathBuf;
use table::Row;

/// What the command line asks for.
#[derive(Default)]
struct Options {
    rounds: usize,
    /// Only peers with this in their name.
    peer: String,
    results: Option<PathBuf>,
    readme: Option<PathBuf>,
    /// All items, if it is empty.
    wanted: Vec<String>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [argument, contender, plugin, task] = &arguments[..]
        && argument == child::ARGUMENT
    {
        child::work(contender, plugin, task);
    }
    let options = Options::parse(arguments);
    for contender in Contender::ALL.into_iter().filter(|contender| !contender.is_here()) {
        eprintln!("{} is not installed, and skipped", contender.name());
    }
    let wanted = |item: &&Item| {
        options.wanted.is_empty() || options.wanted.iter().any(|part| item.name.contains(&**part))
    };
    let mut rows = Vec::new();
    print!("{}", table::HEAD);
    for item in ITEMS.iter().filter(wanted) {
        let new = run(item, &options);
        new.iter().for_each(|row| print!("{}", row.long()));
        rows.extend(new);
    }
    if let Some(path) = &options.results {
        std::fs::write(path, report::results(&rows)).expect("a file for the results");
    }
    if let Some(path) = &options.readme {
        report::update_readme(path, &rows);
    }
}

fn run(item: &Item, options: &Options) -> Vec<Row> {
    let rounds = options.rounds;
    let wanted = |contender: &Contender| contender.name().contains(&*options.peer);
    let peers = item.contenders[1..].iter().filter(|peer| peer.is_here() && wanted(peer));
    let contenders: Vec<Contender> = item.contenders[..1].iter().chain(peers).copied().collect();
    let open = || -> Vec<Bench> {
        contenders.iter().map(|contender| contender.open(item.plugin)).collect()
    };
    let samples = match item.kind {
        Kind::Time(work) => measure::time(&open(), work, rounds),
        Kind::Throughput(work, threads) => measure::throughput(&open(), work, threads, rounds),
        Kind::Scaling(work) => measure::scaling(&open(), work, rounds),
        Kind::Resident(count) => contenders
            .iter()
            .map(|contender| child::resident(*contender, item.plugin, count))
            .map(|bytes| Sample::new(vec![bytes], Best::Lowest))
            .collect(),
        Kind::FirstScript => measure::take_turns(&contenders, rounds, Best::Lowest, |contender| {
            child::first_script(*contender, item.plugin)
        }),
    };
    table::rows(item, &contenders, &samples)
}

impl Options {
    fn parse(arguments: Vec<String>) -> Self {
        let mut options = Self { rounds: 60, ..Self::default() };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value =
                || arguments.next().unwrap_or_else(|| panic!("{argument} wants a value"));
            match &*argument {
                "--rounds" => options.rounds = value().parse().expect("a number of rounds"),
                "--peer" => options.peer = value(),
                "--results" => options.results = Some(value().into()),
                "--readme" => options.readme = Some(value().into()),
                _ => options.wanted.push(argument),
            }
        }
        options
    }
}
