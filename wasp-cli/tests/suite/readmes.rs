//! The READMEs of bindings/guest: what they print is written and run as it stands, in a folder outside the tree.

use crate::command::{own_shell, prints, ran, root};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Returns a README's lines as a script: a block of `sh` is run, one that follows "`NAME`:" is that file.
fn script(language: &str) -> String {
    let readme = root("bindings/guest").join(language).join("README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let mut script = String::new();
    for (index, part) in readme.split("\n```").enumerate() {
        if index % 2 == 0 {
            continue;
        }
        let (kind, text) = part.split_once('\n').unwrap();
        let before = readme.split("\n```").nth(index - 1).unwrap();
        let name = before.trim_end().strip_suffix("`:").and_then(|text| text.rsplit_once('`'));
        match name {
            Some((_, name)) => {
                writeln!(
                    script,
                    "mkdir -p \"$(dirname {name})\"\ncat >{name} <<'END'\n{text}\nEND"
                )
                .unwrap();
            }
            None => {
                assert_eq!(kind, "sh", "a block is a file or a script: {text}");
                writeln!(script, "{text}").unwrap();
            }
        }
    }
    script
}

/// Runs a script, and returns what it printed.
#[track_caller]
fn runs(script: &str, folder: &Path, path: Option<&str>) -> String {
    let wasp = Path::new(env!("CARGO_BIN_EXE_wasp")).parent().unwrap();
    let path = path.map_or_else(|| std::env::var("PATH").unwrap(), str::to_owned);
    let mut command = own_shell("sh", folder);
    command.args(["-euc", script]);
    command.env("PATH", format!("{}:{path}", wasp.display())).env("CARGO_NET_OFFLINE", "true");
    command.env("GOPROXY", "off").env("npm_config_prefer_offline", "true");
    let done = ran(command.output().unwrap());
    assert_eq!(done.code, 0, "{done:?}");
    done.stdout
}

const CALLBACK: [&str; 2] = ["--callback", "env.call_me(string) string=Nic"];

#[test]
fn the_lines_for_c_and_cpp() {
    let folder = tempfile::tempdir().unwrap();
    for header in ["wasp_guest.h", "wasp_guest.hpp"] {
        fs::copy(root("bindings/guest/c").join(header), folder.path().join(header)).unwrap();
    }
    assert_eq!(runs(&script("c"), folder.path(), None), "Hello Nic\nHello Nic\n");
    for module in ["hello.wasm", "greeter.wasm"] {
        let module = folder.path().join(module);
        let call = ["call", module.to_str().unwrap(), "introduce"];
        assert_eq!(prints(&[&call[..], &CALLBACK].concat()), "Nic\n");
    }
}

#[test]
fn the_lines_for_rust() {
    let folder = tempfile::tempdir().unwrap();
    let lines = with_helper("rust");
    // What it downloads is here, or the system's toolchain has it: the README's other way.
    let lines = lines.replace("rustup target add wasm32-wasip1\n", "");
    let libraries = ["--print", "target-libdir", "--target", "wasm32-wasip1"];
    let libraries = ran(Command::new("rustc").args(libraries).output().unwrap()).stdout;
    let printed = if Path::new(libraries.trim_end()).exists() {
        runs(&lines, folder.path(), None)
    } else {
        runs(&lines.replace("wasm32-wasip1", "wasm32-wasi"), folder.path(), Some("/usr/bin:/bin"))
    };
    assert!(printed.contains("1 passed") && printed.ends_with("\nHello Nic\n"), "{printed}");
}

/// Returns the lines with the helper of this tree.
fn with_helper(language: &str) -> String {
    let path = format!("bindings/guest/{language}");
    let helper = root(&path).canonicalize().unwrap();
    script(language).replace(&format!("path/to/wasp/{path}"), helper.to_str().unwrap())
}

#[test]
fn the_lines_for_go() {
    let folder = tempfile::tempdir().unwrap();
    let printed = runs(&with_helper("go"), folder.path(), None);
    assert!(
        printed.contains("ok  \texample.com/hello") && printed.ends_with("\nHello Nic\n"),
        "{printed}"
    );
    let module = folder.path().join("hello.wasm");
    let call = ["call", module.to_str().unwrap(), "introduce", "--compiler", "singlepass"];
    assert_eq!(prints(&[&call[..], &CALLBACK].concat()), "Nic\n");
}

/// npm asks its registry for the version, as in a plugin that `wasp new` begins.
#[test]
fn the_lines_for_assemblyscript() {
    let scratch = tempfile::tempdir().unwrap();
    // It is the package's name.
    let folder = scratch.path().join("hello");
    fs::create_dir(&folder).unwrap();
    let printed = runs(&with_helper("assemblyscript"), &folder, None);
    assert!(printed.contains("\nHello Nic\n") && printed.contains("# pass 1\n"), "{printed}");
    let module = folder.join("hello.wasm");
    let call = ["call", module.to_str().unwrap(), "introduce"];
    assert_eq!(prints(&[&call[..], &CALLBACK].concat()), "Nic\n");
}

#[test]
fn the_packages_that_they_name_are_those_that_are_installed_here() {
    let toolchains = fs::read_to_string(root("examples/plugins/Makefile")).unwrap();
    let installed: Vec<&str> = toolchains
        .split("missing=\"")
        .skip(1)
        .flat_map(|text| text.split('"').next().unwrap().split_whitespace())
        .collect();
    for language in ["c", "rust"] {
        let readme = root("bindings/guest").join(language).join("README.md");
        let readme = fs::read_to_string(readme).unwrap();
        let lines = readme.split("apt-get install ").skip(1);
        let named = lines.flat_map(|text| text.split('`').next().unwrap().split_whitespace());
        let named: Vec<&str> = named.collect();
        assert!(named.len() >= 4, "{language}: {named:?}");
        for package in named {
            assert!(installed.contains(&package), "{language}: {package:?}, not {installed:?}");
        }
    }
}
