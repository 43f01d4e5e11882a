//! Modules that carry a script along: section 7 of docs/guest-abi.md.

use crate::plugins;

use plugins::{binary, fails, on_both};
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Engine, Kind, Options};

const RUNTIME: &str = include_str!("../plugins/script_runtime.wat");

fn packed(source: &str) -> Vec<u8> {
    Engine::pack_script(RUNTIME.as_bytes(), "toy", source).unwrap()
}

/// The runtime with a section of these contents.
fn with_section(contents: &[u8]) -> Vec<u8> {
    let mut module = binary(RUNTIME);
    module.extend([0, (contents.len() + 12) as u8, 11]);
    module.extend(b"wasp.script");
    module.extend(contents);
    module
}

/// What a script of the toy knows of its text.
fn source(engine: &Engine, name: &str) -> String {
    let mut instance = engine.instance(name, None).unwrap();
    format!("{:?}", instance.call("source", &[], Kind::Any).unwrap())
}

#[test]
fn a_module_that_carries_a_script_is_that_script() {
    on_both(|engine| {
        for text in ["", "text", "Grüße", &"x".repeat(1000)] {
            engine.register("script", &packed(text), &Config::new()).unwrap();
            assert_eq!(source(engine, "script"), format!("String({text:?})"));
        }
        let info = engine.plugin("script").unwrap();
        assert_eq!(info.language.as_deref(), Some("toy"));
        assert_eq!(info.functions[0].to_string(), "echo(value: any) any");
        assert_eq!(info.size, packed(&"x".repeat(1000)).len() as u64);
        // It is no runtime of scripts.
        let refused = engine.register_script("other", "script", "text", &Config::new());
        let message = "plugin \"other\": \"script\" is a script itself, no script runtime";
        fails(refused, Invalid, message);
    });
}

#[test]
fn it_is_inspected_without_running_it() {
    let info = Engine::inspect(&packed("!")).unwrap();
    assert_eq!((info.language.as_deref(), info.functions.len()), (Some("toy"), 0));
    assert!(info.imports.iter().any(|import| import.module == "wasp"));
    assert_eq!(Engine::inspect(RUNTIME.as_bytes()).unwrap().language, None);
}

#[test]
fn what_the_script_throws_is_the_error_of_the_registration() {
    let error = Engine::new().register("script", &packed("!"), &Config::new()).unwrap_err();
    assert_eq!(error.kind(), Guest);
    assert_eq!(error.trace()[0].to_string(), "module (a.js:1:3)");
}

#[test]
fn scripts_share_the_machine_code_of_their_runtime() {
    let engine = Engine::new();
    engine.register("one", &packed("one"), &Config::new()).unwrap();
    let one = engine.memory_used();
    engine.register("two", &packed("two"), &Config::new()).unwrap();
    assert!(engine.memory_used() < 2 * one, "{one} and {}", engine.memory_used());
    assert_eq!(source(&engine, "one"), "String(\"one\")");
    assert_eq!(source(&engine, "two"), "String(\"two\")");
}

#[test]
fn it_stays_a_script_when_it_is_compiled_or_cached() {
    let directory = tempfile::tempdir().unwrap();
    for compiler in [Compiler::Cranelift, Compiler::Singlepass] {
        let mut options = Options::default();
        options.compiler = compiler;
        options.cache_directory = Some(directory.path().to_owned());
        let engine = Engine::with_options(options);
        let compiled = engine.compile(&packed("text")).unwrap();
        // SAFETY: it was made just now.
        #[allow(unsafe_code)]
        unsafe { engine.register_compiled("compiled", &compiled, &Config::new()) }.unwrap();
        assert_eq!(source(&engine, "compiled"), "String(\"text\")");
        for text in ["one", "two", "one"] {
            engine.register("cached", &packed(text), &Config::new()).unwrap();
            assert_eq!(source(&engine, "cached"), format!("String({text:?})"));
        }
    }
}

#[test]
fn text_format_may_have_the_section_too() {
    let end = RUNTIME.rfind(')').unwrap();
    let wat = format!("{} (@custom \"wasp.script\" \"\\03toytext\"))", &RUNTIME[..end]);
    let engine = Engine::new();
    engine.register("script", wat.as_bytes(), &Config::new()).unwrap();
    assert_eq!(source(&engine, "script"), "String(\"text\")");
}

#[test]
fn sections_that_are_no_script_are_refused() {
    let refuses = |module: &[u8], message: &str| {
        let engine = Engine::new();
        let named = format!("plugin \"p\": {message}");
        fails(engine.register("p", module, &Config::new()), Invalid, &named);
        fails(Engine::inspect(module), Invalid, message);
        fails(engine.compile(module), Invalid, message);
    };
    let start = "the section \"wasp.script\" has no name of a language at its start";
    for contents in
        [&b""[..], b"\x05toy", b"\xff\xff\xff\xff\x0f", b"\xff\xff\xff\xff\xff\xff", b"\x01\xff"]
    {
        refuses(&with_section(contents), start);
    }
    let language = |shown: &str| {
        format!(
            "the section \"wasp.script\" names {shown:?} as its language, and a language is 1 to 64 letters, digits, '-' and '_' of ASCII"
        )
    };
    refuses(&with_section(b"\x00text"), &language(""));
    refuses(&with_section(b"\x06../etctext"), &language("../etc"));
    refuses(
        &with_section(b"\x03toy\xff"),
        "the section \"wasp.script\" has a text that is not UTF-8",
    );
    refuses(
        &with_section(b"\x03toya\0b"),
        "the section \"wasp.script\" has a text with a NUL inside",
    );
    let mut twice = packed("one");
    twice.extend(&packed("one")[binary(RUNTIME).len()..]);
    refuses(&twice, "the module has several sections \"wasp.script\", and carries one script");

    let mut plain = b"\0asm\x01\0\0\0".to_vec();
    plain.extend(&packed("one")[binary(RUNTIME).len()..]);
    let message =
        "plugin \"p\": its runtime exports no function \"wasp_load\", as script runtimes do";
    fails(Engine::new().register("p", &plain, &Config::new()), Invalid, message);
}

#[test]
fn what_cannot_be_packed_is_refused() {
    let refuses = |runtime: &[u8], language, source, message: &str| {
        fails(Engine::pack_script(runtime, language, source), Invalid, message);
    };
    let none = "the module exports no function \"wasp_load\", as script runtimes do";
    refuses(b"(module)", "toy", "", none);
    let already = "the module has a section \"wasp.script\" already, and carries one script";
    refuses(&packed("one"), "toy", "two", already);
    let nul = "the section \"wasp.script\" has a text with a NUL inside";
    refuses(RUNTIME.as_bytes(), "toy", "a\0b", nul);
    assert!(Engine::pack_script(RUNTIME.as_bytes(), "a b", "").is_err());
    assert!(Engine::pack_script(b"hello", "toy", "").is_err());
}

/// Each prefix, and each byte of the section changed: an error or a plugin, and no panic.
#[test]
fn damaged_sections_are_read() {
    let module = packed("text");
    let start = binary(RUNTIME).len();
    for at in start..module.len() {
        let _ = Engine::inspect(&module[..at]);
        for value in [0, 0x7F, 0x80, 0xFF] {
            let mut changed = module.clone();
            changed[at] = value;
            let _ = Engine::inspect(&changed);
        }
    }
    assert_eq!(Engine::inspect(&module[..start]).unwrap().language, None);
}
