//! Host functions: what a plugin calls, what it gets back, and what happens when the host fails.

use crate::plugins;

use plugins::{
    ask, fails, instance, live, on_both, on_both_with, plugin, well_formed, with_allocator,
};
use std::fmt::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use wasp_core::ErrorKind::*;
use wasp_core::{Caller, Config, Engine, Instance, Kind, Level, Log, Value};

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Answers with the argument.
fn echo(caller: &mut Caller<'_>, args: &[Value<'_>]) -> Outcome {
    caller.set_result(args[0]);
    Ok(())
}

/// All that `caller.wat` imports.
fn config() -> Config {
    let mut config = Config::new();
    config
        .callback("env", "string", &[Kind::String], Kind::String, echo)
        .callback("env", "bytes", &[Kind::Bytes], Kind::Bytes, echo)
        .callback("numbers", "i32", &[Kind::I32], Kind::I32, echo)
        .callback("numbers", "i64", &[Kind::I64], Kind::I64, echo)
        .callback("numbers", "f32", &[Kind::F32], Kind::F32, echo)
        .callback("numbers", "f64", &[Kind::F64], Kind::F64, echo)
        .callback("a name/with: anything", "tell", &[Kind::String], Kind::None, |_, _| Ok(()))
        .callback("env", "ask", &[], Kind::I32, |caller, _| {
            caller.set_result(42.into());
            Ok(())
        });
    config
}

/// The same, where `env.ask` does something else.
fn config_with_ask(
    kind: Kind,
    ask: impl Fn(&mut Caller<'_>) -> Outcome + Send + Sync + 'static,
) -> Config {
    let mut config = config();
    config.callback("env", "ask", &[], kind, move |caller, _| ask(caller));
    config
}

/// Checks that the instance was stopped half-way, and that a reset brings it back.
#[track_caller]
fn poisoned(p: &mut Instance) {
    let error = p.call("live", &[], Kind::I32).unwrap_err();
    assert_eq!(error.kind(), Poisoned);
    well_formed(&error);
    p.reset().unwrap();
    assert_eq!(live(p), 0);
}

#[test]
fn answers_come_back_whole() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("caller"), &config());
        let long = "äöü€🦀".repeat(1000);
        for text in ["", "Nic", "Grüße, 世界 🦀", "two\nlines", &long] {
            for function in ["string", "copy"] {
                assert_eq!(
                    p.call(function, &[text.into()], Kind::String).unwrap(),
                    Value::String(text)
                );
                assert_eq!(live(&mut p), 0);
            }
        }
        for bytes in [&[][..], &[0], b"Nic\0\xFF", &[0; 100_000]] {
            assert_eq!(p.call("bytes", &[bytes.into()], Kind::Bytes).unwrap(), Value::Bytes(bytes));
            assert_eq!(live(&mut p), 0);
        }
        let mut echoes = |function, value: Value<'_>| {
            assert_eq!(p.call(function, &[value], value.kind()).unwrap(), value);
        };
        echoes("i32", i32::MIN.into());
        echoes("i64", i64::MAX.into());
        echoes("f32", f32::INFINITY.into());
        echoes("f64", (-0.0_f64).into());
        assert_eq!(p.call("ask", &[], Kind::I32).unwrap(), Value::I32(42));
        assert_eq!(p.call("tell", &["Nic".into()], Kind::None).unwrap(), Value::None);
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn sixty_four_mebibytes_pass_through_a_callback() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("caller"), &config());
        let text = "x".repeat(64 << 20);
        let Value::String(back) = p.call("string", &[(&text).into()], Kind::String).unwrap() else {
            panic!("not a string")
        };
        assert!(back == text);
        assert_eq!(live(&mut p), 0);
    });
}

/// For each rotation of the kinds, over twelve parameters of them, and each position an import that gives back the
/// parameter at that position, and a function that calls it.
#[test]
fn every_kind_passes_in_every_position() {
    const VALUES: [(Value<'_>, &str); 6] = [
        (Value::I32(i32::MIN), "i32"),
        (Value::I64(-(1 << 40)), "i64"),
        (Value::F32(-0.5), "f32"),
        (Value::F64(1.0e300), "f64"),
        (Value::String("zwölf"), "i32"),
        (Value::Bytes(&[0, 255]), "i32"),
    ];
    let (mut imports, mut functions, mut config) = (String::new(), String::new(), Config::new());
    for rotation in 0..6 {
        let at = move |position: usize| VALUES[(rotation + position) % 6];
        let params: Vec<_> = (0..12).map(|position| at(position).0.kind()).collect();
        let types = (0..12).map(|position| at(position).1).collect::<Vec<_>>().join(" ");
        let passed = (0..12).map(|at| format!("(local.get {at})")).collect::<String>();
        for position in 0..12 {
            let name = format!("{rotation}.{position}");
            let result = at(position).1;
            writeln!(
                imports,
                r#"(import "host" "{name}" (func ${name} (param {types}) (result {result})))"#
            )
            .unwrap();
            writeln!(
                functions,
                r#"(func (export "{name}") (param {types}) (result {result}) (call ${name} {passed}))"#
            )
            .unwrap();
            config.callback("host", name, &params, at(position).0.kind(), move |caller, args| {
                let wanted: Vec<_> = (0..12).map(|position| at(position).0).collect();
                assert_eq!(args, wanted);
                caller.set_result(args[position]);
                Ok(())
            });
        }
    }
    on_both(|engine| {
        let mut p = instance(engine, &with_allocator(&format!("{imports}{functions}")), &config);
        for rotation in 0..6 {
            let args: Vec<_> = (0..12).map(|at| VALUES[(rotation + at) % 6].0).collect();
            for (position, arg) in args.iter().enumerate() {
                let name = format!("{rotation}.{position}");
                assert_eq!(p.call(&name, &args, arg.kind()).unwrap(), *arg, "{name}");
                assert_eq!(live(&mut p), 0, "{name}");
            }
        }
    });
}

#[test]
fn every_answer_lives_until_the_call_ends_and_is_freed_once() {
    on_both(|engine| {
        let mut p = instance(engine, &plugin("caller"), &config());
        for rounds in [1, 2, 7, 8, 9, 1000] {
            let args = ["Nic".into(), rounds.into()];
            assert_eq!(p.call("rounds", &args, Kind::String).unwrap(), Value::String("Nic"));
            assert_eq!(live(&mut p), 0, "{rounds} rounds");
        }
    });
}

#[test]
fn the_last_answer_counts_and_numbers_become_its_kind() {
    on_both(|engine| {
        let gives = |answers: &'static [Value<'static>], wanted| {
            let config = config_with_ask(Kind::I32, |caller| {
                assert_eq!(caller.plugin(), "p");
                answers.iter().for_each(|answer| caller.set_result(*answer));
                Ok(())
            });
            let mut p = instance(engine, &plugin("caller"), &config);
            assert_eq!(p.call("ask", &[], Kind::I32).unwrap(), wanted);
        };
        gives(&[Value::I64(3)], Value::I32(3));
        gives(&[Value::F64(-3.0)], Value::I32(-3));
        gives(&[Value::String("first"), Value::None, Value::I32(2)], Value::I32(2));
    });
}

#[test]
fn a_callback_that_fails_ends_the_call_at_once() {
    on_both(|engine| {
        let config = config_with_ask(Kind::I32, |_| Err("the printer is on fire".into()));
        let mut p = instance(engine, &plugin("caller"), &config);
        let error = fails(
            p.call("ask_and_note", &[], Kind::None),
            Callback,
            r#"plugin "p", function "ask_and_note": callback "env"."ask": the printer is on fire"#,
        );
        assert_eq!(error.function(), Some("ask_and_note"));
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "the printer is on fire");
        fails(
            p.call("reached", &[], Kind::I32),
            Poisoned,
            concat!(
                r#"plugin "p", function "reached": the instance was stopped half-way and must be reset first "#,
                r#"(plugin "p", function "ask_and_note": callback "env"."ask": the printer is on fire)"#
            ),
        );
        poisoned(&mut p);
        assert_eq!(p.call("reached", &[], Kind::I32).unwrap(), Value::I32(0));
    });
}

#[test]
fn a_callback_that_panics_is_an_error() {
    on_both(|engine| {
        let says = |ask: fn(), message: &str| {
            let config = config_with_ask(Kind::I32, move |_| {
                ask();
                Ok(())
            });
            let mut p = instance(engine, &plugin("caller"), &config);
            let message =
                format!(r#"plugin "p", function "ask": callback "env"."ask" panicked: {message}"#);
            fails(p.call("ask", &[], Kind::I32), Callback, &message);
            poisoned(&mut p);
        };
        says(|| panic!("oh"), "oh");
        says(|| panic!("oh {}", 1), "oh 1");
        says(|| std::panic::panic_any(1), "no message");
    });
}

#[test]
fn a_callback_must_answer_with_its_kind() {
    on_both(|engine| {
        let refuses = |kind, answer: Value<'static>, message: &str| {
            let config = config_with_ask(kind, move |caller| {
                caller.set_result(answer);
                Ok(())
            });
            let mut p = instance(engine, &plugin("caller"), &config);
            let message = format!(r#"plugin "p", function "ask": callback "env"."ask" {message}"#);
            fails(p.call("ask", &[], Kind::I32), Callback, &message);
            poisoned(&mut p);
        };
        refuses(Kind::I32, Value::None, "gave no answer, although its result is i32");
        refuses(Kind::String, Value::None, "gave no answer, although its result is string");
        refuses(Kind::I32, (1_i64 << 40).into(), "answers: [1099511627776] does not fit i32");
        refuses(Kind::I32, 0.5_f32.into(), "answers: [0.5] does not fit i32");
        refuses(Kind::I32, "a".into(), r#"answers: ["a"] does not fit i32"#);
        refuses(Kind::String, 5.into(), "answers: i32 is not string");
        refuses(Kind::String, b"a".into(), "answers: bytes is not string");
        refuses(Kind::Bytes, "a".into(), "answers: string is not bytes");
        let nul = "answers: a string with a NUL inside can't be passed to a plugin; bytes can";
        refuses(Kind::String, "a\0b".into(), nul);
    });
}

#[test]
fn no_parameter_is_none() {
    on_both(|engine| {
        let mut config = Config::new();
        config.callback("env", "f", &[Kind::I32, Kind::None], Kind::None, |_, _| Ok(()));
        let message = r#"plugin "p": callback "env"."f": parameter 2 is none, which is only a result; i32, i64, f32, f64, string, bytes and json are parameters"#;
        fails(engine.register("p", b"(module)", &config), Invalid, message);
    });
}

#[test]
fn a_callback_without_a_result_must_not_answer() {
    let wat = r#"(import "env" "tell" (func $tell)) (func (export "tell") (call $tell))
        (func (export "live") (result i32) (i32.const 0))"#;
    let mut config = Config::new();
    config.callback("env", "tell", &[], Kind::None, |caller, _| {
        caller.set_result("Nic".into());
        Ok(())
    });
    on_both(|engine| {
        let mut p = instance(engine, wat, &config);
        fails(
            p.call("tell", &[], Kind::None),
            Callback,
            r#"plugin "p", function "tell": callback "env"."tell" answered with string, although it has no result"#,
        );
        poisoned(&mut p);
    });
}

#[test]
fn a_callback_may_use_other_instances() {
    on_both(|engine| {
        engine.register("echo", plugin("echo").as_bytes(), &Config::new()).unwrap();
        let other = Mutex::new(engine.instance("echo", None).unwrap());
        let mut outer = config();
        let engine = engine.clone();
        outer
            // One that lives on.
            .callback("env", "string", &[Kind::String], Kind::String, move |caller, args| {
                caller.set_result(other.lock().unwrap().call("string", args, Kind::String)?);
                Ok(())
            })
            // A new one for each call.
            .callback("env", "bytes", &[Kind::Bytes], Kind::Bytes, {
                let engine = engine.clone();
                move |caller, args| {
                    caller.set_result(engine.instance("echo", None)?.call(
                        "bytes",
                        args,
                        Kind::Bytes,
                    )?);
                    Ok(())
                }
            });
        let mut p = instance(&engine, &plugin("caller"), &outer);
        for text in ["Nic", "Grüße"] {
            let args = [text.into(), 10.into()];
            assert_eq!(p.call("rounds", &args, Kind::String).unwrap(), Value::String(text));
        }
        assert_eq!(p.call("bytes", &[b"1".into()], Kind::Bytes).unwrap(), Value::Bytes(b"1"));
        assert_eq!(live(&mut p), 0);
    });
}

#[test]
fn the_failure_of_an_instance_below_comes_up_through_all() {
    on_both(|engine| {
        let trap = r#"(func (export "trap") unreachable)"#;
        engine.register("trap", trap.as_bytes(), &Config::new()).unwrap();
        let inner = Arc::new(Mutex::new(engine.instance("trap", None).unwrap()));
        let config = config_with_ask(Kind::I32, {
            let inner = Arc::clone(&inner);
            move |caller| {
                inner.lock().unwrap().call("trap", &[], Kind::None)?;
                caller.set_result(1.into());
                Ok(())
            }
        });
        let mut p = instance(engine, &plugin("caller"), &config);
        let below = r#"plugin "trap", function "trap": unreachable"#;
        let error = fails(
            p.call("ask", &[], Kind::I32),
            Callback,
            &format!(r#"plugin "p", function "ask": callback "env"."ask": {below}"#),
        );
        let source = std::error::Error::source(&error).unwrap();
        let source = source.downcast_ref::<wasp_core::Error>().unwrap();
        assert_eq!((source.kind(), source.to_string().as_str()), (Trap, below));
        assert_eq!(source.trace().len(), 1);
        let below = inner.lock().unwrap().call("trap", &[], Kind::None).unwrap_err();
        assert_eq!(below.kind(), Poisoned);
        poisoned(&mut p);
    });
}

#[test]
fn a_callback_may_let_an_instance_of_the_same_plugin_call_it_again() {
    on_both(|engine| {
        // Each level asks a new instance, down to the tenth.
        let depth = Arc::new(AtomicU32::new(0));
        let config = config_with_ask(Kind::I32, {
            let (engine, depth) = (engine.clone(), Arc::clone(&depth));
            move |caller| {
                let answer = if depth.fetch_add(1, Ordering::Relaxed) < 10 {
                    i32::try_from(engine.instance("p", None)?.call("ask", &[], Kind::I32)?)? + 1
                } else {
                    0
                };
                caller.set_result(answer.into());
                Ok(())
            }
        });
        let mut p = instance(engine, &plugin("caller"), &config);
        assert_eq!(p.call("ask", &[], Kind::I32).unwrap(), Value::I32(10));
        assert_eq!(depth.load(Ordering::Relaxed), 11);
    });
}

#[test]
fn a_callback_comes_before_what_the_host_provides_itself() {
    let wat = r#"(import "env" "raise_error" (func $raise (param i64) (result i32)))
        (func (export "raise") (result i32) (call $raise (i64.const 5)))"#;
    let mut config = Config::new();
    config.callback("env", "raise_error", &[Kind::I64], Kind::I32, |caller, args| {
        caller.set_result(args[0]);
        Ok(())
    });
    on_both(|engine| {
        let mut p = instance(engine, wat, &config);
        assert_eq!(p.call("raise", &[], Kind::I32).unwrap(), Value::I32(5));
    });
}

#[test]
fn a_config_is_copied_and_the_last_callback_of_a_name_counts() {
    on_both(|engine| {
        let mut config = config_with_ask(Kind::I32, |caller| {
            caller.set_result(1.into());
            Ok(())
        });
        let mut first = instance(engine, &plugin("caller"), &config);
        config.callback("env", "ask", &[], Kind::I32, |caller, _| {
            caller.set_result(2.into());
            Ok(())
        });
        assert_eq!(first.call("ask", &[], Kind::I32).unwrap(), Value::I32(1));
        let mut second = instance(engine, &plugin("caller"), &config);
        assert_eq!(second.call("ask", &[], Kind::I32).unwrap(), Value::I32(2));
    });
}

#[test]
fn callbacks_that_nest_without_end_are_an_error() {
    on_both(|engine| {
        let deepest = Arc::new(Mutex::new(None));
        let (below, note) = (engine.clone(), Arc::clone(&deepest));
        let mut config = Config::new();
        config.callback("env", "deeper", &[], Kind::None, move |_, _| {
            let called = below.instance("p", None)?.call("deeper", &[], Kind::None).map(drop);
            called.map_err(|error| {
                note.lock().unwrap().get_or_insert((error.kind(), error.to_string()));
                error.into()
            })
        });
        let wat = r#"(import "env" "deeper" (func $deeper))
            (func (export "deeper") (call $deeper))
            (func (export "seven") (result i32) (i32.const 7))"#;
        let mut p = instance(engine, wat, &config);
        assert_eq!(p.call("deeper", &[], Kind::None).unwrap_err().kind(), Callback);
        let message = r#"plugin "p", function "deeper": plugins and host functions call each other more than 64 deep"#;
        assert_eq!(deepest.lock().unwrap().take(), Some((Resource, message.to_owned())));
        p.reset().unwrap();
        assert_eq!(p.call("seven", &[], Kind::I32).unwrap(), Value::I32(7));
    });
}

#[test]
fn an_i32_answer_has_nothing_of_the_arguments_in_it() {
    let wat = with_allocator(
        r#"(import "env" "i32" (func $i32 (param i64) (result i32)))
        (import "env" "string" (func $string (param i64) (result i32)))
        (import "env" "f32" (func $f32 (param i64) (result f32)))
        (import "env" "back" (func $back (param i32) (result i32)))
        (table 4 funcref) (elem (i32.const 0) $seven $eight)
        (type $t (func (result i32)))
        (func $seven (result i32) (i32.const 7)) (func $eight (result i32) (i32.const 8))
        (func (export "u64") (result i64) (i64.extend_i32_u (call $i32 (i64.const -1))))
        (func (export "s64") (result i64) (i64.extend_i32_s (call $i32 (i64.const -1))))
        (func (export "plain") (result i32) (call $i32 (i64.const -1)))
        (func (export "eqz") (result i32) (i32.eqz (call $i32 (i64.const -256))))
        (func (export "eq") (result i32) (i32.eq (call $i32 (i64.const -1)) (i32.const 1)))
        (func (export "lt") (result i32) (i32.lt_u (call $i32 (i64.const -1)) (i32.const 2)))
        (func (export "load") (result i32) (i32.load8_u (call $i32 (i64.const -1))))
        (func (export "indirect") (result i32) (call_indirect (type $t) (call $i32 (i64.const -1))))
        (func (export "float") (result f64) (f64.convert_i32_u (call $i32 (i64.const -1))))
        (func (export "div") (result i32) (i32.div_u (i32.const 9) (call $i32 (i64.const -1))))
        (func (export "shr") (result i32) (i32.shr_u (call $i32 (i64.const -1)) (i32.const 0)))
        (func (export "back") (result i32) (call $back (call $i32 (i64.const -1))))
        (func (export "grow") (result i32) (memory.grow (call $i32 (i64.const -1))))
        (func (export "fill") (memory.fill (call $i32 (i64.const -1)) (i32.const 0) (call $i32 (i64.const -1))))
        (func (export "table") (result i32)
          (block (block (block (br_table 0 1 2 (call $i32 (i64.const -1)))) (return (i32.const 0))) (return (i32.const 1)))
          (i32.const 2))
        (func (export "if") (result i32) (if (result i32) (call $i32 (i64.const -1)) (then (i32.const 1)) (else (i32.const 0))))
        (func (export "string") (result i32) (call $string (i64.const -1)))
        (func (export "string64") (result i64) (i64.extend_i32_u (call $string (i64.const -1))))
        (func (export "f64") (result f64) (f64.promote_f32 (call $f32 (i64.const -1))))"#,
    );
    on_both(|engine| {
        let answers = |number: i32| {
            let mut config = Config::new();
            config
                .callback("env", "i32", &[Kind::I64], Kind::I32, move |caller, _| {
                    caller.set_result(number.into());
                    Ok(())
                })
                .callback("env", "f32", &[Kind::I64], Kind::F32, move |caller, _| {
                    caller.set_result(Value::F32(0.5));
                    Ok(())
                })
                .callback("env", "back", &[Kind::I32], Kind::I32, move |caller, args| {
                    caller.set_result(args[0]);
                    Ok(())
                })
                .callback("env", "string", &[Kind::I64], Kind::String, |caller, _| {
                    caller.set_result("Nic".into());
                    Ok(())
                });
            instance(engine, &wat, &config)
        };
        let mut one = answers(1);
        let mut is = |name, wanted: Value<'_>| {
            let got = one.call(name, &[], wanted.kind());
            assert_eq!(got.unwrap_or_else(|e| panic!("{name}: {e}")), wanted, "{name}");
        };
        is("u64", Value::I64(1));
        is("s64", Value::I64(1));
        is("plain", Value::I32(1));
        is("eqz", Value::I32(0));
        is("eq", Value::I32(1));
        is("lt", Value::I32(1));
        is("load", Value::I32(0));
        is("indirect", Value::I32(8));
        is("float", Value::F64(1.0));
        is("div", Value::I32(9));
        is("shr", Value::I32(1));
        is("back", Value::I32(1));
        is("fill", Value::None);
        is("table", Value::I32(1));
        is("if", Value::I32(1));
        is("grow", Value::I32(2));
        is("string", Value::String("Nic"));
        is("f64", Value::F64(0.5));
        let Value::I64(pointer) = one.call("string64", &[], Kind::I64).unwrap() else { panic!() };
        assert!(pointer < 1 << 32, "{pointer:#x}");
        let mut zero = answers(0);
        assert_eq!(zero.call("eqz", &[], Kind::I32).unwrap(), Value::I32(1));
        assert_eq!(zero.call("if", &[], Kind::I32).unwrap(), Value::I32(0));
        let mut negative = answers(-1);
        assert_eq!(negative.call("u64", &[], Kind::I64).unwrap(), Value::I64(0xFFFF_FFFF));
        assert_eq!(negative.call("s64", &[], Kind::I64).unwrap(), Value::I64(-1));
    });
}

/// The outcome of `function` in `wat`, where callbacks answer with strings.
fn outcome(engine: &Engine, wat: &str, function: &str) -> String {
    let mut config = Config::new();
    for name in ["a", "b"] {
        config.callback("env", name, &[], Kind::String, move |caller, _| {
            caller.set_result(name.repeat(1000).as_str().into());
            Ok(())
        });
    }
    config.callback("env", "fail", &[], Kind::String, |_, _| Err("on fire".into()));
    let mut p = instance(engine, wat, &config);
    let outcome = p.call(function, &[], Kind::String);
    // Who asked for the block is only said where the host's logger keeps it from the guest's own stack.
    let said = |text: String| text.replace(r#"callback "env"."a" answers: "#, "");
    format!("{:?}", outcome.map_err(|error| (error.kind(), said(error.to_string()))))
}

const ALLOCATORS: [&str; 8] = [
    "(i32.const 0)",
    "(i32.const -1)",
    "(i32.const 65000)",
    "unreachable",
    "(call $fail)",
    // The second answer is placed within the first one's allocation.
    "(global.set $depth (i32.add (global.get $depth) (i32.const 1)))
     (if (i32.eq (global.get $depth) (i32.const 1)) (then (drop (call $b))))
     (i32.mul (global.get $depth) (i32.const 2000))",
    "(drop (memory.grow (i32.const 1))) (i32.const 65000)",
    "(if (i32.eqz (global.get $depth)) (then (global.set $depth (i32.const 1)) (drop (call $fail)))) (i32.const 8)",
];

#[test]
fn answers_are_placed_the_same_with_a_log_and_without() {
    let log = Log::new(Level::Debug, |_| ());
    for (at, allocate) in ALLOCATORS.iter().enumerate() {
        let wat = format!(
            r#"(import "env" "a" (func $a (result i32))) (import "env" "b" (func $b (result i32)))
            (import "env" "fail" (func $fail (result i32)))
            (memory (export "memory") 1)
            (global $depth (mut i32) (i32.const 0))
            (func (export "allocate") (param i32) (result i32) {allocate})
            (func (export "f") (result i32) (call $a))"#
        );
        let told = Mutex::new(Vec::new());
        on_both_with(log.clone(), |engine| told.lock().unwrap().push(outcome(engine, &wat, "f")));
        let silent = Mutex::new(Vec::new());
        on_both(|engine| silent.lock().unwrap().push(outcome(engine, &wat, "f")));
        assert_eq!(told.into_inner().unwrap(), silent.into_inner().unwrap(), "{at}: {allocate}");
    }
}

#[test]
fn an_answer_within_an_answers_allocation_goes_where_it_belongs() {
    on_both(|engine| {
        let wat = r#"(import "env" "a" (func $a (result i32))) (import "env" "b" (func $b (result i32)))
            (memory (export "memory") 1)
            (global $depth (mut i32) (i32.const 0)) (global $b (mut i32) (i32.const 0))
            (func (export "allocate") (param i32) (result i32) (local $mine i32)
              (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
              (local.set $mine (i32.mul (global.get $depth) (i32.const 2000)))
              (if (i32.eq (global.get $depth) (i32.const 1)) (then (global.set $b (call $b))))
              (local.get $mine))
            (func (export "a") (result i32) (call $a))
            (func (export "b") (result i32) (global.get $b))"#;
        let mut config = Config::new();
        for name in ["a", "b"] {
            config.callback("env", name, &[], Kind::String, move |caller, _| {
                caller.set_result(name.repeat(1000).as_str().into());
                Ok(())
            });
        }
        let mut p = instance(engine, wat, &config);
        assert_eq!(p.call("a", &[], Kind::String).unwrap(), Value::String(&"a".repeat(1000)));
        assert_eq!(p.call("b", &[], Kind::String).unwrap(), Value::String(&"b".repeat(1000)));
    });
}

#[test]
fn a_waiting_answer_does_not_outlive_its_call() {
    on_both(|engine| {
        // Its first allocation dies, with an answer waiting for it.
        let wat = r#"(import "env" "ask" (func $ask (param i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 16) "secret\00") (data (i32.const 32) "open\00")
            (global $die (mut i32) (i32.const 0))
            (func (export "allocate") (param i32) (result i32)
              (if (global.get $die) (then unreachable)) (i32.const 1024))
            (func (export "die") (result i32) (global.set $die (i32.const 1)) (call $ask (i32.const 16)))
            (func (export "open") (result i32) (call $ask (i32.const 32)))"#;
        let mut p = instance(engine, wat, &ask());
        for _ in 0..3 {
            assert_eq!(p.call("die", &[], Kind::String).unwrap_err().kind(), Trap);
            p.reset().unwrap();
            assert_eq!(p.call("open", &[], Kind::String).unwrap(), Value::String("open"));
            assert_eq!(p.call("die", &[], Kind::String).unwrap_err().kind(), Trap);
            drop(p);
            p = engine.instance("p", None).unwrap();
            assert_eq!(p.call("open", &[], Kind::String).unwrap(), Value::String("open"));
        }
    });
}
