//! Plugins of Extism: what they find behind `extism:host/env`, and how their functions are called.

use crate::plugins;

use plugins::{fails, instance, on_both, on_both_with, well_formed, with_allocator};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Instance, Kind, Level, Log, Provider, Value};

fn plugin() -> String {
    std::fs::read_to_string(plugins::path("extism.wat")).unwrap()
}

/// A module that imports something of Extism, with these fields.
fn small(fields: &str) -> String {
    format!(
        r#"(module (import "extism:host/env" "input_length" (func $input_length (result i64)))
        (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
        (import "extism:host/env" "length" (func $length (param i64) (result i64)))
        (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
        {fields})"#
    )
}

#[track_caller]
fn bytes(instance: &mut Instance, function: &str, input: &[u8]) -> Vec<u8> {
    let output = instance.call(function, &[Value::Bytes(input)], Kind::Bytes).unwrap();
    <&[u8]>::try_from(output).unwrap().to_vec()
}

/// The number that a function answers with, which is given some.
#[track_caller]
fn number(instance: &mut Instance, function: &str, input: &[u64]) -> i64 {
    let input: Vec<u8> = input.iter().flat_map(|number| number.to_le_bytes()).collect();
    let output = bytes(instance, function, &input);
    i64::from_le_bytes(output.try_into().unwrap())
}

#[test]
fn an_input_becomes_an_output() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin(), &Config::new());
        let many: Vec<u8> = (0..1 << 20).map(|index| (index * 7) as u8).collect();
        for input in [&b""[..], b"a", b"12345678", b"123456789\0\xff", &many] {
            for function in ["echo", "nothing", "input_as_output", "freed"] {
                assert_eq!(bytes(&mut p, function, input), input, "{function}");
            }
        }
        let call = |p: &mut Instance, args: &[Value<'_>], kind| {
            format!("{:?}", p.call("echo", args, kind).unwrap())
        };
        assert_eq!(call(&mut p, &["h\u{e9}\0".into()], Kind::String), r#"String("hé\0")"#);
        assert_eq!(call(&mut p, &[Value::Json("[1]")], Kind::Json), r#"Json("[1]")"#);
        assert_eq!(call(&mut p, &["a".into()], Kind::Any), "Bytes([97])");
        assert_eq!(call(&mut p, &["a".into()], Kind::None), "None");
        assert_eq!(call(&mut p, &[], Kind::Bytes), "Bytes([])");
        assert_eq!(bytes(&mut p, "vanished", b"a"), b"");
        // What isn't called as Extism does is called as ever.
        assert_eq!(p.call("sum", &[1.into(), 2.into()], Kind::I32).unwrap(), Value::I32(3));
        assert_eq!(p.call("again", &[Value::I64(-1)], Kind::I64).unwrap(), Value::I64(0));
    });
}

#[test]
fn what_does_not_fit_is_refused() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin(), &Config::new());
        let message = "plugin \"p\", function \"echo\": argument 1 is i32 [1], and a function of an Extism plugin takes string, bytes or json";
        fails(p.call("echo", &[1.into()], Kind::Bytes), Signature, message);
        let message = "plugin \"p\", function \"echo\": it takes 1 argument at most, as a function of an Extism plugin, not 2";
        fails(p.call("echo", &["".into(), "".into()], Kind::Bytes), Signature, message);
        let message = "plugin \"p\", function \"echo\": its result is string, bytes or json, as that of an Extism plugin, not i32";
        fails(p.call("echo", &[], Kind::I32), Signature, message);
        let message = "plugin \"p\", function \"echo\": its output is not UTF-8";
        fails(p.call("echo", &[b"\xff".into()], Kind::String), Abi, message);
        let message = "plugin \"p\" exports no function \"ech\" (\"echo\" is there)";
        fails(p.call("ech", &[], Kind::Bytes), FunctionNotFound, message);
        assert_eq!(bytes(&mut p, "echo", b"a"), b"a");
    });
}

#[test]
fn an_error_is_the_guests() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin(), &Config::new());
        for function in ["fail", "fail_late"] {
            fails(p.call(function, &["no\nway".into()], Kind::Bytes), Guest, "no\\nway");
            // It is gone at the next call.
            assert_eq!(bytes(&mut p, "echo", b"a"), b"a");
        }
        let message = "it returned 7, and set no error";
        fails(p.call("fail_quietly", &[], Kind::None), Guest, message);
        let error = p.call("fail_and_trap", &["why".into()], Kind::None).unwrap_err();
        assert_eq!(error.kind(), Trap);
        assert!(error.to_string().ends_with("unreachable; its error: \"why\""), "{error}");
        assert_eq!(p.call("echo", &[], Kind::None).unwrap_err().kind(), Poisoned);
        p.reset().unwrap();
        assert_eq!(bytes(&mut p, "echo", b"a"), b"a");
    });
}

#[test]
fn an_exit_with_success_is_a_result() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin(), &Config::new());
        p.call("set", &["k".into()], Kind::None).unwrap();
        assert_eq!(bytes(&mut p, "exit", b"a"), b"a");
        assert_eq!(p.call("sum", &[1.into(), 2.into()], Kind::I32).unwrap_err().kind(), Poisoned);
        // The next call begins anew.
        assert_eq!(bytes(&mut p, "get", b"k"), b"");
        bytes(&mut p, "touch", b"");
        let error = p.call("exit", &[], Kind::None).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (Exit, Some(3)));
        assert_eq!(p.call("echo", &[], Kind::None).unwrap_err().kind(), Poisoned);
    });
}

#[test]
fn config_is_read_by_keys() {
    on_both(|engine| {
        let mut config = Config::new();
        config.config_set("key", "old").config_set("key", "value").config_set("empty", "");
        assert!(!format!("{config:?}").contains("value"));
        let mut p = instance(engine, &plugin(), &config);
        for (key, value) in [("key", "value"), ("empty", ""), ("other", ""), ("", "")] {
            assert_eq!(bytes(&mut p, "config", key.as_bytes()), value.as_bytes());
        }
        let message = "plugin \"p\", function \"config\": host function \"extism:host/env\".\"config_get\": its key is not UTF-8";
        fails(p.call("config", &[b"\xff".into()], Kind::Bytes), Abi, message);
    });
}

#[test]
fn variables_are_the_instances_and_go_with_a_reset() {
    on_both(|engine| {
        for snapshot in [true, false] {
            let mut config = Config::new();
            config.snapshot(snapshot);
            config.warm_up("set", &["w".into()]);
            let mut p = instance(engine, &plugin(), &config);
            let mut other = engine.instance("p", None).unwrap();
            assert_eq!(bytes(&mut p, "get", b"a"), b"");
            bytes(&mut p, "set", b"a1");
            bytes(&mut p, "set", b"w2");
            assert_eq!(bytes(&mut p, "get", b"a"), b"a1");
            assert_eq!(bytes(&mut other, "get", b"a"), b"");
            bytes(&mut p, "remove", b"start-up");
            assert_eq!(bytes(&mut p, "get", b"start-up"), b"");
            bytes(&mut p, "touch", b"");
            p.reset().unwrap();
            drop(other);
            let mut next = engine.instance("p", None).unwrap();
            for p in [&mut p, &mut next] {
                // What start-up and warm-up set is there again, and nothing else.
                assert_eq!(bytes(p, "get", b"start-up"), b"start");
                assert_eq!(
                    (bytes(p, "get", b"a"), bytes(p, "get", b"w")),
                    (b"".into(), b"w".into())
                );
                assert_eq!(number(p, "started", &[]), 1);
            }
        }
    });
}

#[test]
fn variables_have_a_mebibyte_at_most() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin(), &Config::new());
        let value = vec![b'a'; (1 << 20) - 200];
        bytes(&mut p, "set", &value);
        let message = format!(
            "plugin \"p\", function \"set\": host function \"extism:host/env\".\"var_set\": no room for {} bytes as \"a\": the variables of an instance have 1048576 bytes at most",
            value.len()
        );
        // As in Extism the old value counts until the new one is there.
        fails(p.call("set", &[Value::Bytes(&value)], Kind::None), Resource, &message);
        p.reset().unwrap();
        bytes(&mut p, "set", b"b");
        assert_eq!(bytes(&mut p, "get", b"b"), b"b");
    });
}

#[test]
fn hostile_offsets_and_lengths_reach_nothing() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin(), &Config::new());
        let secret = [0xaa; 4096];
        bytes(&mut p, "echo", &secret);
        for base in [0, 1, 8, 15, 0x1_0000, u64::from(u32::MAX), 1 << 32, 1 << 63, u64::MAX] {
            for offset in
                (0..=9).map(|more| base.wrapping_sub(more)).filter(|at| !(9..40).contains(at))
            {
                // Eight bytes from 15 on have the first of the input, which is this number.
                let all = [offset, 0];
                assert_eq!(number(&mut p, "try_load", &all), 0, "{offset:#x}");
                assert_eq!(number(&mut p, "try_alloc", &[offset | 1 << 62]), 0);
                bytes(&mut p, "try_store", &offset.to_le_bytes());
                let in_input = number(&mut p, "try_input", &all);
                assert!(in_input == 0 || offset < 16, "{offset:#x}");
                for length in
                    [0, 1, 7, 1 << 32, 1 << 63, u64::MAX - 7, u64::MAX, offset.wrapping_neg()]
                {
                    let input: Vec<u8> =
                        [offset, length].into_iter().flat_map(u64::to_le_bytes).collect();
                    assert!(bytes(&mut p, "try_spans", &input).len() <= 16);
                }
                if offset != 0 {
                    let args = offset.to_le_bytes();
                    for function in ["try_config", "try_log"] {
                        let error = p.call(function, &[Value::Bytes(&args)], Kind::None);
                        if function == "try_log" && error.is_ok() {
                            continue; // Without a log nobody looks.
                        }
                        let error = error.unwrap_err();
                        well_formed(&error);
                        assert_eq!(error.kind(), Abi);
                        p.reset().unwrap();
                    }
                }
            }
        }
    });
}

#[test]
fn blocks_count_against_the_limit_of_memory() {
    on_both(|engine| {
        let config = plugins::with_limits(|limits| limits.memory_bytes = 4 << 16);
        let mut p = instance(engine, &plugin(), &config);
        // One page is linear memory.
        for length in [1, 1000, 30_000] {
            let count = number(&mut p, "fill", &[length]) as u64;
            assert!((length + 8) * count <= 3 << 16, "{count} of {length}");
            assert!((length + 80) * (count + 3) >= 3 << 16, "{count} of {length}");
        }
        // What they took is there again for linear memory after a reset.
        assert_eq!(number(&mut p, "grow", &[]), -1);
        p.reset().unwrap();
        assert_eq!(number(&mut p, "grow", &[]), 1);
        assert_eq!(number(&mut p, "grow", &[]), 2);
        assert_eq!(number(&mut p, "grow", &[]), -1);
        let message = "plugin \"p\", function \"echo\": no memory for an input of 65536 bytes, with a limit of 262144 bytes";
        fails(p.call("echo", &[Value::Bytes(&[0; 1 << 16])], Kind::None), Resource, message);
        assert_eq!(bytes(&mut p, "echo", b"a"), b"a");
        drop(p);
        let mut p = engine.instance("p", None).unwrap();
        assert_eq!(number(&mut p, "fill", &[30_000]), 6);
    });
}

#[test]
fn nothing_of_another_owner_is_in_a_new_block() {
    let fields = r#"(import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
        (func (export "fresh") (result i32)
          (call $output_set (call $alloc (i64.const 8000)) (i64.const 8000)) (i32.const 0))"#;
    on_both(|engine| {
        let mut p = instance(engine, &small(fields), &Config::new());
        for round in 0..4 {
            let args = [7; 60_000];
            assert_eq!(bytes(&mut p, "fresh", &args), [0; 8000]);
            match round {
                0 => {}
                1 => p.reset().unwrap(),
                _ => {
                    drop(p);
                    p = engine.instance("p", None).unwrap();
                }
            }
        }
    });
}

#[test]
fn logs_go_to_the_log_by_their_level() {
    for (level, number_there, lines_there) in
        [(Level::Error, 4, 1), (Level::Info, 2, 3), (Level::Debug, 1, 4), (Level::Trace, 0, 5)]
    {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let log = Log::new(level, {
            let lines = Arc::clone(&lines);
            move |record| {
                if record.message == "Plugin log" {
                    let fields: Vec<String> = record
                        .fields
                        .iter()
                        .map(|(name, value)| format!("{name}={value}"))
                        .collect();
                    lines.lock().unwrap().push(format!("{:?} {}", record.level, fields.join(" ")));
                }
            }
        });
        on_both_with(log, |engine| {
            let mut p = instance(engine, &plugin(), &Config::new());
            assert_eq!(
                p.call("log", &["a\nb".into()], Kind::Bytes).unwrap(),
                Value::Bytes(&[number_there, 0, 0, 0, 0, 0, 0, 0])
            );
            let all = [
                "Trace plugin=p level=trace message=a\\nb",
                "Debug plugin=p level=debug message=a\\nb",
                "Info plugin=p level=info message=a\\nb",
                "Info plugin=p level=warn message=a\\nb",
                "Error plugin=p level=error message=a\\nb",
            ];
            assert_eq!(std::mem::take(&mut *lines.lock().unwrap()), all[5 - lines_there..]);
        });
    }
    on_both(|engine| {
        let mut p = instance(engine, &plugin(), &Config::new());
        assert_eq!(number(&mut p, "log", &[]), i64::from(i32::MAX));
    });
}

#[test]
fn http_is_a_callback_or_not_allowed() {
    let request = r#"{"url": "http://example.org/", "method": "PUT"}"#;
    on_both(|engine| {
        let mut p = instance(engine, &plugin(), &Config::new());
        let message = "plugin \"p\", function \"http\": host function \"extism:host/env\".\"http_request\": HTTP request to \"http://example.org/\" is not allowed: no callback makes it";
        fails(p.call("http", &[request.into()], Kind::None), Callback, message);

        let mut config = Config::new();
        config.callback(
            "extism:host/env",
            "http_request",
            &[Kind::Json, Kind::Bytes],
            Kind::Json,
            |caller, args| {
                assert_eq!(args[1], Value::Bytes(b"start"));
                match args[0] {
                    Value::Json("1") => caller.set_result(Value::Json("[]")),
                    Value::Json(text) => {
                        assert!(text.contains("example.org"));
                        caller.set_result(Value::Json(
                            r#"{"status": 201, "headers": {"X-A": "b"}, "body": "made"}"#,
                        ));
                    }
                    _ => panic!(),
                }
                Ok(())
            },
        );
        let mut p = instance(engine, &plugin(), &config);
        assert_eq!(
            (number(&mut p, "http_status", &[]), bytes(&mut p, "http_headers", b"")),
            (0, vec![])
        );
        assert_eq!(p.call("http", &[request.into()], Kind::String).unwrap(), Value::String("made"));
        assert_eq!(number(&mut p, "http_status", &[]), 201);
        assert_eq!(bytes(&mut p, "http_headers", b""), br#"{"x-a":"b"}"#);
        let message = "plugin \"p\", function \"http\": callback \"extism:host/env\".\"http_request\" answers: it is no JSON object";
        fails(p.call("http", &["1".into()], Kind::None), Callback, message);
        p.reset().unwrap();
        assert_eq!(
            (number(&mut p, "http_status", &[]), bytes(&mut p, "http_headers", b"")),
            (0, vec![])
        );

        let mut config = Config::new();
        config.callback(
            "extism:host/env",
            "http_request",
            &[Kind::String, Kind::Bytes],
            Kind::Bytes,
            |caller, _| {
                caller.set_result(Value::Bytes(b"\xff"));
                Ok(())
            },
        );
        let mut p = instance(engine, &plugin(), &config);
        assert_eq!(bytes(&mut p, "http", request.as_bytes()), b"\xff");
        assert_eq!(number(&mut p, "http_status", &[]), 200);

        let mut config = Config::new();
        config
            .callback("extism:host/env", "http_request", &[Kind::Json], Kind::Bytes, |_, _| Ok(()));
        let message = "plugin \"p\": callback \"extism:host/env\".\"http_request\" has other kinds than HTTP requests: it takes json and bytes, the request and its body, and answers with json or bytes";
        fails(engine.register("p", plugin().as_bytes(), &config), Invalid, message);
    });
}

#[test]
fn host_functions_take_blocks() {
    let fields = r#"
        (import "extism:host/user" "join" (func $join (param i64 i32 i64) (result i64)))
        (import "other" "count" (func $count (param i64) (result i32)))
        (import "other" "note" (func $note (param i64)))
        (import "other" "half" (func $half (param f64) (result f64)))
        (func $offset (param i32) (result i64)
          (if (result i64) (local.get 0) (then (i64.add (call $input_offset) (i64.const 1))) (else (call $input_offset))))
        (func (export "join") (result i32) (local i64)
          (local.set 0 (call $join (call $input_offset) (i32.const 7) (call $input_offset)))
          (call $output_set (local.get 0) (call $length (local.get 0))) (i32.const 0))
        (func (export "count") (result i32) (i32.sub (call $count (call $input_offset)) (i32.const 5)))
        (func (export "note") (call $note (call $input_offset)))
        (func (export "hostile") (call $note (i64.add (call $input_offset) (i64.const 1))))
        (func (export "half") (param f64) (result f64) (call $half (local.get 0)))"#;
    on_both(|engine| {
        let mut config = Config::new();
        let notes = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&notes);
        config
            .callback(
                "extism:host/user",
                "join",
                &[Kind::String, Kind::I32, Kind::Bytes],
                Kind::Json,
                |caller, args| {
                    let (text, number): (&str, i32) = (args[0].try_into()?, args[1].try_into()?);
                    let bytes: &[u8] = args[2].try_into()?;
                    match text {
                        "none" => {}
                        "bytes" => caller.set_result(Value::Bytes(b"1")),
                        _ => caller
                            .set_result(Value::String(&format!("{text} {number} {}", bytes.len()))),
                    }
                    Ok(())
                },
            )
            .callback("other", "count", &[Kind::Json], Kind::I32, |caller, args| {
                let Value::Json(text) = args[0] else { panic!() };
                caller.set_result(Value::I32(text.len() as i32));
                Ok(())
            })
            .callback("other", "note", &[Kind::String], Kind::None, move |_, args| {
                let text: &str = args[0].try_into()?;
                noted.lock().unwrap().push(text.to_owned());
                Ok(())
            })
            .callback("other", "half", &[Kind::F64], Kind::F64, |caller, args| {
                let number: f64 = args[0].try_into()?;
                caller.set_result(Value::F64(number / 2.0));
                Ok(())
            });
        let mut p = instance(engine, &small(fields), &config);
        assert_eq!(
            p.call("join", &["ab\0".into()], Kind::Json).unwrap(),
            Value::Json("\"ab\\u0000 7 3\"")
        );
        assert_eq!(p.call("join", &[], Kind::Json).unwrap(), Value::Json("\" 7 0\""));
        p.call("count", &[Value::Json("[1,2]")], Kind::None).unwrap();
        p.call("note", &["text".into()], Kind::None).unwrap();
        assert_eq!(*notes.lock().unwrap(), ["text"]);
        assert_eq!(p.call("half", &[3.0.into()], Kind::F64).unwrap(), Value::F64(1.5));
        let mut refused = |function: &str, input: &[u8], kind, message: &str| {
            let message = format!("plugin \"p\", function {function:?}: {message}");
            fails(p.call(function, &[Value::Bytes(input)], Kind::None), kind, &message);
            p.reset().unwrap();
        };
        refused("note", b"\xff", Abi, "callback \"other\".\"note\": argument 1 is not UTF-8");
        refused(
            "hostile",
            b"a",
            Abi,
            "callback \"other\".\"note\": argument 1 is offset 0x11, where no block is",
        );
        refused(
            "join",
            b"none",
            Callback,
            "callback \"extism:host/user\".\"join\" gave no answer, although its result is json",
        );
        refused(
            "join",
            b"bytes",
            Callback,
            "callback \"extism:host/user\".\"join\" answers: bytes is not json",
        );
    });
}

#[test]
fn start_up_is_extisms() {
    let start = |names: &[&str]| {
        let functions = names.iter().map(|name| {
            let (params, end) = if *name == "hs_init" { ("(param i32 i32)", "drop drop") } else { ("", "") };
            let gets = if end.is_empty() { "" } else { "local.get 0 local.get 1" };
            format!("(func (export {name:?}) {params} {gets} {end} (global.set $order (i32.add (i32.mul (global.get $order) (i32.const 10)) (i32.const {}))))", name.len() % 10)
        });
        let functions: String = functions.collect();
        small(&format!(
            "(global $order (mut i32) (i32.const 0)) {functions} (func (export \"order\") (param i32) (result i32) (global.get $order))"
        ))
    };
    on_both(|engine| {
        for (names, order) in [
            (&["_initialize", "__wasm_call_ctors", "_start"][..], 1),
            (&["__wasm_call_ctors", "_start"], 7),
            (&["_start", "main"], 0),
            (&["_initialize", "hs_init"], 17),
            (&["hs_init"], 7),
        ] {
            let mut p = instance(engine, &start(names), &Config::new());
            assert_eq!(
                p.call("order", &[0.into()], Kind::I32).unwrap(),
                Value::I32(order),
                "{names:?}"
            );
            // A host may call this, and it isn't listed.
            if names.contains(&"_start") {
                p.call("_start", &[], Kind::None).unwrap();
            }
            let listed: Vec<&str> = p.functions().iter().map(|function| &*function.name).collect();
            assert!(
                !listed.contains(&"_start") && !listed.contains(&"__wasm_call_ctors"),
                "{listed:?}"
            );
        }
    });
}

#[test]
fn it_is_listed_and_inspected() {
    on_both(|engine| {
        let wat = plugin();
        let p = instance(engine, &wat, &Config::new());
        let echo = p.functions().iter().find(|function| function.name == "echo").unwrap();
        assert_eq!(echo.to_string(), "echo(input: any) bytes");
        assert_eq!(echo.certain_result(), Some(Kind::Bytes));
        let inspected = wasp_core::Engine::inspect(wat.as_bytes()).unwrap();
        assert_eq!(inspected.functions, p.functions());
        let provided = |name: &str| {
            inspected
                .imports
                .iter()
                .find(|import| import.name == name)
                .map(|import| import.provider)
        };
        assert_eq!(
            (provided("alloc"), provided("proc_exit")),
            (Some(Provider::Abi), Some(Provider::Wasi))
        );
        let info = engine.plugin("p").unwrap();
        assert_eq!(info.functions, inspected.functions);
    });
}

#[test]
fn what_extism_does_not_have_is_told() {
    on_both(|engine| {
        let register = |import: &str| {
            engine.register("p", format!("(module {import})").as_bytes(), &Config::new())
        };
        let message = "plugin \"p\": it imports \"extism:host/env\".\"alloc2\" as (i64) -> i64, which Extism doesn't have (\"extism:host/env\".\"alloc\" is there)";
        let import = r#"(import "extism:host/env" "alloc2" (func (param i64) (result i64)))"#;
        fails(register(import), ImportNotFound, message);
        let import = r#"(import "extism:host/env" "alloc" (func (param i32) (result i64)))"#;
        let message = "plugin \"p\": it imports \"extism:host/env\".\"alloc\" as (i32) -> i64, while the host function \"extism:host/env\".\"alloc\" is (i64) -> i64";
        fails(register(import), ImportNotFound, message);
    });
}

/// A host that has emulated Extism by callbacks of numbers goes on.
#[test]
fn callbacks_of_numbers_come_first() {
    on_both(|engine| {
        let mut config = Config::new();
        config.callback("extism:host/env", "input_length", &[], Kind::I64, |caller, _| {
            caller.set_result(Value::I64(5));
            Ok(())
        });
        let wat = r#"(module (import "extism:host/env" "input_length" (func $l (result i64)))
            (func (export "f") (result i32) (i32.wrap_i64 (call $l))))"#;
        let mut p = instance(engine, wat, &config);
        assert_eq!(p.call("f", &[], Kind::I32).unwrap(), Value::I32(5));
    });
}

/// Other plugins have the same strings as ever, even among Extism's imports.
#[test]
fn strings_of_32_bits_stay_what_they_are() {
    let fields = r#"(import "extism:host/env" "input_length" (func $l (result i64)))
        (import "env" "ask" (func $ask (param i32) (result i32)))
        (func (export "ask") (param i32) (result i32) (call $ask (local.get 0)))"#;
    on_both(|engine| {
        let mut p = instance(engine, &with_allocator(fields), &plugins::ask());
        assert_eq!(p.call("ask", &["a".into()], Kind::String).unwrap(), Value::String("a"));
    });
}

#[test]
fn a_call_is_stopped_in_its_blocks() {
    let fields = r#"(func (export "loop") (loop $l (drop (call $length (i64.const 16))) (br $l)))"#;
    on_both(|engine| {
        let mut config = Config::new();
        config.timeout(Duration::from_millis(50));
        let mut p = instance(engine, &small(fields), &config);
        let error = p.call("loop", &[], Kind::None).unwrap_err();
        assert_eq!(error.kind(), Timeout);
    });
}

/// The functions run on the guest's stack: its end is none of the host's.
#[test]
fn the_end_of_the_stack_is_a_trap() {
    let fields = r#"(func $deep (export "deep") (result i32)
          (drop (call $length (call $input_offset))) (call $output_set (i64.const 16) (i64.const 1))
          (i32.add (call $deep) (i32.wrap_i64 (call $input_length))))"#;
    on_both(|engine| {
        let mut p = instance(engine, &small(fields), &Config::new());
        for _ in 0..3 {
            let error = p.call("deep", &["a".into()], Kind::None).unwrap_err();
            assert_eq!(error.kind(), Trap);
            assert!(error.to_string().contains("call stack exhausted"), "{error}");
            p.reset().unwrap();
        }
    });
}

/// The code of the second compiler starts from the snapshot that the first one's left.
#[test]
fn optimised_code_starts_from_the_same_variables() {
    let (told, optimised) = mpsc::channel();
    let log = Log::new(Level::Debug, move |record| {
        if record.message == "Plugin optimised" {
            told.send(()).unwrap();
        }
    });
    let engine = plugins::engine(Compiler::Tiered, log);
    let mut first = instance(&engine, &plugin(), &Config::new());
    bytes(&mut first, "set", b"a1");
    optimised.recv_timeout(Duration::from_secs(60)).unwrap();
    let mut second = engine.instance("p", None).unwrap();
    for (p, kept) in [(&mut first, &b"a1"[..]), (&mut second, b"")] {
        assert_eq!(
            (bytes(p, "get", b"start-up"), bytes(p, "get", b"a")),
            (b"start".into(), kept.into())
        );
        assert_eq!(bytes(p, "echo", b"123456789"), b"123456789");
    }
}

/// Instances of one plugin run on several threads, each over its own blocks.
#[test]
fn threads_do_not_share_blocks() {
    on_both(|engine| {
        engine.register("p", plugin().as_bytes(), &Config::new()).unwrap();
        thread::scope(|scope| {
            for thread in 0..4_u8 {
                scope.spawn(move || {
                    let data = vec![thread; 5000];
                    for _ in 0..200 {
                        let mut p = engine.instance("p", None).unwrap();
                        assert_eq!(bytes(&mut p, "get", b"a"), b"");
                        bytes(&mut p, "set", &[b'a', thread]);
                        assert_eq!(bytes(&mut p, "echo", &data), data);
                        assert_eq!(bytes(&mut p, "get", b"a"), [b'a', thread]);
                    }
                });
            }
        });
    });
}
