//! Runs of the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a run left.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Where `path` of the repository is.
pub fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Where the test plugin `name` is.
pub fn plugin(name: &str) -> String {
    root(&format!("wasp-cli/tests/plugins/{name}.wat")).to_str().unwrap().to_owned()
}

/// Where the example plugin `name` is, which `make plugins` has built.
pub fn example(name: &str) -> String {
    root(&format!("build/plugins/{name}.wasm")).to_str().unwrap().to_owned()
}

/// Returns the program, which finds the runtimes that `make runtimes` has built.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wasp"));
    command.env("WASP_RUNTIMES", root("build/runtimes"));
    command
}

/// Runs the program.
pub fn wasp(args: &[&str]) -> Ran {
    ran(program().args(args).output().unwrap())
}

/// Runs the program, and returns what it printed.
#[track_caller]
pub fn prints(args: &[&str]) -> String {
    let ran = wasp(args);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.stdout
}

/// Runs the program, and returns the error that it ended with.
#[track_caller]
pub fn fails(args: &[&str], code: i32) -> String {
    let ran = wasp(args);
    assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{ran:?}");
    ran.stderr
}

/// Runs the program, and reads the JSON that it printed.
#[track_caller]
pub fn json(args: &[&str]) -> serde_json::Value {
    let ran = wasp(&[args, &["--json"]].concat());
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// Asserts that a plugin's listing has these lines.
#[track_caller]
pub fn has_lines(listed: &str, lines: &[&str]) {
    for line in lines {
        assert!(listed.contains(&format!("  {line}\n")), "{listed}");
    }
}

/// Asserts that `wasp check` finds nothing, not even what is doubtful.
#[track_caller]
pub fn passes_check(module: &str, given: &[&str]) {
    let report = prints(&[&["check", module], given].concat());
    assert!(report.lines().all(|line| line.starts_with("ok ")), "{report}");
}

/// Returns a command as in the shell of somebody who builds a plugin, not this test.
pub fn own_shell(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    for variable in ["CARGO_TARGET_DIR", "RUSTFLAGS", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(variable);
    }
    command.current_dir(folder);
    command
}

/// Returns what is left of a run.
pub fn ran(output: Output) -> Ran {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Writes a file into a folder of its own, and returns the folder and the file's path.
pub fn file(name: &str, contents: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, contents).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}
