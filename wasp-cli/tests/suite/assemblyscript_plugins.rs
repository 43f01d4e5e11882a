//! The helper for AssemblyScript: ordinary functions, whose signatures are derived, and tests of them in Node.

use crate::command::{Ran, example, has_lines, passes_check, prints, ran, root, wasp};
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use tempfile::TempDir;

/// Returns a folder in which asc and the helper are found.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let modules = root("examples/plugins/assemblyscript/node_modules").canonicalize().unwrap();
    std::os::unix::fs::symlink(modules, folder.path().join("node_modules")).unwrap();
    folder
}

/// Runs Node in a folder.
fn node(folder: &Path, args: &str) -> Ran {
    ran(Command::new("node").args(args.split_whitespace()).current_dir(folder).output().unwrap())
}

/// Compiles a file to `a.wasm`.
fn asc(folder: &Path, args: &str) -> Ran {
    node(folder, &format!("node_modules/assemblyscript/bin/asc.js {args} --outFile a.wasm"))
}

/// Compiles a plugin with the transform, and returns where the module is.
#[track_caller]
fn compiled(folder: &Path, args: &str) -> String {
    let built = asc(folder, &format!("plugin.ts --transform wasp-guest {args}"));
    assert_eq!(built.code, 0, "{built:?}");
    folder.join("a.wasm").to_str().unwrap().to_owned()
}

/// Returns where the plugin with all kinds is, and its module.
fn kinds() -> &'static (TempDir, String) {
    static KINDS: LazyLock<(TempDir, String)> = LazyLock::new(|| {
        let folder = folder();
        for (name, path) in [("kinds.ts", "plugin.ts"), ("kinds.test.mjs", "kinds.test.mjs")] {
            std::fs::copy(root("wasp-cli/tests/guests").join(name), folder.path().join(path))
                .unwrap();
        }
        let module = compiled(folder.path(), "-O3s --debug");
        (folder, module)
    });
    &KINDS
}

const CALLBACKS: [&str; 6] = [
    "--callback",
    "env.call_me(string) string=Nic",
    "--callback",
    "env.look_up(json, bytes, i32) json={\"is\": \"here\"}",
    "--callback",
    "env.count(i32) i32=4",
];

#[test]
fn functions_in_assemblyscript_are_ordinary_ones() {
    let module = &*kinds().1;
    // Without starting it.
    let listed = prints(&["inspect", module]);
    has_lines(
        &listed,
        &[
            "hello(name: string) string  # Greets somebody.",
            "mixed(a: i64, b: i32, c: f64, d: string, e: bytes, yes: i32, f: f32) f64",
            "same(value: json) json",
            "lookUp(what: json) json  # Looks up: Grüße.",
        ],
    );
    assert!(!listed.contains("other") && !listed.contains("wasp_resume("), "{listed}");
    let call = |args: &[&str]| prints(&[&["call", module], args, &CALLBACKS].concat());
    assert_eq!(call(&["hello", "Grüße"]), "Hello Grüße\n");
    assert_eq!(call(&["mixed", "1", "4294967295", "3", "four", "five", "1", "6"]), "-4294967313\n");
    assert_eq!(call(&["isEmpty", ""]), "1\n");
    assert_eq!(call(&["same", "[1]"]), "[1]\n");
    assert_eq!(call(&["reversed", "abc"]), "cba");
    assert_eq!(call(&["callback"]), "NIC\n");
    assert_eq!(call(&["lookUp", "1"]), "{\"is\": \"here\"}\n");
    assert!(wasp(&["call", module, "fail"]).stderr.contains("on purpose"));
    let thrown = wasp(&["call", module, "throws"]).stderr;
    assert!(thrown.contains("the plugin aborted: thrown, at plugin.ts:"), "{thrown}");
    passes_check(module, &CALLBACKS[..]);
}

#[test]
fn what_the_standard_library_asks_of_a_browser_is_there() {
    let (_, module) = kinds();
    let call = |args: &[&str]| wasp(&[&["call", &**module], args, &CALLBACKS].concat());
    // What a plugin prints goes to the standard error.
    let printed = call(&["prints", "Grüße"]).stderr;
    for line in ["Grüße", "to stderr: Grüße", "trace: at 1.5 2.0"] {
        assert!(printed.lines().any(|known| known == line), "{printed}");
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seconds: u64 = call(&["seconds"]).stdout.trim().parse().unwrap();
    assert!(seconds >= now.as_secs(), "{seconds} {now:?}");
    let variable = call(&["variable", "NAME", "--env", "NAME=Nic=41"]);
    assert_eq!(variable.stdout, "Nic=41\n");
    assert_eq!(call(&["variable", "NAME"]).stdout, "\n");
}

#[test]
fn each_sandbox_draws_numbers_of_its_own() {
    let (_, module) = kinds();
    let mut config = wasp_core::Config::new();
    config.trap_missing_imports(true);
    let engine = wasp_core::Engine::new();
    engine.register_file("p", module, &config).unwrap();
    let draw = || {
        let mut instance = engine.instance("p", None).unwrap();
        ["drawn", "draw"].map(|name| {
            let drawn = instance.call(name, &[], wasp_core::Kind::F64).unwrap();
            f64::try_from(drawn).unwrap()
        })
    };
    let [[first, a], [again, b]] = [draw(), draw()];
    // What was drawn before the snapshot is everybody's.
    assert!(first.to_bits() == again.to_bits() && a.to_bits() != b.to_bits(), "{first} {a} {b}");
}

#[test]
fn a_plugin_may_have_a_resume_of_its_own() {
    let source = "let resumed = 0;
        export function wasp_resume(): void { resumed++ }
        export function count(): i32 { return resumed }";
    let folder = folder();
    std::fs::write(folder.path().join("plugin.ts"), source).unwrap();
    let module = compiled(folder.path(), "");
    assert_eq!(prints(&["call", &module, "count"]), "1\n");
    assert!(!prints(&["inspect", &module]).contains("wasp_resume("));
}

#[test]
fn a_plain_plugin_has_no_more_than_it_needs_and_its_tests_free_what_passes() {
    let folder = folder();
    let source = "export function same(text: string): string { return text }";
    std::fs::write(folder.path().join("plugin.ts"), source).unwrap();
    let module = compiled(folder.path(), "--maximumMemory 8");
    // It draws no numbers, so no instance has to resume.
    let module = std::fs::read(module).unwrap();
    assert!(!module.windows(11).any(|part| part == b"wasp_resume"));
    let test = "import { plugin } from 'wasp-guest/testing'
        const { same } = await plugin('a.wasm')
        const text = 'x'.repeat(10000)
        for (let call = 0; call < 1000; call++) if (same(text) !== text) throw new Error('another')";
    std::fs::write(folder.path().join("test.mjs"), test).unwrap();
    let tested = node(folder.path(), "test.mjs");
    assert_eq!(tested.code, 0, "{tested:?}");
}

#[test]
fn a_file_of_its_own_does_without_the_transform() {
    let folder = folder();
    let source = "export function hello(name: string): string { return \"Hello \" + name }";
    std::fs::write(folder.path().join("plugin.ts"), source).unwrap();
    let generated = node(folder.path(), "node_modules/wasp-guest/waspgen.mjs plugin.ts");
    assert_eq!(generated.code, 0, "{generated:?}");
    let built = asc(folder.path(), "wasp_generated.ts --exportStart _initialize");
    assert_eq!(built.code, 0, "{built:?}");
    let module = folder.path().join("a.wasm");
    assert_eq!(prints(&["call", module.to_str().unwrap(), "hello", "Nic"]), "Hello Nic\n");
}

#[test]
fn types_in_assemblyscript_that_no_host_has_are_refused() {
    let folder = folder();
    for (source, reason) in [
        ("export function f(a: i32[]): void {}", "f: the parameter a is i32[], and i32, "),
        ("export function f(a: string | null): void {}", "f: the parameter a is string | null"),
        ("export function f(): u8 { return 1 }", "f: its result is u8"),
        ("export function f<T>(): void {}", "f has type parameters"),
        ("export function f(a: i32 = 1): void {}", "the parameter a is optional"),
        ("function f(): void {}", "a.ts exports no function"),
        ("function f(): void {}\nexport { f };", "export { f }: only what is declared by"),
        (
            "declare namespace env { function f(a: string): void }",
            "f is declared in a namespace, and only outside",
        ),
        (
            "@external(\"env\", \"f\") declare function f(a: string[]): void;",
            "f: the parameter a is string[]",
        ),
    ] {
        std::fs::write(folder.path().join("a.ts"), source).unwrap();
        let refused = node(folder.path(), "node_modules/wasp-guest/waspgen.mjs a.ts");
        assert!(refused.code == 1 && refused.stderr.contains(reason), "{source}: {refused:?}");
    }
    // The last, as asc tells it.
    let refused = asc(folder.path(), "a.ts --transform wasp-guest");
    let reason = "f: the parameter a is string[], and i32, ";
    assert!(refused.code == 1 && refused.stderr.contains(reason), "{refused:?}");
    assert!(refused.stderr.contains("in a.ts(1,"), "{refused:?}");
    let import = "@external(\"env\", \"f\") declare function f(a: string): void;";
    std::fs::write(folder.path().join("a.ts"), import).unwrap();
    let refused = node(folder.path(), "node_modules/wasp-guest/waspgen.mjs a.ts");
    assert!(
        refused.stderr.contains("compile with asc --transform wasp-guest instead"),
        "{refused:?}"
    );
    let refused = asc(folder.path(), "a.ts --transform wasp-guest --runtime stub");
    assert!(refused.stderr.contains("the runtime must be \"incremental\""), "{refused:?}");
}

#[test]
fn the_tests_of_the_example_in_assemblyscript() {
    assert!(Path::new(&example("assemblyscript")).exists());
    let tested = node(&root("examples/plugins/assemblyscript"), "--test");
    assert_eq!(tested.code, 0, "{tested:?}");
    // Those of a plugin with all kinds.
    let tested = node(kinds().0.path(), "--test");
    assert_eq!(tested.code, 0, "{tested:?}");
    assert!(tested.stdout.contains("# pass 4"), "{tested:?}");
}
