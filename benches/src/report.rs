//! What is written: `RESULTS.md`, and the short table between two marks in the README.

use crate::extism;
use crate::table::{self, Row};
use interpreters::{Lua, PocketPy, QuickJs};
use std::path::Path;

const START: &str = "<!-- benchmark: written by make bench -->\n";
const END: &str = "<!-- end of benchmark -->\n";

/// The whole of `RESULTS.md`, but for what other hosts' benchmarks append.
pub fn results(rows: &[Row]) -> String {
    let mut text = format!(
        "# Results\n\nWritten by `make bench`; [README.md](README.md) says what is measured and how. Best run, and the median in \
         brackets. The ratio is wasp's time or memory by the peer's, or the peer's throughput by wasp's: below 1, wasp is \
         better.\n\n{}\n\n## From Rust\n\n{}",
        machine(),
        table::HEAD
    );
    text.extend(rows.iter().map(Row::long));
    text
}

/// Puts the short table into the file, which has the marks.
pub fn update_readme(path: &Path, rows: &[Row]) {
    let text = std::fs::read_to_string(path).expect("a README");
    let (before, rest) = text.split_once(START).expect("a mark where the table starts");
    let (_, after) = rest.split_once(END).expect("a mark where the table ends");
    let table: String = table::headline(rows).into_iter().map(Row::short).collect();
    let text = format!("{before}{START}{}{table}{END}{after}", table::HEAD);
    std::fs::write(path, text).expect("a README that can be written");
}

/// What it ran on and against.
fn machine() -> String {
    let processors = std::thread::available_parallelism().map_or(0, |count| count.get());
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel: Vec<&str> = kernel.trim().splitn(3, ['.', '-']).take(2).collect();
    let (os, kernel, arch) = (std::env::consts::OS, kernel.join("."), std::env::consts::ARCH);
    let wasp = version(include_str!("../Cargo.lock"), "wasp-core");
    let wasmer = version(include_str!("../Cargo.lock"), "wasmer");
    let wasmtime = version(include_str!("../wasmtime/Cargo.lock"), "wasmtime");
    let extism = extism::version().unwrap_or("not installed".into());
    let quickjs = interpreters::version::<QuickJs>();
    let lua = interpreters::version::<Lua>();
    let pocketpy = interpreters::version::<PocketPy>();
    format!(
        "{processors} processors, {os} {kernel}, {arch}; wasp {wasp}, wasmtime {wasmtime}, wasmer {wasmer}, libextism {extism}, \
         quickjs-ng {quickjs}, Lua {lua}, pocketpy {pocketpy}."
    )
}

/// The version of a package in a lock file.
fn version<'a>(lock: &'a str, package: &str) -> &'a str {
    let (_, rest) =
        lock.split_once(&format!("name = \"{package}\"\nversion = \"")).unwrap_or_default();
    rest.split('"').next().unwrap_or_default()
}
