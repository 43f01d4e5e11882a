//! The arguments of a plugin's command line.

use crate::plugins::{fails, on_both};
use wasp_core::ErrorKind::Invalid;
use wasp_core::{Config, Kind, Value};

/// Answers with its command line byte by byte.
const COMMAND_LINE: &str = r#"
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $get (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "count") (result i32)
        (drop (call $sizes (i32.const 0) (i32.const 4)))
        (i32.load (i32.const 0)))
    (func (export "byte") (param i32) (result i32)
        (drop (call $sizes (i32.const 0) (i32.const 4)))
        (if (i32.ge_u (local.get 0) (i32.load (i32.const 4))) (then (return (i32.const -1))))
        (drop (call $get (i32.const 16) (i32.const 1024)))
        (i32.load8_u offset=1024 (local.get 0)))"#;

fn config(args: &[&str]) -> Config {
    let mut config = Config::new();
    config.args(args.iter().copied());
    config
}

#[test]
fn arguments_follow_the_plugins_name() {
    let given: [(&[&str], &[u8]); 3] =
        [(&[], b"p\0"), (&["-v", "", "gr\u{fc}n"], b"p\0-v\0\0gr\xc3\xbcn\0"), (&["p"], b"p\0p\0")];
    on_both(|engine| {
        for (args, line) in given {
            engine.register("p", COMMAND_LINE.as_bytes(), &config(args)).unwrap();
            let mut instance = engine.instance("p", None).unwrap();
            let mut call = |name: &str, args: &[Value<'_>]| {
                i32::try_from(instance.call(name, args, Kind::I32).unwrap()).unwrap()
            };
            assert_eq!(call("count", &[]) as usize, args.len() + 1);
            let bytes: Vec<_> = (0..)
                .map(|index| call("byte", &[Value::I32(index)]))
                .take_while(|byte| *byte >= 0)
                .map(|byte| byte as u8)
                .collect();
            assert_eq!(bytes, line);
        }
    });
}

#[test]
fn the_last_arguments_count() {
    let mut given = config(&["a", "b"]);
    given.args(["c"]);
    on_both(|engine| {
        engine.register("p", COMMAND_LINE.as_bytes(), &given).unwrap();
        let mut instance = engine.instance("p", None).unwrap();
        assert_eq!(i32::try_from(instance.call("count", &[], Kind::I32).unwrap()).unwrap(), 2);
    });
}

#[test]
fn an_argument_with_a_nul_is_refused() {
    on_both(|engine| {
        let message = r#"plugin "p": argument 2, "a\0b", has a NUL inside"#;
        let refused = engine.register("p", COMMAND_LINE.as_bytes(), &config(&["x", "a\0b"]));
        fails(refused, Invalid, message);
    });
}
