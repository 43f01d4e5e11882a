//! Compiled modules on disk: loaded when they verify, compiled anew when they don't, never a crash.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Engine, Kind, Level, Log, Options, Value};

/// A directory that is gone when the test ends.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wasp-cache-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A module with data, a table, a name for traces, and code that no snapshot can undo if `unrestorable`.
fn module(unrestorable: bool) -> String {
    let more = if unrestorable { "(table.set (i32.const 0) (ref.null func))" } else { "" };
    format!(
        r#"(module
             (memory (export "memory") 1)
             (data (i32.const 16) "Hello\00")
             (table 1 funcref) (elem (i32.const 0) $hello)
             (func $hello (export "hello") (result i32) (i32.const 16))
             (func (export "call") (result i32) (call_indirect (result i32) (i32.const 0)))
             (func $spoil (export "spoil") (i32.store8 (i32.const 16) (i32.const 0x4A)) {more})
             (func $trap (export "trap") unreachable)
             (func (export "spin") (loop (br 0))))"#
    )
}

/// An engine over the cache, and the reasons why it compiled anew.
fn engine(directory: &Path, compiler: Compiler) -> (Engine, Arc<Mutex<Vec<String>>>) {
    let reasons = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&reasons);
    let mut options = Options::default();
    options.compiler = compiler;
    options.cache_directory = Some(directory.to_owned());
    options.log = Log::new(Level::Info, move |record| {
        if let Some((_, reason)) = record.fields.iter().find(|(name, _)| *name == "reason") {
            heard.lock().unwrap().push(format!("{}: {reason}", record.message));
        }
    });
    (Engine::with_options(options), reasons)
}

/// Registers the module and sees that all of it works.
fn works(engine: &Engine, wat: &str) {
    let mut config = Config::new();
    let mut limits = wasp_core::Limits::default();
    limits.timeout = Some(std::time::Duration::from_millis(500));
    config.limits(limits);
    engine.register("p", wat.as_bytes(), &config).unwrap();
    let mut p = engine.instance("p", None).unwrap();
    assert_eq!(p.call("call", &[], Kind::String).unwrap(), Value::String("Hello"));
    let error = p.call("trap", &[], Kind::None).unwrap_err();
    assert_eq!(error.trace()[0].function.as_deref(), Some("trap"));
    p.reset().unwrap();
    p.call("spoil", &[], Kind::None).unwrap();
    drop(p);
    let mut p = engine.instance("p", None).unwrap();
    assert_eq!(p.call("call", &[], Kind::String).unwrap(), Value::String("Hello"));
    assert_eq!(p.call("spin", &[], Kind::None).unwrap_err().kind(), Timeout);
}

#[test]
fn a_module_is_compiled_once() {
    for compiler in [Compiler::Cranelift, Compiler::Singlepass] {
        for unrestorable in [false, true] {
            let directory = Directory::new("once");
            let wat = module(unrestorable);
            let (first, _) = engine(&directory.0, compiler);
            works(&first, &wat);
            let [file] = &directory.files()[..] else { panic!("not one file") };
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(fs::metadata(&directory.0).unwrap().permissions().mode() & 0o777, 0o700);
            let written = fs::metadata(file).unwrap().modified().unwrap();

            let (second, reasons) = engine(&directory.0, compiler);
            works(&second, &wat);
            assert_eq!(*reasons.lock().unwrap(), [""; 0]);
            assert_eq!(fs::metadata(file).unwrap().modified().unwrap(), written);
        }
    }
}

/// Whether code checks its accesses depends on the limit of memory.
#[test]
fn code_of_both_kinds_is_kept() {
    let answer = |engine: &Engine| {
        let mut p = engine.instance("p", None).unwrap();
        assert_eq!(p.call("call", &[], Kind::String).unwrap(), Value::String("Hello"));
    };
    let (wat, small) = (module(false), 16 << 20);
    for compiler in [Compiler::Cranelift, Compiler::Singlepass] {
        let directory = Directory::new("bounds");
        for _ in 0..2 {
            let (engine, reasons) = engine(&directory.0, compiler);
            for most in [small, 64 << 10, 2 * small, 4 * small] {
                let mut config = Config::new();
                config.memory_limit(most);
                engine.register("p", wat.as_bytes(), &config).unwrap();
                answer(&engine);
            }
            // The small ones share one, and so do the large ones.
            assert_eq!(directory.files().len(), 2);
            // Ahead of time nobody knows the limits.
            let code = engine.compile(wat.as_bytes()).unwrap();
            let mut config = Config::new();
            config.memory_limit(64 << 10);
            // SAFETY: `compile` made it.
            unsafe { engine.register_compiled("p", &code, &config) }.unwrap();
            answer(&engine);
            assert_eq!(directory.files().len(), 2);
            assert_eq!(*reasons.lock().unwrap(), [""; 0]);
        }
    }
}

#[test]
fn compilers_and_modules_have_files_of_their_own() {
    let directory = Directory::new("own");
    for compiler in [Compiler::Cranelift, Compiler::Singlepass] {
        for unrestorable in [false, true] {
            works(&engine(&directory.0, compiler).0, &module(unrestorable));
        }
    }
    assert_eq!(directory.files().len(), 4);
}

#[test]
fn a_damaged_file_is_compiled_anew() {
    let directory = Directory::new("damaged");
    let wat = module(false);
    works(&engine(&directory.0, Compiler::Singlepass).0, &wat);
    let file = directory.files().remove(0);
    let good = fs::read(&file).unwrap();

    let mut damaged = Vec::new();
    // A bit anywhere, all of the trailer, and every length.
    let places = (0..good.len()).step_by(good.len() / 150).chain(good.len() - 102..good.len());
    for at in places {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        damaged.push(bytes);
    }
    for len in (0..good.len()).step_by(good.len() / 50).chain(good.len() - 102..good.len()) {
        damaged.push(good[..len].to_vec());
    }
    damaged.push([&good[..], b"more"].concat());
    damaged.push(vec![0; 1 << 20]);
    for bytes in damaged {
        fs::write(&file, &bytes).unwrap();
        let (engine, reasons) = engine(&directory.0, Compiler::Singlepass);
        engine.register("p", wat.as_bytes(), &Config::new()).unwrap();
        let reasons = reasons.lock().unwrap();
        assert_eq!(reasons.len(), 1);
        assert!(reasons[0].starts_with("Compiling a module anew: it is "), "{}", reasons[0]);
        // And the file is whole again.
        assert_eq!(fs::read(&file).unwrap().len(), good.len());
    }
    let (engine, reasons) = engine(&directory.0, Compiler::Singlepass);
    works(&engine, &wat);
    assert!(reasons.lock().unwrap().is_empty());
}

#[test]
fn a_file_of_another_module_is_not_taken_for_it() {
    let directory = Directory::new("swapped");
    let (a, b) = (module(false), module(true));
    works(&engine(&directory.0, Compiler::Singlepass).0, &a);
    let of_a = directory.files().remove(0);
    works(&engine(&directory.0, Compiler::Singlepass).0, &b);
    let of_b = directory.files().into_iter().find(|file| *file != of_a).unwrap();
    fs::copy(&of_a, &of_b).unwrap();
    let (engine, reasons) = engine(&directory.0, Compiler::Singlepass);
    works(&engine, &b);
    assert_eq!(*reasons.lock().unwrap(), ["Compiling a module anew: it is of another module"]);
}

#[test]
fn a_directory_that_can_not_be_made_is_an_error() {
    let directory = Directory::new("file");
    fs::write(&directory.0, "a file").unwrap();
    let (engine, _) = engine(&directory.0.join("below"), Compiler::Singlepass);
    let error = engine.register("p", b"(module)", &Config::new()).unwrap_err();
    assert_eq!(error.kind(), Io);
    assert!(error.to_string().starts_with("plugin \"p\": cache directory \""), "{error}");
    drop(fs::remove_file(&directory.0));
}

#[test]
fn many_threads_share_a_directory() {
    let directory = Directory::new("threads");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let (engine, reasons) = engine(&directory.0, Compiler::Singlepass);
                    works(&engine, &module(false));
                    assert_eq!(*reasons.lock().unwrap(), [""; 0]);
                }
            });
        }
    });
    assert_eq!(directory.files().len(), 1);
}

#[test]
fn a_module_compiled_ahead_of_time() {
    for compiler in [Compiler::Cranelift, Compiler::Singlepass] {
        let mut options = Options::default();
        options.compiler = compiler;
        let engine = Engine::with_options(options);
        let compiled = engine.compile(module(false).as_bytes()).unwrap();
        // SAFETY: wasp just made it.
        unsafe { engine.register_compiled("p", &compiled, &Config::new()) }.unwrap();
        let mut p = engine.instance("p", None).unwrap();
        assert_eq!(p.call("call", &[], Kind::String).unwrap(), Value::String("Hello"));

        // Damage, another compiler's, no compiled module at all.
        let mut damaged = compiled.clone();
        damaged[compiled.len() / 2] ^= 1;
        let other = if compiler == Compiler::Cranelift {
            Compiler::Singlepass
        } else {
            Compiler::Cranelift
        };
        let mut options = Options::default();
        options.compiler = other;
        let others = Engine::with_options(options).compile(b"(module)").unwrap();
        for (bytes, reason) in [
            (&damaged[..], "it is damaged"),
            (&others, "another version of wasp, another compiler or another processor made it"),
            (b"\0asm\x01\0\0\0", "it is not a module that wasp compiled"),
            (b"", "it is too short"),
        ] {
            // SAFETY: what wasp didn't make doesn't verify.
            let error =
                unsafe { engine.register_compiled("q", bytes, &Config::new()) }.unwrap_err();
            let message = format!("plugin \"q\": the compiled module can't be used: {reason}");
            assert_eq!((error.kind(), error.to_string()), (Compile, message));
        }
    }
}

#[test]
fn loading_is_quicker_than_compiling() {
    // Not a bound: it prints the ratio. What can fail is the count of compilations above.
    let Ok(wasm) = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../build/plugins/go.wasm"))
    else {
        return;
    };
    let directory = Directory::new("quick");
    let times = [(); 2].map(|()| {
        let (engine, _) = engine(&directory.0, Compiler::Cranelift);
        let start = Instant::now();
        let mut config = Config::new();
        config.callback("env", "call_me", &[Kind::String], Kind::String, |_, _| Ok(()));
        engine.register("go", &wasm, &config).unwrap();
        start.elapsed()
    });
    println!("compiled in {:?}, loaded in {:?}", times[0], times[1]);
}
