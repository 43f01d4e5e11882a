//! The folders of the crate are layers: each imports only from those below it, and no two files from each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom to the top. What stands together may not import each other either.
const LAYERS: [&[&str]; 10] = [
    &["base"],
    &["sys"],
    &["config"],
    &["vm", "wasi", "extism"],
    &["compile"],
    &["plugin"],
    &["guest"],
    &["pool"],
    &["instance"],
    &["engine"],
];

/// The crates of the workspace in which no modules may import each other.
const CRATES: [&str; 5] =
    ["wasp-core", "wasp-capi", "wasp-cli", "bindings/python", "bindings/node"];

/// The modules of a crate, each with the modules that its code names.
fn imports(of: &str) -> BTreeMap<String, BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(of).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let modules: Vec<(String, String)> = files
        .iter()
        .map(|file| (module(&root, file), fs::read_to_string(file).unwrap()))
        .filter(|(name, _)| name != "lib" && !name.ends_with("::tests"))
        .collect();
    let names: BTreeSet<String> = modules.iter().map(|(name, _)| name.clone()).collect();
    modules
        .iter()
        .map(|(name, text)| (name.clone(), named(name, &without_comments(text), &names)))
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// `guest::call` for `guest/call.rs`, and `guest` for `guest/mod.rs`.
fn module(root: &Path, file: &Path) -> String {
    let path = file.strip_prefix(root).unwrap().with_extension("");
    let name = path.to_str().unwrap().replace('/', "::");
    name.strip_suffix("::mod").unwrap_or(&name).to_owned()
}

/// The code of a file without its comments and its unit tests, whose `super` is the file itself.
fn without_comments(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// The modules that `text`, the code of `module`, names by paths from `crate`, `super` and `self`.
fn named(module: &str, text: &str, names: &BTreeSet<String>) -> BTreeSet<String> {
    let is_folder = names.iter().any(|name| name.starts_with(&format!("{module}::")));
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    let beside = if is_folder { module } else { parent };
    let starts = [("crate::", String::new()), ("super::", parent.to_owned())];
    let mut found = BTreeSet::new();
    if is_folder {
        // What a folder's own file takes from the files in it.
        let children = names.iter().filter_map(|name| name.strip_prefix(&format!("{module}::")));
        let used = children.filter(|child| text.contains(&format!("use {child}::")));
        found.extend(used.map(|child| format!("{module}::{child}")));
    }
    for (start, base) in starts.into_iter().chain([("self::", beside.to_owned())]) {
        for (at, _) in text.match_indices(start) {
            // Names that only end so are other things.
            let before = text[..at].chars().next_back();
            if before.is_some_and(|char| char.is_alphanumeric() || char == '_' || char == ':') {
                continue;
            }
            for path in paths(&text[at + start.len()..]) {
                let whole = if base.is_empty() { path } else { format!("{base}::{path}") };
                let longest = names
                    .iter()
                    .filter(|name| whole == **name || whole.starts_with(&format!("{name}::")))
                    .max_by_key(|name| name.len());
                found.extend(longest.filter(|name| *name != module).cloned());
            }
        }
    }
    found
}

/// The paths that begin here: one, or those of a braced list.
fn paths(text: &str) -> Vec<String> {
    let end = text.find(|char: char| !(char.is_alphanumeric() || char == '_' || char == ':'));
    let head = text[..end.unwrap_or(text.len())].to_owned();
    if !text[head.len()..].starts_with('{') {
        return vec![head];
    }
    let mut list = vec![String::new()];
    let mut depth = 0;
    for char in text[head.len()..].chars() {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => list.push(String::new()),
            _ if depth == 1 && !char.is_whitespace() => list.last_mut().unwrap().push(char),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    list.into_iter().map(|item| format!("{head}{item}")).collect()
}

fn layer(module: &str) -> usize {
    let folder = module.split("::").next().unwrap();
    LAYERS.iter().position(|names| names.contains(&folder)).unwrap_or_else(|| {
        panic!("{module:?} is in no layer: give it a place in tests/suite/layers.rs")
    })
}

#[test]
fn imports_run_downwards_only() {
    let mut upward = Vec::new();
    for (module, named) in imports("wasp-core") {
        for other in named {
            let same_folder = module.split("::").next() == other.split("::").next();
            if !same_folder && layer(&other) >= layer(&module) {
                upward.push(format!("{module} imports {other}"));
            }
        }
    }
    assert!(upward.is_empty(), "these imports run upwards:\n{}", upward.join("\n"));
}

#[test]
fn no_modules_import_each_other() {
    for (of, imports) in CRATES.map(|of| (of, imports(of))) {
        assert!(imports.len() > 4, "{of} has no modules");
        for module in imports.keys() {
            let mut reached: BTreeSet<&String> = BTreeSet::new();
            let mut next: Vec<&String> = imports[module].iter().collect();
            while let Some(other) = next.pop() {
                assert_ne!(other, module, "{of}: {module} is in a circle of imports");
                if reached.insert(other) {
                    next.extend(&imports[other]);
                }
            }
        }
    }
}

#[test]
fn paths_are_read_in_every_form() {
    let names = ["a", "a::b", "a::c", "d"].map(str::to_owned).into_iter().collect();
    let read = |module: &str, text: &str| {
        named(module, &without_comments(text), &names).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(read("d", "use crate::a::b::X;"), ["a::b"]);
    assert_eq!(read("d", "use crate::a::{self, b::{X, Y},\n c};"), ["a", "a::b", "a::c"]);
    assert_eq!(read("d", "fn f() { crate::a::b::g() } // crate::a::c"), ["a::b"]);
    assert_eq!(read("a::b", "use super::c::X; use super::Y;"), ["a", "a::c"]);
    assert_eq!(read("a", "pub(crate) use b::X;"), ["a::b"]);
    assert_eq!(read("a", "use self::b::X; struct S; impl S { fn f(&self) {} }"), ["a::b"]);
}
