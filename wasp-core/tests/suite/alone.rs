//! Tests that need a process of their own: they are ignored, and run by another test through this.

use std::process::{Command, Stdio};

/// Runs the ignored test `name`, as in `stopping::fork`, in a process of its own whose standard input stays open and empty.
#[track_caller]
pub fn alone(name: &str) {
    alone_saying(name);
}

/// The same. Returns what it wrote to its error output.
#[track_caller]
pub fn alone_saying(name: &str) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // `wait_with_output` would close it.
    let stdin = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert!(output.status.success(), "{output:?}");
    // A name that is no test's would pass too.
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}
