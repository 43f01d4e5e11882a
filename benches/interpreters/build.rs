//! Compiles the interpreters from the sources of the script runtimes, by the same compiler, without the patches for WebAssembly.

use std::path::{Path, PathBuf};

/// What `make runtimes` has fetched.
const SOURCES: &str = "../../build/runtimes/sources";

/// Lua's two programs, which are no part of the library.
const PROGRAMS: &[&str] = &["lua", "luac"];

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed={SOURCES}");
    println!("cargo::rerun-if-env-changed=CC");

    let quickjs = find("quickjs_ng-").join("upstream-quickjs");
    build("quickjs", &quickjs, |build| {
        build.define("_GNU_SOURCE", None);
        for name in ["quickjs", "libregexp", "libunicode", "dtoa"] {
            build.file(quickjs.join(name).with_extension("c"));
        }
    });

    let lua = find("lua").join("lua-src/lua-5.4.9");
    build("lua", &lua, |build| {
        build.define("LUA_USE_POSIX", None).files(files(&lua, PROGRAMS));
    });

    let pocketpy = find("pocket_numpy-").join("pocketpy");
    build("pocketpy", &pocketpy.join("include"), |build| {
        build.define("PK_ENABLE_OS", "0").define("PK_ENABLE_THREADS", "0");
        for entry in folder(&pocketpy.join("src")) {
            build.files(files(&entry, &[]));
        }
    });
}

/// One interpreter and its adapter in `src`, as a library of its own: their defines differ.
fn build(name: &str, include: &Path, add: impl FnOnce(&mut cc::Build)) {
    let mut build = cc::Build::new();
    if std::env::var_os("CC").is_none() {
        build.compiler("clang");
    }
    build.include(include).define("NDEBUG", None).warnings(false).std("gnu11").opt_level(2);
    build.file(format!("src/{name}.c"));
    add(&mut build);
    build.compile(&format!("native_{name}"));
}

/// The newest of the folders whose name begins so: a hash is checked when one is fetched.
fn find(prefix: &str) -> PathBuf {
    let is_it = |path: &PathBuf| {
        path.is_dir()
            && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
    };
    let found = folder(Path::new(SOURCES)).into_iter().filter(is_it).max();
    found.unwrap_or_else(|| panic!("{SOURCES} has no {prefix}*; `make runtimes` fetches it"))
}

fn files(directory: &Path, without: &[&str]) -> Vec<PathBuf> {
    let is_wanted = |path: &PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        path.extension().is_some_and(|ending| ending == "c") && !without.contains(&&*name)
    };
    folder(directory).into_iter().filter(is_wanted).collect()
}

fn folder(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path)
        .unwrap_or_else(|error| panic!("{path:?}: {error}; `make runtimes` fetches it"));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}
