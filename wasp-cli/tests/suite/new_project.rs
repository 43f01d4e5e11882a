//! `wasp new`: what it writes builds and passes its own test, in a folder outside the tree.

use crate::command::{fails, program, ran, root};
use std::process::Command;

#[track_caller]
fn begins(language: &str) {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("my-{language}");
    let made = program().args(["new", language, &name]).current_dir(&folder).output().unwrap();
    let made = ran(made);
    assert_eq!(made.code, 0, "{made:?}");
    let mut make = Command::new("make");
    make.arg("test").current_dir(folder.path().join(&name));
    make.env("WASP", env!("CARGO_BIN_EXE_wasp")).env("WASP_RUNTIMES", root("build/runtimes"));
    // As in the shell of somebody who builds a plugin, not this test.
    for variable in ["CARGO_TARGET_DIR", "RUSTFLAGS", "RUSTUP_TOOLCHAIN", "MAKEFLAGS", "MAKELEVEL"]
    {
        make.env_remove(variable);
    }
    make.env("npm_config_prefer_offline", "true").env("GOPROXY", "off");
    let tested = ran(make.output().unwrap());
    assert_eq!(tested.code, 0, "{tested:?}");
    assert!(tested.stdout.contains("ok        leaks"), "{tested:?}");
    let readme = std::fs::read_to_string(folder.path().join(&name).join("README.md")).unwrap();
    assert!(readme.starts_with(&format!("# {name}\n")), "{readme}");
    for placeholder in ["NAME", "LANGUAGE", "HELPER"] {
        assert!(!readme.contains(placeholder), "{readme}");
    }
}

#[test]
fn a_plugin_in_rust() {
    begins("rust");
}

#[test]
fn a_plugin_in_c() {
    begins("c");
}

#[test]
fn a_plugin_in_go() {
    begins("go");
}

#[test]
fn a_plugin_in_assemblyscript() {
    begins("assemblyscript");
}

#[test]
fn a_script_in_javascript() {
    begins("javascript");
}

#[test]
fn a_script_in_lua() {
    begins("lua");
}

/// pip builds from source with what cargo packs of this crate.
#[test]
fn a_package_of_the_crate_has_all_templates() {
    let mut list = Command::new(env!("CARGO"));
    list.args(["package", "--offline", "--list", "--allow-dirty"]);
    let packed = ran(list.current_dir(root("wasp-cli")).output().unwrap());
    assert_eq!(packed.code, 0, "{packed:?}");
    let packed: Vec<&str> = packed.stdout.lines().collect();
    let source = include_str!("../../src/commands/new_project/templates.rs");
    for (call, folder) in [("template!(\"", "templates"), ("helper!(\"", "guest")] {
        let paths: Vec<&str> =
            source.split(call).skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(paths.len() > 10);
        for path in paths {
            assert!(packed.contains(&&*format!("{folder}/{path}")), "{path} isn't packed");
        }
    }
}

#[test]
fn a_folder_that_is_there_is_left_alone() {
    for name in ["../a", "A", "1a", "a b", ""] {
        assert!(fails(&["new", "c", name], 2).contains("is none, and lower-case letters"));
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("mine")).unwrap();
    let again = program().args(["new", "c", "mine"]).current_dir(&folder).output().unwrap();
    let again = ran(again);
    assert_eq!((again.code, again.stderr.as_str()), (3, "wasp: file \"mine\": File exists\n"));
}
