//! Resident memory of many instances, each side in a process of its own.

use crate::contender::{Contender, Plugin};
use std::process::Command;

/// The first argument that makes this program the child.
pub const ARGUMENT: &str = "--hold";

/// Bytes for one of `count` live instances, each of which answered a string call.
pub fn measure(contender: Contender, plugin: Plugin, count: u32) -> f64 {
    let program = std::env::current_exe().expect("this program");
    let arguments = [contender.name(), plugin.name(), &count.to_string()];
    let child = Command::new(program).arg(ARGUMENT).args(arguments).output().expect("a child");
    let text = String::from_utf8_lossy(&child.stdout);
    text.trim().parse().unwrap_or_else(|_| {
        panic!("the child of {}: {}", contender.name(), String::from_utf8_lossy(&child.stderr))
    })
}

/// The child.
pub fn hold(contender: &str, plugin: &str, count: &str) {
    let contender = Contender::ALL.into_iter().find(|each| each.name() == contender);
    let plugin = Plugin::ALL.into_iter().find(|each| each.name() == plugin);
    let side = contender.expect("a contender").open(plugin.expect("a plugin"));
    let count = count.parse().expect("a number");
    // What the first instance brings along is not the others'.
    side.hold(1);
    let before = resident();
    side.hold(count);
    println!("{}", (resident() - before) / f64::from(count));
    // A thousand instances need not be taken apart.
    std::process::exit(0);
}

/// Exact, where `/proc/self/statm` lags behind.
fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").expect("Linux");
    let kib = text.lines().find_map(|line| line.strip_prefix("Rss:")).map(str::trim);
    let kib = kib.and_then(|kib| kib.strip_suffix(" kB")).expect("a line for RSS");
    kib.parse::<f64>().expect("a number") * 1024.0
}
