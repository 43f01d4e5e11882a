//! Programs that are run one after another, by the runners of the languages that come with wasp, and what they print.

use std::path::Path;
use std::time::Duration;
use wasp_core::ErrorKind::*;
use wasp_core::{Capture, Config, Engine, Error, Instance, Kind, Options, Value, runner};

fn session(language: &str, setup: &str) -> (Instance, Capture) {
    let mut options = Options::default();
    options.runtime_directory =
        Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../build/runtimes"));
    let engine = Engine::with_options(options);
    let mut config = Config::new();
    config.timeout(Duration::from_secs(60)).memory_limit(64 << 20);
    config.warm_up("setup", &[setup.into()]);
    let params = [Kind::String, Kind::Json];
    config.callback("tools", "call", &params, Kind::Json, |caller, args| {
        let name: &str = args[0].try_into()?;
        let Value::Json(request) = args[1] else { panic!("no request") };
        let request = request.replace(' ', "");
        let answer = match name {
            "fails" => r#"{"error": "no"}"#.to_owned(),
            _ => format!(r#"{{"value": [{name:?}, {request}]}}"#),
        };
        caller.set_result(Value::Json(&answer));
        Ok(())
    });
    engine.register_script("runner", language, runner(language).unwrap(), &config).unwrap();
    let mut instance = engine.instance("runner", None).unwrap();
    let capture = instance.capture_output(1000);
    (instance, capture)
}

fn value(instance: &mut Instance, code: &str) -> Result<String, Error> {
    let inputs = r#"{"given": {"n": [1, 2]}}"#;
    let tools = r#"[{"name": "find"}, {"name": "fails"}]"#;
    let args = [code.into(), Value::Json(inputs), Value::Json(tools)];
    instance.call("run", &args, Kind::Any).map(|value| format!("{value:?}").replace(' ', ""))
}

struct Programs {
    language: &'static str,
    setup: &'static str,
    /// Programs that run one after another, and their values.
    values: &'static [(&'static str, &'static str)],
    /// Programs that fail, the message, and the place of the first frame.
    failures: &'static [(&'static str, &'static str, &'static str)],
    prints: (&'static str, &'static str, &'static str),
    floods: &'static str,
}

const PROGRAMS: [Programs; 3] = [
    Programs {
        language: "javascript",
        setup: "const base = 40; console.log('unseen')",
        values: &[
            ("base + 2", "I32(42)"),
            ("let x = 1\nconst f = async () => x + 1", "None"),
            ("x = await f(); x + 0.5", "F64(2.5)"),
            ("given.n", "Json(\"[1,2]\")"),
            ("f()", "I32(3)"),
            ("find('a', 1)", r#"Json("[\"find\",{\"args\":[\"a\",1],\"kwargs\":{}}]")"#),
            ("(await find()).length", "I32(2)"),
            ("try { fails() } catch (e) { String(e) }", "String(\"ToolError:no\")"),
            ("new Uint8Array([1, 2])", "Bytes([1,2])"),
            ("function g() {}", "None"),
        ],
        failures: &[
            ("null.x", "TypeError: cannot read property 'x' of null", "run.js:1:"),
            ("1 +", "SyntaxError", "run.js:1:"),
            ("\nthrow new Error('a: b')", "a: b", "run.js:2:"),
            ("fails()", "ToolError: no", ""),
            ("await Promise.reject(new RangeError('r'))", "RangeError: r", "run.js:1:"),
        ],
        prints: ("console.log('out'); console.error('err', 1)", "out\n", "err 1\n"),
        floods: "for (;;) console.log('x'.repeat(99))",
    },
    Programs {
        language: "lua",
        setup: "base = 40 print('unseen')",
        values: &[
            ("base + 2", "I32(42)"),
            ("x = 1 function f() return x + 1 end", "None"),
            ("x = f() return x + 0.5", "F64(2.5)"),
            ("given.n", "Json(\"[1,2]\")"),
            ("find('a', 1)[2].args", "Json(\"[\\\"a\\\",1]\")"),
            ("#find()", "I32(2)"),
            ("(select(2, pcall(fails))):match('ToolError: no')", "String(\"ToolError:no\")"),
        ],
        failures: &[
            ("local t = nil return t.x", "attempt to index a nil value (local 't')", "run.lua:1"),
            ("1 +", "unexpected symbol", "run.lua:1"),
            ("\nerror('a: b')", "a: b", "run.lua:2"),
            ("local x = fails() return x", "ToolError: no", "run.lua:1"),
            ("\nfails()", "ToolError: no", "run.lua:2"),
        ],
        prints: ("print('out') io.stderr:write('err 1')", "out\n", "err 1"),
        floods: "while true do print(('x'):rep(99)) end",
    },
    Programs {
        language: "pocketpy",
        setup: "base = 40\nprint('unseen')",
        values: &[
            ("base + 2", "I32(42)"),
            ("x = 1\ndef f():\n    return x + 1", "None"),
            ("x = f()\nx + 0.5", "F64(2.5)"),
            ("given['n']", "Json(\"[1,2]\")"),
            ("\"\"\"\n7\n\"\"\"", "String(\"\\n7\\n\")"),
            ("s = \"\"\"\n7\n\"\"\"", "None"),
            ("sum([\n  1,\n  2,\n])\n# the end\n", "I32(3)"),
            ("for i in range(3):\n    i", "None"),
            ("find('a', k=1)", r#"Json("[\"find\",{\"args\":[\"a\"],\"kwargs\":{\"k\":1}}]")"#),
            ("try:\n    fails()\nexcept ToolError as e:\n    x = str(e)\nx", "String(\"no\")"),
            ("b'ab'", "Bytes([97,98])"),
        ],
        failures: &[
            ("None.x", "AttributeError: 'NoneType' object has no attribute 'x'", "run.py:1"),
            ("x = 1\nx +", "SyntaxError", "run.py:2"),
            ("\nraise ValueError('a: b')", "ValueError: a: b", "run.py:2"),
            ("x = 1\n\nx / 0", "ZeroDivisionError: ", "run.py:3"),
            ("fails()", "ToolError: no", ""),
        ],
        prints: ("print('out')", "out\n", ""),
        floods: "while True: print('x' * 99)",
    },
];

#[test]
fn programs_have_values_and_leave_what_they_declare() {
    for it in &PROGRAMS {
        let (mut instance, capture) = session(it.language, it.setup);
        for (code, expected) in it.values {
            let found = value(&mut instance, code).unwrap();
            assert_eq!(&found, expected, "{}: {code}", it.language);
        }
        assert_eq!(capture.take().stdout, b"");
        instance.reset().unwrap();
        let gone = value(&mut instance, "typeof x").or_else(|_| value(&mut instance, "x"));
        assert!(matches!(gone.as_deref(), Ok("String(\"undefined\")" | "None") | Err(_)));
    }
}

#[test]
fn failures_have_the_place_in_the_program() {
    for it in &PROGRAMS {
        let (mut instance, _) = session(it.language, it.setup);
        for (code, message, place) in it.failures {
            let error = value(&mut instance, code).unwrap_err();
            assert_eq!(error.kind(), Guest, "{error}");
            assert!(error.to_string().contains(message), "{}: {code}: {error}", it.language);
            let frames: Vec<String> = error.trace().iter().map(ToString::to_string).collect();
            let first = frames.iter().find(|frame| frame.contains("run.")).cloned();
            // What is no program has no frame, and says its place itself.
            let first = first.unwrap_or_else(|| error.to_string());
            assert!(first.contains(place), "{}: {code}: {frames:?}", it.language);
        }
        // It goes on.
        assert!(value(&mut instance, it.values[0].0).is_ok());
    }
}

#[test]
fn what_is_printed_is_kept_for_the_host() {
    for it in &PROGRAMS {
        let (mut instance, capture) = session(it.language, it.setup);
        for _ in 0..2 {
            value(&mut instance, it.prints.0).unwrap();
            let output = capture.take();
            assert_eq!(String::from_utf8_lossy(&output.stdout), it.prints.1, "{}", it.language);
            assert_eq!(String::from_utf8_lossy(&output.stderr), it.prints.2, "{}", it.language);
            assert!(!output.is_truncated);
            // Also after a reset.
            instance.reset().unwrap();
        }
        capture.restart(500);
        let error = value(&mut instance, it.floods).unwrap_err();
        assert_eq!(error.kind(), Cancelled, "{error}");
        let output = capture.take();
        assert!(output.is_truncated);
        assert_eq!(output.stdout.len() + output.stderr.len(), 500);
        instance.reset().unwrap();
        capture.restart(500);
        value(&mut instance, it.prints.0).unwrap();
        assert!(!capture.take().is_truncated);
    }
}
