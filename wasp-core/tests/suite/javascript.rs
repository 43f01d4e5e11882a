//! Scripts in JavaScript, by the runtime that `make runtimes` leaves.

use crate::plugins;

use plugins::on_both;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;
use wasp_core::ErrorKind::*;
use wasp_core::{Config, Engine, Error, Instance, Kind, Limits, Options, Result, Value};

/// An engine that several tests share, so that the runtime is compiled once.
fn engine() -> Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let make = || {
        let mut options = Options::default();
        options.runtime_directory =
            Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../build/runtimes"));
        Engine::with_options(options)
    };
    ENGINE.get_or_init(make).clone()
}

fn register(source: &str, config: &Config) -> Result<Instance> {
    let name = format!("greeter{}", next_number());
    let engine = engine();
    engine.register_script(&name, "javascript", source, config)?;
    engine.instance(&name, None)
}

fn next_number() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn script(source: &str) -> Instance {
    register(source, &Config::new()).unwrap()
}

/// Runs `body`, the body of a function, and shows its result.
fn run(body: &str) -> Result<String, Error> {
    let mut instance = script(&format!("export function f() {{ {body} }}"));
    instance.call("f", &[], Kind::Any).map(|value| format!("{value:?}"))
}

fn message(error: &Error) -> String {
    let frames: Vec<String> = error.trace().iter().map(ToString::to_string).collect();
    format!("{error} | {}", frames.join(" | "))
}

#[test]
fn values_pass_both_ways() {
    let mut p = script("export function same(x) { return x }");
    for value in [
        Value::None,
        Value::I32(-1),
        Value::I64(i64::MIN),
        Value::F64(0.5),
        Value::F64(-0.0),
        Value::F64(1e300),
        Value::String("Gr\u{fc}\u{df}e \u{1f600}\0!"),
        Value::Bytes(b"\0\xff"),
        Value::Bytes(b""),
        Value::Json(r#"{"a":[1,null,"x"],"__proto__":{"b":true}}"#),
        Value::Json("true"),
        Value::Json("[]"),
    ] {
        let result = p.call("same", &[value], Kind::Any).unwrap();
        assert_eq!(format!("{result:?}"), format!("{value:?}"));
    }
    // A number has one kind in JavaScript.
    assert_eq!(p.call("same", &[Value::F64(3.0)], Kind::Any).unwrap(), Value::I32(3));
    assert_eq!(p.call("same", &[Value::F32(0.5)], Kind::Any).unwrap(), Value::F64(0.5));
    for (body, result) in [
        ("return 2 ** 31", "F64(2147483648.0)"),
        ("return 10n ** 18n", "I64(1000000000000000000)"),
        ("return new Uint16Array([1, 2]).subarray(1)", "Bytes([2, 0])"),
        ("return new ArrayBuffer(2)", "Bytes([0, 0])"),
        (r#"return "a\ud800b""#, "String(\"a\u{fffd}b\")"),
        ("return {toJSON() { return 7 }}", "Json(\"7\")"),
        ("return", "None"),
        ("return undefined", "None"),
        ("return NaN", "F64(NaN)"),
        (
            "const o = {}; for (let i = 0; i < 20; i++) o[i] = 'x'.repeat(500); return JSON.stringify(o).length",
            "I32(10151)",
        ),
    ] {
        assert_eq!(run(body).unwrap(), result, "{body}");
    }
    for (body, says) in [
        ("return () => 1", "TypeError: a function can't be passed to the host"),
        ("return Symbol()", "TypeError: a symbol can't be passed to the host"),
        ("const a = []; a.push(a); return a", "TypeError: circular reference"),
        (
            "return 2n ** 63n",
            "RangeError: a BigInt of more than 64 bits can't be passed to the host",
        ),
        ("return {a: 1n}", "TypeError: "),
        ("return {toJSON() { throw new RangeError('no') }}", "RangeError: no"),
        ("return new Proxy({}, {get() { throw 7 }})", "7"),
    ] {
        let error = run(body).unwrap_err();
        assert_eq!(error.kind(), Guest, "{body}");
        assert!(error.to_string().starts_with(says), "{body}: {error}");
    }
}

#[test]
fn exported_functions_are_listed() {
    let p = script(
        "export function hello(name, greeting = 'Hello', {a, b} = {}, ...rest) {}
         export const twice = x => 2 * x
         export const later = async (a, b) => a
         export default function () {}
         export class Plain {}
         export const number = 3
         function hidden() {}",
    );
    let lines: Vec<String> = p.functions().iter().map(ToString::to_string).collect();
    assert!(
        lines.contains(&"hello(name: any, greeting: any, argument3: any) any".to_owned()),
        "{lines:?}"
    );
    for line in ["twice(x: any) any", "later(a: any, b: any) any", "default() any"] {
        assert!(lines.contains(&line.to_owned()), "{lines:?}");
    }
    assert!(!lines.iter().any(|line| line.starts_with("number") || line.starts_with("hidden")));
}

#[test]
fn callbacks_are_imports() {
    let mut config = Config::new();
    config.callback("env", "call_me", &[Kind::String], Kind::String, |caller, args| {
        let name: &str = args[0].try_into()?;
        if name == "fail" {
            return Err("on purpose".into());
        }
        caller.set_result(Value::String(&format!("Hello {name}")));
        Ok(())
    });
    config.callback("my.store", "get", &[Kind::Json, Kind::I64], Kind::Json, |caller, args| {
        assert_eq!(args, [Value::Json("{\"a\":1}"), Value::I64(7)]);
        caller.set_result(Value::Json("[true]"));
        Ok(())
    });
    let source = "import { call_me } from 'wasp:env'
        import * as store from 'wasp:my.store'
        export const hello = name => call_me(name)
        export const get = () => store.get({a: 1}, 7)
        export const wrong = () => { try { call_me(1) } catch (e) { return String(e) } }
        export const many = n => { let x; for (let i = 0; i < n; i++) x = call_me('x'.repeat(1000)); return x.length }";
    let mut p = register(source, &config).unwrap();
    assert_eq!(p.call("hello", &["Nic".into()], Kind::String).unwrap(), Value::String("Hello Nic"));
    assert_eq!(p.call("get", &[], Kind::Any).unwrap(), Value::Json("[true]"));
    assert_eq!(
        p.call("wrong", &[], Kind::Any).unwrap(),
        Value::String(
            "TypeError: callback \"env\".\"call_me\": argument 1 is i32 [1], which does not fit string"
        )
    );
    let before = p.memory_size();
    assert_eq!(p.call("many", &[100_000.into()], Kind::Any).unwrap(), Value::I32(1006));
    assert_eq!(p.memory_size(), before);
    let error = p.call("hello", &["fail".into()], Kind::String).unwrap_err();
    assert_eq!(error.kind(), Callback);
    let error = register("import { call_you } from 'wasp:env'", &config).unwrap_err();
    assert_eq!(error.kind(), Guest);
    assert!(error.to_string().contains("call_you"), "{error}");
    for module in ["wasp:other", "./file.js", "fs"] {
        let error = register(&format!("import '{module}'"), &config).unwrap_err();
        assert!(error.to_string().contains("there is no module"), "{error}");
        assert_eq!(error.kind(), Guest);
    }
}

#[test]
fn errors_have_the_frames_of_the_script() {
    let source = "export function f(x) {\n  return g(x)\n}\nfunction g(x) {\n  return x.y.z\n}";
    let mut p = script(source);
    let plugin = p.plugin().to_owned();
    let error = p.call("f", &[Value::Json("{}")], Kind::Any).unwrap_err();
    assert_eq!(error.kind(), Guest);
    assert_eq!(
        message(&error),
        format!(
            "TypeError: cannot read property 'z' of undefined | g ({plugin}.js:5:10) | f ({plugin}.js:2:12)"
        )
    );
    for (source, says) in [
        ("let x = 1\nlet = 3 +", "SyntaxError: "),
        ("\nnull.x", "TypeError: cannot read property 'x' of null"),
        ("await new Promise(() => {})", "TypeError: the promise is still pending"),
        ("throw 'text\\nmore'", "text more"),
    ] {
        let error = register(source, &Config::new()).unwrap_err();
        assert_eq!(error.kind(), Guest);
        assert!(error.to_string().contains(says), "{error}");
        println!("{}", message(&error));
    }
    let error = register("\n\n  let = 3", &Config::new()).unwrap_err();
    assert!(error.to_string().contains(".js:3:"), "{error}");
}

#[test]
fn promises_are_settled_within_the_call() {
    let mut p = script(
        "export async function f(x) { await null; await new Promise(r => queueMicrotask(r)); return x + 1 }
         export async function g() { await null; throw new RangeError('late') }
         export const h = () => new Promise(() => {})
         let n = 0
         export const lazy = () => { Promise.resolve().then(() => n++); return n }
         export const count = () => n",
    );
    assert_eq!(p.call("f", &[1.into()], Kind::I32).unwrap(), Value::I32(2));
    let error = p.call("g", &[], Kind::Any).unwrap_err();
    assert!(message(&error).starts_with("RangeError: late | g ("), "{}", message(&error));
    let error = p.call("h", &[], Kind::Any).unwrap_err();
    assert!(error.to_string().contains("still pending"), "{error}");
    p.call("lazy", &[], Kind::Any).unwrap();
    assert_eq!(p.call("count", &[], Kind::Any).unwrap(), Value::I32(1));
}

#[test]
fn globals_do_what_they_should() {
    for (body, result) in [
        ("return new TextEncoder().encode('\u{e9}')", "Bytes([195, 169])"),
        (
            "return new TextDecoder().decode(new Uint8Array([195, 169, 255]))",
            "String(\"\u{e9}\u{fffd}\")",
        ),
        (
            "try { new TextDecoder('utf-8', {fatal: true}).decode(new Uint8Array([255])) } catch (e) { return e.name }",
            "String(\"TypeError\")",
        ),
        (
            "return new TextEncoder().encodeInto('a\u{e9}', new Uint8Array(2))",
            "Json(\"{\\\"read\\\":1,\\\"written\\\":1}\")",
        ),
        ("return btoa('hi') + atob('aGk=')", "String(\"aGk=hi\")"),
        (
            "const a = {m: new Map([[1, {d: new Date(5)}]])}; a.self = a; const b = structuredClone(a); return b !== a && b.self === b && b.m.get(1).d.getTime() === 5",
            "Json(\"true\")",
        ),
        (
            "try { structuredClone(() => 1) } catch (e) { return e.name }",
            "String(\"DataCloneError\")",
        ),
        (
            "return /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())",
            "Json(\"true\")",
        ),
        ("return Date.now() > 1.7e12 && performance.now() >= 0", "Json(\"true\")"),
        (
            "return [typeof std, typeof os, typeof require, typeof process, typeof setTimeout, typeof Worker].join()",
            "String(\"undefined,undefined,undefined,undefined,undefined,undefined\")",
        ),
    ] {
        assert_eq!(run(body).unwrap(), result, "{body}");
    }
}

#[test]
fn each_sandbox_has_randomness_of_its_own() {
    let engine = engine();
    let source = "export const f = () => [Math.random(), crypto.randomUUID()].join()";
    engine.register_script("random", "javascript", source, &Config::new()).unwrap();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..50 {
        let mut p = engine.instance("random", None).unwrap();
        for _ in 0..2 {
            let drawn: &str = p.call("f", &[], Kind::String).unwrap().try_into().unwrap();
            assert!(seen.insert(drawn.to_owned()));
        }
        p.reset().unwrap();
        let drawn: &str = p.call("f", &[], Kind::String).unwrap().try_into().unwrap();
        assert!(seen.insert(drawn.to_owned()));
    }
}

#[test]
fn files_are_those_of_the_workspace() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("in.txt"), "Gr\u{fc}\u{df}e").unwrap();
    std::fs::create_dir(directory.path().join("folder")).unwrap();
    let source = "import { readFile, writeFile, readdir } from 'wasp:fs'
        const failing = f => { try { f(); return 'none' } catch (e) { return e.code } }
        export const f = () => {
          writeFile('out.txt', readFile('in.txt', 'utf8') + '!')
          writeFile('/workspace/folder/b', new Uint8Array([1, 2]))
          return [readdir('.').join(), readFile('folder/b').length, failing(() => readFile('none')),
            failing(() => readFile('folder')), failing(() => readFile('../etc/passwd')), failing(() => readFile('/etc/passwd'))].join(' ')
        }";
    let engine = engine();
    engine.register_script("files", "javascript", source, &Config::new()).unwrap();
    let mut p = engine.instance("files", Some(directory.path())).unwrap();
    let result = p.call("f", &[], Kind::String).unwrap();
    assert_eq!(result, Value::String("folder,in.txt,out.txt 2 ENOENT EISDIR EPERM EACCES"));
    let written = std::fs::read_to_string(directory.path().join("out.txt")).unwrap();
    assert_eq!(written, "Gr\u{fc}\u{df}e!");
}

/// What may take long, much memory or a deep stack: the host lives, the limit is told, and the next sandbox is right.
#[test]
fn hostile_scripts_meet_their_limits() {
    let mut config = Config::new();
    let mut limits = Limits::default();
    limits.timeout = Some(Duration::from_millis(200));
    limits.memory_bytes = 64 << 20;
    config.limits(limits);
    let source = "export const f = body => new Function(body)()\nexport const ok = () => 42";
    let engine = engine();
    engine.register_script("hostile", "javascript", source, &config).unwrap();
    let stops = |body: &str, kinds: &[wasp_core::ErrorKind], says: &str| {
        let mut p = engine.instance("hostile", None).unwrap();
        let error = p.call("f", &[body.into()], Kind::Any).unwrap_err();
        println!("{body}: {error}");
        assert!(
            kinds.contains(&error.kind()) && error.to_string().contains(says),
            "{body}: {error}"
        );
        drop(p);
        let mut p = engine.instance("hostile", None).unwrap();
        assert_eq!(p.call("ok", &[], Kind::I32).unwrap(), Value::I32(42));
    };
    for body in [
        "for (;;) {}",
        "for (;;) try { for (;;) {} } finally { continue }",
        "(function again() { Promise.resolve().then(again) })()",
        "return new Array(1e9) + ''",
        "return /^(a+)+$/.test('a'.repeat(40) + 'b')",
        "let s = 10n; for (;;) s = s * s",
        "return [...Array(1e7).keys()].sort(() => Math.random() - 0.5).length",
        "return {toJSON() { for (;;) {} }}",
    ] {
        stops(body, &[Timeout, Guest], "");
    }
    stops("return 'x'.repeat(2 ** 40)", &[Guest], "RangeError");
    stops("const a = []; for (;;) a.push('x'.repeat(1e6) + a.length)", &[Guest, Trap, Timeout], "");
    stops("return new Uint8Array(2 ** 31)", &[Guest], "");
    // Beyond what 32 bits say in bytes, it was written to far outside its block.
    stops("return [].toReversed.call({length: 2 ** 29 + 1})", &[Guest, Timeout], "");
    for body in [
        "return (function f() { return f() + 1 })()",
        "return (function f(...x) { return f(...x, 1).length })()",
        "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a",
        "return JSON.parse('['.repeat(1e5))",
        "return new Function('return ' + '('.repeat(1e5))",
        "return new RegExp('('.repeat(1e5) + ')'.repeat(1e5)).test('a')",
        "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); return p.x",
        "let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(null); return f()",
        "const a = []; a.toString = () => String(a); return String(a)",
    ] {
        // Where it isn't the depth that ends it, it is the time: looking for circles takes the square of the depth.
        stops(body, &[Guest, Trap, Timeout], "");
    }
}

#[test]
fn both_compilers_run_it() {
    on_both(|engine| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../build/runtimes/javascript.wasm");
        engine.register_file("javascript", path, &Config::new()).unwrap();
        let source = "export const hello = name => `Hello ${name}`";
        engine.register_script("p", "javascript", source, &Config::new()).unwrap();
        let mut p = engine.instance("p", None).unwrap();
        assert_eq!(
            p.call("hello", &["Nic".into()], Kind::Any).unwrap(),
            Value::String("Hello Nic")
        );
    });
}
