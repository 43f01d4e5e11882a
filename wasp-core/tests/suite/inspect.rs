//! What a host is told of engines, plugins, instances and modules.

use crate::plugins;

use plugins::{ask, binary, fails, instance, on_both, path, plugin, with_allocator, with_limits};
use std::time::{Duration, Instant};
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Engine, Function, Kind, PluginInfo, Provider};

/// Imports of all sorts; start-up never ends, and would crash before that.
const HOSTILE: &str = r#"
    (import "env" "call_me" (func $call_me (param i32 f64) (result i32)))
    (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_closs" (func (param i32) (result i32)))
    (import "env" "abort" (func (param i32 i32 i32 i32)))
    (import "env" "raise_error" (func (param i64)))
    (import "a\1b" "vector" (func (param v128 externref) (result i32 i64)))
    (import "env" "memory" (memory 1 4))
    (import "env" "table" (table 2 funcref))
    (import "env" "global" (global (mut i64)))
    (memory 2)
    (func $start (drop (call $call_me (i32.const 1) (f64.const 2))) (loop $again (br $again)))
    (start $start)
    (func (export "_initialize") (loop $again (br $again)))
    (func (export "allocate") (param i32) (result i32) (local.get 0))
    (func (export "add") (param i32 i64) (result f32) unreachable)
    (func (export "a\nb"))
    (func (export "two") (result i32 i32) unreachable)"#;

fn lines(functions: &[Function]) -> Vec<String> {
    functions.iter().map(ToString::to_string).collect()
}

fn imports(info: &PluginInfo) -> Vec<String> {
    info.imports.iter().map(|import| format!("{import} by {}", import.provider)).collect()
}

#[test]
fn a_module_is_inspected_without_running_it() {
    let module = binary(HOSTILE);
    for (wasm, size) in [(HOSTILE.as_bytes(), HOSTILE.len()), (&*module, module.len())] {
        let info = Engine::inspect(wasm).unwrap();
        assert_eq!(lines(&info.functions), ["add(i32, i64) f32", r"a\nb()"]);
        assert_eq!(info.functions[1].name, "a\nb");
        assert_eq!(
            imports(&info),
            [
                r#""env"."call_me" as (i32, f64) -> i32 by missing"#,
                r#""wasi_snapshot_preview1"."fd_close" as (i32) -> i32 by wasi"#,
                r#""wasi_snapshot_preview1"."fd_closs" as (i32) -> i32 by missing"#,
                r#""env"."abort" as (i32, i32, i32, i32) -> () by abi"#,
                // Of another type than what there is.
                r#""env"."raise_error" as (i64) -> () by missing"#,
                r#""a\u{1b}"."vector" as (v128, externref) -> (i32, i64) by missing"#,
                r#""env"."memory" as memory of 1 to 4 pages by missing"#,
                r#""env"."table" as table of 2 funcref by missing"#,
                r#""env"."global" as global of mutable i64 by missing"#,
            ]
        );
        let kinds = |index: usize| (info.imports[index].params.clone(), info.imports[index].result);
        assert_eq!(kinds(0), (Some(vec![Kind::I32, Kind::F64]), Kind::I32));
        assert_eq!((kinds(5), kinds(6)), ((None, Kind::None), (None, Kind::None)));
        assert_eq!((info.memory_min, info.memory_max), (3 << 16, None));
        assert!(info.wasi);
        assert_eq!((info.size, info.memory_used), (size as u64, 0));
    }
}

#[test]
fn memory_and_wasi_are_told() {
    let told = |wat: &str| {
        let info = Engine::inspect(wat.as_bytes()).unwrap();
        (info.memory_min, info.memory_max, info.wasi)
    };
    assert_eq!(told("(module)"), (0, Some(0), false));
    assert_eq!(told("(memory 1 16)"), (1 << 16, Some(1 << 20), false));
    assert_eq!(told("(memory 1 16) (memory 2 3)"), (3 << 16, Some(19 << 16), false));
    assert_eq!(told("(memory 1 16) (memory 2)"), (3 << 16, None, false));
    assert_eq!(told("(memory 65536)"), (1 << 32, None, false));
    assert!(told(r#"(import "wasi_unstable" "sched_yield" (func (result i32)))"#).2);
}

#[test]
fn what_is_no_module_is_refused() {
    let refuses = |wasm: &[u8], message: &str| {
        fails(Engine::inspect(wasm), Compile, message);
    };
    refuses(b"", "the module is empty");
    refuses(b"hello", "it is not WebAssembly, neither binary nor text");
    refuses(b"\0asm\x0d\0\x01\0", "it is a WebAssembly component, and only modules can be plugins");
    let invalid = Engine::inspect(b"(func (result i32))").unwrap_err();
    assert!(invalid.to_string().starts_with("the module is not valid: "), "{invalid}");
    // SIMD needs Cranelift, and is no fault of the module's.
    Engine::inspect(b"(func (param v128))").unwrap();
    let missing = r#"file "/nowhere/p.wasm": No such file or directory"#;
    fails(Engine::inspect_file("/nowhere/p.wasm"), Io, missing);
    let file = path("mod.rs");
    let message = format!("file {file:?}: it is not WebAssembly, neither binary nor text");
    fails(Engine::inspect_file(&file), Compile, &message);
}

/// With each prefix of a module, and each byte changed: an error or a listing, and no panic.
#[test]
fn damaged_modules_are_inspected() {
    let module = binary(&plugin("declared"));
    let inspect = |wasm: &[u8]| match Engine::inspect(wasm) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), Compile, "{error}"),
    };
    for len in 0..module.len() {
        inspect(&module[..len]);
        let mut changed = module.clone();
        for value in [0, 0x7F, 0x80, 0xFF, module[len] ^ 1] {
            changed[len] = value;
            inspect(&changed);
        }
    }
}

#[test]
fn a_constant_listing_is_read_without_running_it() {
    let info = Engine::inspect_file(path("declared.wat")).map(|_| ());
    // It needs the allocator that the tests append.
    assert_eq!(info.unwrap_err().kind(), Compile);
    let expected = [
        "hello(string) string",
        "reverse(bytes) bytes",
        "sum(i32, i64, f32, f64) f64",
        "fail()",
        "silent(i32) i32",
    ];
    let wat = plugin("declared");
    let info = Engine::inspect(wat.as_bytes()).unwrap();
    let offered = |info: &PluginInfo| -> Vec<Function> {
        let is_offered = |function: &&Function| expected.contains(&&*function.to_string());
        info.functions.iter().filter(is_offered).cloned().collect()
    };
    assert_eq!(lines(&offered(&info)), expected);
    assert_eq!(offered(&info).iter().filter(|function| function.declared).count(), 4);
    on_both(|engine| {
        engine.register("p", wat.as_bytes(), &Config::new()).unwrap();
        // The same as what the plugin says when it runs.
        assert_eq!(engine.plugin("p").unwrap().functions, info.functions);
    });
}

#[test]
fn names_and_docs_of_a_listing_are_told() {
    let listing = |text: &str| {
        format!(
            r#"(memory (export "memory") 1) (data (i32.const 8) "{text}\00")
               (func (export "wasp_signatures") (result i32) (i32.const 8))
               (func (export "sum") (param i32 i32) (result i32) (i32.const 0))
               (func (export "hello") (param i32) (result i32) (i32.const 0))"#
        )
    };
    let wat = listing(r"sum(a: i32, i32) i32 # Adds \1b numbers\nhello(who: string) bytes");
    on_both(|engine| {
        engine.register("p", wat.as_bytes(), &Config::new()).unwrap();
        for info in [engine.plugin("p").unwrap(), Engine::inspect(wat.as_bytes()).unwrap()] {
            assert_eq!(
                lines(&info.functions),
                ["sum(a: i32, i32) i32", "hello(who: string) bytes"]
            );
            assert_eq!(info.functions[0].param_names, ["a", ""]);
            assert_eq!(info.functions[0].docs, r"Adds \u{1b} numbers");
            assert_eq!(info.functions[1].docs, "");
        }
    });
    // What a registration refuses, or what is computed, says nothing.
    let plain = ["sum(i32, i32) i32", "hello(i32) i32"];
    let computed = wat.replace("(i32.const 8))\n", "(i32.add (i32.const 4) (i32.const 4)))\n");
    let outside = wat.replace("(result i32) (i32.const 8)", "(result i32) (i32.const 0x7fffffff)");
    for wat in
        [computed, outside, listing("what?"), listing("sum(i64, i32) i32"), listing("some()")]
    {
        let info = Engine::inspect(wat.as_bytes()).unwrap();
        assert_eq!(lines(&info.functions), plain);
        assert!(info.functions.iter().all(|function| !function.declared));
        assert_eq!(info.functions[0].param_names, ["", ""]);
    }
}

/// Each line names one of many exports.
#[test]
fn a_hostile_listing_takes_no_time() {
    let exports: String = (0..20_000).map(|at| format!("(export \"f{at}\" (func $f))")).collect();
    let text: String = (0..20_000).map(|at| format!("f{at}()\\n")).collect();
    let wat = format!(
        r#"(memory 10) (data (i32.const 8) "{text}\00") (func $f) {exports}
           (func (export "wasp_signatures") (result i32) (i32.const 8))"#
    );
    let wasm = binary(&wat);
    let begun = Instant::now();
    let info = Engine::inspect(&wasm).unwrap();
    assert!(info.functions.iter().all(|function| function.declared));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn an_engine_tells_its_plugins() {
    on_both(|engine| {
        assert_eq!(engine.plugins(), [""; 0]);
        assert!(!engine.has("greeter") && engine.memory_used() == 0);
        let wat =
            r#"(memory (export "memory") 1) (data (i32.const 9) "x") (func (export "hello"))"#;
        for name in ["greeter", "adder", "größe"] {
            engine.register(name, wat.as_bytes(), &Config::new()).unwrap();
        }
        assert_eq!(engine.plugins(), ["adder", "greeter", "größe"]);
        assert!(engine.has("greeter") && !engine.has("Greeter"));
        let info = engine.plugin("greeter").unwrap();
        assert_eq!((info.memory_min, info.size), (1 << 16, wat.len() as u64));
        // The code of one module, and three snapshots of a page each at least.
        assert!(info.memory_used > 4096, "{}", info.memory_used);
        let all = engine.memory_used();
        assert!(all > info.memory_used && all < 3 * info.memory_used, "{all}, {info:?}");
        engine.unregister("adder").unwrap();
        assert_eq!(engine.plugins(), ["greeter", "größe"]);
        assert!(engine.memory_used() < all);

        let missing = r#"no plugin is registered as "greeters" ("greeter" is there)"#;
        fails(engine.plugin("greeters"), PluginNotFound, missing);
        fails(engine.instance("greeters", None).map(drop), PluginNotFound, missing);
        fails(engine.unregister("greeters"), PluginNotFound, missing);
        fails(engine.plugin("other"), PluginNotFound, r#"no plugin is registered as "other""#);
        let debug = format!("{engine:?}");
        assert!(
            debug.starts_with(r#"Engine { plugins: ["greeter", "größe"], compiler: "#),
            "{debug}"
        );
    });
}

#[test]
fn a_plugin_tells_what_provides_its_imports() {
    let wat = with_allocator(
        r#"(import "env" "ask" (func (param i32) (result i32)))
           (import "env" "raise_error" (func (param i32)))
           (import "env" "missing" (func (param i64)))
           (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))"#,
    );
    on_both(|engine| {
        let mut config = ask();
        config.trap_missing_imports(true);
        engine.register("p", wat.as_bytes(), &config).unwrap();
        let info = engine.plugin("p").unwrap();
        let of = |name: &str| info.imports.iter().find(|import| import.name == name).unwrap();
        // As the callback has it, which the module can't say.
        let asked = of("ask");
        assert_eq!(
            (asked.params.as_deref(), asked.result),
            (Some(&[Kind::String][..]), Kind::String)
        );
        assert_eq!(asked.ty, "(i32) -> i32");
        let providers =
            ["ask", "raise_error", "missing", "sched_yield"].map(|name| of(name).provider);
        use Provider::*;
        assert_eq!(providers, [Callback, Abi, Missing, Wasi]);
        assert!(info.wasi);
    });
}

#[test]
fn an_unknown_function_has_a_near_one() {
    let wat = r#"(func (export "hello")) (func (export "allocate") (param i32) (result i32) (i32.const 8))"#;
    on_both(|engine| {
        let mut p = instance(engine, wat, &Config::new());
        let mut missing = |name: &str, near: &str| {
            let message = format!(r#"plugin "p" exports no function {name:?}{near}"#);
            let error = fails(p.call(name, &[], Kind::None), FunctionNotFound, &message);
            assert_eq!(error.function(), Some(name));
        };
        missing("hallo", r#" ("hello" is there)"#);
        missing("Hello", r#" ("hello" is there)"#);
        missing("goodbye", "");
        // What belongs to the ABI isn't offered.
        missing("allocated", "");
    });
}

#[test]
fn an_instance_tells_its_memory() {
    let wat = r#"(memory (export "memory") 4) (data (i32.const 0) "x")
        (func (export "write") (param i32) (i32.store8 (local.get 0) (i32.const 7)))
        (func (export "grow") (drop (memory.grow (i32.const 1))))"#;
    on_both(|engine| {
        let mut p = instance(engine, wat, &with_limits(|limits| limits.idle_memory_bytes = 0));
        p.reset().unwrap();
        if p.memory_used() == p.memory_size() {
            eprintln!("skipped: the kernel doesn't tell");
            return;
        }
        assert_eq!((p.memory_size(), p.memory_used()), (4 << 16, 0));
        assert_eq!(
            format!("{p:?}"),
            r#"Instance { plugin: "p", memory_size: 262144, poison: None, .. }"#
        );
        for page in [0, 5, 9] {
            p.call("write", &[(page * 4096).into()], Kind::None).unwrap();
        }
        assert_eq!(p.memory_used(), 3 * 4096);
        p.call("grow", &[], Kind::None).unwrap();
        assert_eq!(p.memory_size(), 5 << 16);
        p.call("write", &[(5 << 16).into()], Kind::None).unwrap_err();
        assert!(format!("{p:?}").contains("out of bounds"), "{p:?}");
        assert!(p.poison().is_some_and(|poison| poison.contains("out of bounds")), "{p:?}");
        p.reset().unwrap();
        assert_eq!((p.memory_size(), p.memory_used(), p.poison()), (4 << 16, 0, None));
        assert_eq!((p.plugin(), wasp_core::Functions::of(&p).plugin()), ("p", "p"));
        // One without memory.
        let p = instance(engine, "(module)", &Config::new());
        assert_eq!((p.memory_size(), p.memory_used()), (0, 0));
    });
}

#[test]
fn a_config_shows_no_secrets() {
    let mut config = ask();
    config.env("TOKEN", "secret").volume("/data", "/srv", true).trap_missing_imports(true);
    let debug = format!("{config:?}");
    for shown in ["(\"env\", \"ask\")", "TOKEN", "/srv", "trap_missing_imports: true"] {
        assert!(debug.contains(shown), "{debug}");
    }
    assert!(!debug.contains("secret"), "{debug}");
}
