//! Scripts: the core's side of a script runtime, section 7 of docs/guest-abi.md, and `wasp_resume`, section 8.

use crate::plugins;

use plugins::on_both;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Engine, Kind, Level, Log, Value};

const RUNTIME: &[u8] = include_bytes!("../plugins/script_runtime.wat");

fn with_runtime(engine: &Engine) {
    engine.register("toy", RUNTIME, &Config::new()).unwrap();
}

#[test]
fn functions_are_called_with_values_of_any_kind() {
    on_both(|engine| {
        with_runtime(engine);
        engine.register_script("script", "toy", "text", &Config::new()).unwrap();
        let mut instance = engine.instance("script", None).unwrap();
        let long = "x".repeat(20_000);
        for value in [
            Value::None,
            Value::I32(-7),
            Value::I64(i64::MIN),
            Value::F32(0.5),
            Value::F64(f64::MAX),
            Value::String("Gr\u{fc}\u{df}e\0!"),
            Value::String(&long),
            Value::Bytes(b"\0\xff"),
            Value::Json("{\"a\":[1]}"),
        ] {
            instance.reset().unwrap();
            assert_eq!(instance.call("echo", &[value], Kind::Any).unwrap(), value);
            assert_eq!(instance.call("echo", &[value], value.kind()).unwrap(), value);
            assert_eq!(instance.call("echo", &[value], Kind::None).unwrap(), Value::None);
        }
    });
}

#[test]
fn results_become_what_the_caller_wants_where_nothing_is_lost() {
    let engine = Engine::new();
    with_runtime(&engine);
    engine.register_script("script", "toy", "", &Config::new()).unwrap();
    let mut instance = engine.instance("script", None).unwrap();
    let mut echo = |value, kind| {
        let text = instance.call("echo", &[value], kind).map(|value| format!("{value:?}"));
        text.map_err(|error| (error.kind(), error.to_string()))
    };
    assert_eq!(echo(Value::F64(3.0), Kind::I32).unwrap(), "I32(3)");
    assert_eq!(echo(Value::I32(3), Kind::I64).unwrap(), "I64(3)");
    assert_eq!(echo(Value::String("a\"b"), Kind::Json).unwrap(), r#"Json("\"a\\\"b\"")"#);
    assert_eq!(echo(Value::None, Kind::Json).unwrap(), r#"Json("null")"#);
    for (value, kind, says) in [
        (Value::F64(3.5), Kind::I32, "its result [3.5] does not fit i32"),
        (Value::String("3"), Kind::I32, "its result [\"3\"] does not fit i32"),
        (Value::Json("[]"), Kind::String, "its result [[]] does not fit string"),
        (Value::Bytes(b"a"), Kind::Json, "its result [1 bytes] does not fit json"),
        (Value::None, Kind::String, "its result [none] does not fit string"),
    ] {
        let (error, text) = echo(value, kind).unwrap_err();
        assert_eq!(error, Signature);
        assert_eq!(text, format!("plugin \"script\", function \"echo\": {says}"));
    }
    // Of its arguments those that are declared are checked, and their number is the script's affair.
    let mut add = |args: &[Value<'_>]| {
        instance.call("add", args, Kind::Any).map(|value| format!("{value:?}"))
    };
    assert_eq!(add(&[Value::F64(5.0), Value::I32(1)]).unwrap(), r#"Json("5")"#);
    assert_eq!(add(&[Value::I32(5), Value::I32(1), Value::None]).unwrap(), r#"Json("5")"#);
    let error = add(&[Value::String("5")]).unwrap_err();
    assert_eq!(error.kind(), Signature);
    assert!(error.to_string().ends_with("argument 1 is string [\"5\"], which does not fit i32"));
}

#[test]
fn functions_are_listed_as_the_script_declares_them() {
    let engine = Engine::new();
    with_runtime(&engine);
    assert_eq!(engine.plugin("toy").unwrap().functions, []);
    engine.register_script("script", "toy", "text", &Config::new()).unwrap();
    let instance = engine.instance("script", None).unwrap();
    let functions = instance.functions();
    assert_eq!(functions, engine.plugin("script").unwrap().functions);
    assert_eq!(functions[0].to_string(), "echo(value: any) any");
    assert_eq!(functions[0].docs, "Answers with its argument");
    assert_eq!(functions[0].certain_result(), Some(Kind::Any));
    assert_eq!(engine.plugin("script").unwrap().size, 4);
    drop(instance);
    let mut instance = engine.instance("script", None).unwrap();
    let error = instance.call("ecco", &[], Kind::None).unwrap_err();
    assert_eq!(error.kind(), FunctionNotFound);
    assert!(error.to_string().contains("\"echo\""), "{error}");
    // Its runtime's functions are none of its own.
    for name in ["wasp_invoke", "wasp_load", "allocate"] {
        assert_eq!(instance.call(name, &[], Kind::None).unwrap_err().kind(), FunctionNotFound);
    }
}

#[test]
fn callbacks_are_found_by_name_when_they_are_called() {
    on_both(|engine| {
        with_runtime(engine);
        let mut config = Config::new();
        config.callback(
            "env",
            "call_me",
            &[Kind::String, Kind::Json],
            Kind::Json,
            |caller, args| {
                let (text, json) = (args[0], args[1]);
                assert_eq!(caller.plugin(), "script");
                if text == Value::String("fail") {
                    return Err("on purpose".into());
                }
                if text == Value::String("panic") {
                    panic!("on purpose");
                }
                caller.set_result(Value::String(&format!("{text:?} {json:?}")));
                Ok(())
            },
        );
        config.callback("env", "none", &[], Kind::None, |_, _| Ok(()));
        engine.register_script("script", "toy", "text", &config).unwrap();
        let mut instance = engine.instance("script", None).unwrap();
        let mut call = |args: &[Value<'_>]| {
            let called = instance.call("call", args, Kind::Any).map(|value| format!("{value:?}"));
            let poisoned = instance.poison().is_some();
            instance.reset().unwrap();
            called.map_err(|error| (error.kind(), error.to_string(), poisoned))
        };
        assert_eq!(
            call(&[Value::String("a"), Value::I32(1)]).unwrap(),
            r#"Json("\"String(\\\"a\\\") Json(\\\"1\\\")\"")"#
        );
        // What the script can catch.
        assert_eq!(
            call(&[Value::String("a")]).unwrap(),
            r#"String("callback \"env\".\"call_me\" takes 2 arguments, not 1")"#
        );
        assert_eq!(
            call(&[Value::I32(1), Value::I32(1)]).unwrap(),
            r#"String("callback \"env\".\"call_me\": argument 1 is i32 [1], which does not fit string")"#
        );
        // What ends the call.
        let (kind, text, poisoned) = call(&[Value::String("fail"), Value::None]).unwrap_err();
        assert_eq!((kind, poisoned), (Callback, true));
        assert!(text.ends_with("callback \"env\".\"call_me\": on purpose"), "{text}");
        let (kind, text, poisoned) = call(&[Value::String("panic"), Value::None]).unwrap_err();
        assert_eq!((kind, poisoned), (Callback, true));
        assert!(text.ends_with("callback \"env\".\"call_me\" panicked: on purpose"), "{text}");

        let mut instance = engine.instance("script", None).unwrap();
        let listed = instance.call("callbacks", &[], Kind::String).unwrap();
        assert_eq!(listed, Value::String("env.call_me(string, json) json\nenv.none()\n"));
        let source = instance.call("source", &[], Kind::Any).unwrap();
        assert_eq!(source, Value::String("text"));
    });
}

#[test]
fn a_callback_that_is_missing_is_the_scripts_exception() {
    let engine = Engine::new();
    with_runtime(&engine);
    let mut config = Config::new();
    config.callback("env", "cal_me", &[], Kind::None, |_, _| Ok(()));
    engine.register_script("script", "toy", "text", &config).unwrap();
    let mut instance = engine.instance("script", None).unwrap();
    let answer = instance.call("call", &[], Kind::String).unwrap();
    let says = "no callback provides \"env\".\"call_me\" (\"cal_me\" is there)";
    assert_eq!(answer, Value::String(says));
}

#[test]
fn the_guest_keeps_what_it_calls_back_with() {
    let engine = Engine::new();
    with_runtime(&engine);
    let mut config = Config::new();
    config.callback("env", "call_me", &[], Kind::None, |_, _| Ok(()));
    engine.register_script("script", "toy", "text", &config).unwrap();
    let mut instance = engine.instance("script", None).unwrap();
    let mut freed = || instance.call("freed", &[], Kind::I32).unwrap().try_into().unwrap();
    // One call frees its arguments and its answer.
    let before: i32 = freed();
    assert_eq!(freed() - before, 2);
    drop(instance);
    let mut instance = engine.instance("script", None).unwrap();
    instance.call("call", &[], Kind::None).unwrap();
    let freed: i32 = instance.call("freed", &[], Kind::I32).unwrap().try_into().unwrap();
    // Those of the call, two of the load, and none for the callback.
    assert_eq!(freed, 4);
}

#[test]
fn what_a_script_throws_is_an_error_with_its_own_frames() {
    let engine = Engine::new();
    with_runtime(&engine);
    engine.register_script("script", "toy", "text", &Config::new()).unwrap();
    let mut instance = engine.instance("script", None).unwrap();
    let error = instance.call("fail", &[], Kind::Any).unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (Guest, "TypeError: no"));
    let frames: Vec<String> = error.trace().iter().map(ToString::to_string).collect();
    assert_eq!(frames, ["f (a.js:2:9)", "g (a.js:7)"]);
    assert_eq!(error.function(), Some("fail"));
    // It goes on.
    assert_eq!(instance.call("echo", &[3.into()], Kind::Any).unwrap(), Value::I32(3));
    let error = instance.call("damaged", &[], Kind::Any).unwrap_err();
    assert_eq!(error.kind(), Abi);
    assert_eq!(instance.call("echo", &[3.into()], Kind::Any).unwrap(), Value::I32(3));
    assert_eq!(instance.call("trap", &[], Kind::Any).unwrap_err().kind(), Trap);
    assert_eq!(instance.call("echo", &[3.into()], Kind::Any).unwrap_err().kind(), Poisoned);
}

#[test]
fn what_cannot_be_a_script_is_refused() {
    let engine = Engine::new();
    with_runtime(&engine);
    engine.register("plain", b"(module)", &Config::new()).unwrap();
    let refuse = |runtime, source| {
        let error = engine.register_script("s", runtime, source, &Config::new()).unwrap_err();
        assert!(!engine.has("s"));
        (error.kind(), error.to_string())
    };
    let text = "plugin \"s\": there is no script runtime \"toys\": no such plugin is registered, and the engine's options name no directory of runtimes";
    assert_eq!(refuse("toys", ""), (PluginNotFound, text.to_owned()));
    let text = "plugin \"s\": its runtime exports no function \"wasp_load\", as script runtimes do";
    assert_eq!(refuse("plain", ""), (Invalid, text.to_owned()));
    let text = "plugin \"s\": its source has a NUL inside";
    assert_eq!(refuse("toy", "a\0b"), (Invalid, text.to_owned()));
    let text = "plugin \"s\": SyntaxError: bad (a.js:1:3)";
    assert_eq!(refuse("toy", "!"), (Guest, text.to_owned()));
}

/// An engine with a folder of runtimes, and a folder for scripts.
fn with_directory() -> (Engine, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("javascript.wasm"), RUNTIME).unwrap();
    let mut options = wasp_core::Options::default();
    options.runtime_directory = Some(directory.path().to_owned());
    (Engine::with_options(options), directory)
}

#[test]
fn runtimes_are_found_by_the_ending_of_a_file() {
    let (engine, directory) = with_directory();
    let file = |name: &str, text: &[u8]| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    for name in ["a.js", "b.mjs", "C.JS"] {
        let text = "\u{feff}a script".as_bytes();
        engine.register_file(name, file(name, text), &Config::new()).unwrap();
        let mut instance = engine.instance(name, None).unwrap();
        let source = instance.call("source", &[], Kind::Any).unwrap();
        assert_eq!(source, Value::String("a script"));
    }
    assert_eq!(engine.plugins(), ["C.JS", "a.js", "b.mjs"]);
    engine.register_script("text", "javascript", "text", &Config::new()).unwrap();
    for (name, says) in [
        ("a.lua", "there is no script runtime \"lua\": no such plugin is registered, and "),
        ("a.py", "there are two Pythons"),
        ("a.ts", "types must be stripped first"),
        ("a.cjs", "CommonJS"),
    ] {
        let error = engine.register_file("p", file(name, b""), &Config::new()).unwrap_err();
        assert!(error.to_string().starts_with("plugin \"p\": "), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
    let error = engine.register_file("p", file("a.js", b"\xff"), &Config::new()).unwrap_err();
    assert_eq!(error.kind(), Invalid);
    assert!(error.to_string().ends_with("is not UTF-8"), "{error}");
    // What the host registers comes first, and a name is no path.
    engine.register("lua", RUNTIME, &Config::new()).unwrap();
    engine.register_file("p", file("a.lua", b""), &Config::new()).unwrap();
    for name in ["../javascript", "", "java\0script"] {
        let error = engine.register_script("p", name, "", &Config::new()).unwrap_err();
        assert_eq!(error.kind(), PluginNotFound);
    }
}

/// A script runtime that says so when it starts, and needs 20 pages of memory then.
const STARTS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\08\00\00\00starts!\n")
    (data (i32.const 32) "seen() i32\00")
    (data (i32.const 48) "\09\00\00\00\01\00\00\00\01")
    (func (export "_initialize")
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24)))
      (drop (memory.grow (i32.const 20))))
    (func (export "allocate") (param i32) (result i32) (i32.const 1024))
    (func (export "wasp_load") (param i32 i32)
      ;; How many scripts were loaded into this memory.
      (i32.store (i32.const 57) (i32.add (i32.load (i32.const 57)) (i32.const 1))))
    (func (export "wasp_signatures") (result i32) (i32.const 32))
    (func (export "wasp_invoke") (param i32 i32) (result i32) (i32.const 48)))"#;

#[test]
fn the_start_up_of_a_runtime_is_run_again_only_where_a_script_is_given_more() {
    let starts = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&starts);
    let mut options = wasp_core::Options::default();
    options.log = Log::new(Level::Debug, move |record| {
        let starts = record.fields.iter().any(|(_, text)| text.to_string().contains("starts!"));
        seen.fetch_add(usize::from(starts), Relaxed);
    });
    let engine = Engine::with_options(options);
    engine.register("toy", STARTS.as_bytes(), &Config::new()).unwrap();
    let register = |config: &Config| {
        engine.register_script("script", "toy", "", config).unwrap();
        let mut instance = engine.instance("script", None).unwrap();
        assert_eq!(instance.call("seen", &[], Kind::Any).unwrap(), Value::I32(1));
        starts.swap(0, Relaxed)
    };
    assert_eq!(register(&Config::new()), 1);
    let mut config = Config::new();
    config.timeout(Duration::from_secs(9)).memory_limit(21 << 16);
    config.callback("env", "f", &[], Kind::None, |_, _| Ok(()));
    for _ in 0..3 {
        assert_eq!(register(&config), 0);
    }
    assert_eq!(register(config.clone().env("A", "b")), 1);
    assert_eq!(register(config.clone().arg("a")), 1);
    assert_eq!(register(config.clone().volume("/data", "/", true)), 1);
    // Itself, and for its instance.
    assert_eq!(register(config.clone().snapshot(false)), 2);
    // Where start-up has less than what it took the last time.
    assert_eq!(register(config.clone().memory_limit(20 << 16)), 1);
    // Where the runtime was given more.
    engine.register("toy", STARTS.as_bytes(), config.clone().env("A", "b")).unwrap();
    assert_eq!(register(&config), 2);
}

#[test]
fn limits_hold_for_scripts() {
    let engine = Engine::new();
    with_runtime(&engine);
    let mut config = Config::new();
    config.timeout(Duration::from_millis(50)).memory_limit(4 << 20);
    engine.register_script("script", "toy", "text", &config).unwrap();
    let mut instance = engine.instance("script", None).unwrap();
    assert_eq!(instance.call("spin", &[], Kind::Any).unwrap_err().kind(), Timeout);
    instance.reset().unwrap();
    let within = Duration::from_millis(20);
    let error = instance.call_within(within, "spin", &[], Kind::Any).unwrap_err();
    assert_eq!(error.kind(), Timeout);
    assert!(error.to_string().contains("20ms"), "{error}");
}

#[test]
fn warm_ups_call_functions_of_the_script() {
    let engine = Engine::new();
    with_runtime(&engine);
    for snapshot in [true, false] {
        let mut config = Config::new();
        config.warm_up("echo", &[Value::String("warm")]).snapshot(snapshot);
        engine.register_script("script", "toy", "text", &config).unwrap();
        let mut instance = engine.instance("script", None).unwrap();
        let freed: i32 = instance.call("freed", &[], Kind::I32).unwrap().try_into().unwrap();
        assert_eq!(freed, 4);
    }
    let mut config = Config::new();
    config.warm_up("trap", &[]);
    let error = engine.register_script("other", "toy", "text", &config).unwrap_err();
    assert_eq!(error.kind(), Trap);
    assert!(error.to_string().starts_with("plugin \"other\": its warm-up \"trap\": "), "{error}");
}

#[test]
fn a_runtime_that_was_compiled_ahead_of_time_runs_scripts() {
    let engine = Engine::new();
    let compiled = engine.compile(RUNTIME).unwrap();
    // SAFETY: it was made just now.
    #[allow(unsafe_code)]
    unsafe { engine.register_compiled("toy", &compiled, &Config::new()) }.unwrap();
    engine.register_script("script", "toy", "text", &Config::new()).unwrap();
    engine.unregister("toy").unwrap();
    let mut instance = engine.instance("script", None).unwrap();
    assert_eq!(instance.call("echo", &[3.into()], Kind::Any).unwrap(), Value::I32(3));
}

#[test]
fn a_fork_shares_what_is_there_and_keeps_its_own() {
    let engine = Engine::new();
    with_runtime(&engine);
    let forks = [engine.fork(), engine.fork()];
    for fork in &forks {
        fork.register_script("script", "toy", "text", &Config::new()).unwrap();
        fork.unregister("toy").unwrap();
        assert_eq!(fork.plugins(), ["script"]);
        let mut instance = fork.instance("script", None).unwrap();
        assert_eq!(instance.call("echo", &[3.into()], Kind::Any).unwrap(), Value::I32(3));
        let functions = wasp_core::Functions::of(&instance);
        assert!(functions.are_script());
    }
    assert_eq!(engine.plugins(), ["toy"]);
    let [one, other] = &forks;
    assert_eq!(Engine::memory_used_by([one, one]), one.memory_used());
    let both = Engine::memory_used_by([one, other]);
    // Of two snapshots and one piece of code.
    assert!(both > one.memory_used() && both < one.memory_used() + other.memory_used());
    assert_eq!(Engine::memory_used_by([]), 0);
}

#[test]
fn resume_is_the_first_thing_after_a_restore() {
    on_both(|engine| {
        with_runtime(engine);
        for snapshot in [true, false] {
            let mut config = Config::new();
            config.snapshot(snapshot);
            engine.register_script("script", "toy", "text", &config).unwrap();
            // Before it was loaded, and before its first call.
            let mut instance = engine.instance("script", None).unwrap();
            for _ in 0..2 {
                for _ in 0..2 {
                    assert_eq!(instance.call("resumed", &[], Kind::I32).unwrap(), Value::I32(2));
                }
                instance.reset().unwrap();
            }
            drop(instance);
            let mut next = engine.instance("script", None).unwrap();
            assert_eq!(next.call("resumed", &[], Kind::I32).unwrap(), Value::I32(2));
            // Its failure poisons.
            next.reset().unwrap();
            next.write(1, b"!").unwrap();
            let error = next.call("resumed", &[], Kind::I32).unwrap_err();
            assert_eq!((error.kind(), error.to_string().as_str()), (Guest, "no entropy"));
            assert_eq!(next.call("resumed", &[], Kind::I32).unwrap_err().kind(), Poisoned);
            next.reset().unwrap();
            assert_eq!(next.call("resumed", &[], Kind::I32).unwrap(), Value::I32(2));
        }
    });
}

#[test]
fn resume_has_the_time_of_its_call() {
    let engine = Engine::new();
    let wat = br#"(module (memory (export "memory") 1)
        (func (export "wasp_resume") (loop $l (br $l))) (func (export "f")))"#;
    let mut config = Config::new();
    config.timeout(Duration::from_millis(30));
    engine.register("slow", wat, &config).unwrap();
    let mut instance = engine.instance("slow", None).unwrap();
    let error = instance.call("f", &[], Kind::None).unwrap_err();
    assert_eq!(error.kind(), Timeout);
    let traps = br#"(module (memory (export "memory") 1)
        (func (export "wasp_resume") unreachable) (func (export "f")))"#;
    engine.register("traps", traps, &config).unwrap();
    let error = engine.instance("traps", None).unwrap().call("f", &[], Kind::None).unwrap_err();
    assert_eq!(error.kind(), Trap);
    assert!(error.to_string().contains("\"wasp_resume\": unreachable"), "{error}");
    let wrong = br#"(module (func (export "wasp_resume") (param i32)))"#;
    let error = engine.register("wrong", wrong, &Config::new()).unwrap_err();
    assert_eq!(error.kind(), Abi);
}
