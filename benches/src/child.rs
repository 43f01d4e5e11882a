//! What each side does in a process of its own: many instances, whose resident memory is measured, and the first of something.

use crate::contender::Contender;
use crate::plugin::Plugin;
use sides::{Bench, Work};
use std::process::Command;

/// The first argument that makes this program the child.
pub const ARGUMENT: &str = "--child";

/// The name of the task that isn't holding instances, whose name is their number.
const FIRST_SCRIPT: &str = "first script";

/// Bytes for one of `count` live instances, each of which answered a string call.
pub fn resident(contender: Contender, plugin: Plugin, count: u32) -> f64 {
    run(contender, plugin, &count.to_string())
}

/// Nanoseconds from the text of a script to its first answer, the first of the process.
pub fn first_script(contender: Contender, plugin: Plugin) -> f64 {
    run(contender, plugin, FIRST_SCRIPT)
}

fn run(contender: Contender, plugin: Plugin, task: &str) -> f64 {
    let program = std::env::current_exe().expect("this program");
    let arguments = [contender.name(), plugin.name(), task];
    let child = Command::new(program).arg(ARGUMENT).args(arguments).output().expect("a child");
    let text = String::from_utf8_lossy(&child.stdout);
    text.trim().parse().unwrap_or_else(|_| {
        panic!("the child of {}: {}", contender.name(), String::from_utf8_lossy(&child.stderr))
    })
}

/// The child.
pub fn work(contender: &str, plugin: &str, task: &str) {
    let contender = Contender::ALL.into_iter().find(|each| each.name() == contender);
    let plugin = Plugin::ALL.into_iter().find(|each| each.name() == plugin);
    let side = contender.expect("a contender").open(plugin.expect("a plugin"));
    let result = match task {
        FIRST_SCRIPT => side.run(Work::FirstScript, 1),
        count => hold(&side, count.parse().expect("a number")),
    };
    println!("{result}");
    // A thousand instances need not be taken apart, and nobody waits for what is compiled in the background.
    std::process::exit(0);
}

fn hold(side: &Bench, count: u32) -> f64 {
    // What the first instance brings along is not the others'.
    side.hold(1);
    let before = resident_bytes();
    side.hold(count);
    (resident_bytes() - before) / f64::from(count)
}

/// Exact, where `/proc/self/statm` lags behind.
fn resident_bytes() -> f64 {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").expect("Linux");
    let kib = text.lines().find_map(|line| line.strip_prefix("Rss:")).map(str::trim);
    let kib = kib.and_then(|kib| kib.strip_suffix(" kB")).expect("a line for RSS");
    kib.parse::<f64>().expect("a number") * 1024.0
}
