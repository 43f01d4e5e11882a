//! Hosts that limit themselves or do unusual things with their process: plugins work, or there is an error that says why.

use crate::alone::{alone, alone_saying};
use crate::filter::{Refused, refuse};
use crate::plugins;
use crate::process_limit::limit;

use plugins::{engine, fails, instance, on_both, with_limits};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Engine, Kind, Log, Options, Stdio, Value};

/// Each of the faults that a guest can have.
const FAULTS: &str = r#"
    (memory (export "memory") 1)
    (func (export "bounds") (drop (i32.load (i32.const 65536))))
    (func (export "division") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
    (func (export "unreachable") unreachable)
    (func $deep (export "deep") (call $deep) (call $deep))
    (func (export "good") (result i32) (i32.const 7))"#;

fn all_faults(engine: &Engine) {
    let mut p = engine.instance("p", None).unwrap();
    for (name, args) in
        [("bounds", &[][..]), ("division", &[Value::I32(0)]), ("unreachable", &[]), ("deep", &[])]
    {
        let kind = if name == "division" { Kind::I32 } else { Kind::None };
        assert_eq!(p.call(name, args, kind).unwrap_err().kind(), Trap, "{name}");
        p.reset().unwrap();
        assert_eq!(p.call("good", &[], Kind::I32).unwrap(), Value::I32(7));
    }
}

#[test]
fn threads_that_block_all_signals() {
    alone("host_limits::blocked_signals");
}

#[test]
#[ignore = "blocks signals: run by threads_that_block_all_signals"]
fn blocked_signals() {
    fn block() {
        // SAFETY: a set of this function's own.
        unsafe {
            let mut all = std::mem::zeroed();
            libc::sigfillset(&raw mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, std::ptr::null_mut());
        }
    }
    // Before the first engine of the process, and in threads that begin so.
    block();
    on_both(|engine| {
        instance(engine, FAULTS, &Config::new());
        all_faults(engine);
        let engine = engine.clone();
        std::thread::spawn(move || {
            block();
            all_faults(&engine);
        })
        .join()
        .unwrap();
    });
}

/// The finding: a module of 200 bytes made the host allocate 2.5 GB before its limit was looked at.
#[test]
fn tables_beyond_the_limit_take_no_memory() {
    alone("host_limits::large_tables");
}

#[test]
#[ignore = "limits the address space: run by tables_beyond_the_limit_take_no_memory"]
fn large_tables() {
    let wat = "(table 10000000 10000000 funcref)".repeat(8);
    on_both(|engine| {
        let message =
            r#"plugin "p": it starts with 80000000 table elements, more than its limit of 1000000"#;
        fails(engine.register("p", wat.as_bytes(), &Config::new()), Resource, message);
    });
    // Within a limit that is larger than the machine.
    limit(libc::RLIMIT_AS, 64 << 30);
    let config = with_limits(|limits| limits.table_elements = u32::MAX);
    let wat = "(table 4000000000 4000000000 funcref)";
    on_both(|engine| {
        let error = engine.register("p", wat.as_bytes(), &config).unwrap_err();
        assert_eq!(error.kind(), Resource, "{error}");
        assert!(error.to_string().contains("no memory for the 4000000000 table elements"));
    });
}

#[test]
fn files_may_have_a_limited_size() {
    alone("host_limits::file_size");
}

/// The finding: the image of a snapshot is a file in memory, and one beyond RLIMIT_FSIZE ended the process by SIGXFSZ.
#[test]
#[ignore = "limits the size of files: run by files_may_have_a_limited_size"]
fn file_size() {
    limit(libc::RLIMIT_FSIZE, 100_000);
    let large = "(memory (export \"memory\") 16) (data (i32.const 0) \"x\")";
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("file-size");
    std::fs::create_dir_all(&dir).unwrap();
    on_both(|engine| {
        let error = engine.register("p", large.as_bytes(), &Config::new()).unwrap_err();
        assert_eq!(error.kind(), Resource, "{error}");
        assert!(error.to_string().contains("no memory for its snapshot: File too large"));
        // Without a snapshot there is no such file; and what a plugin writes ends in an error of its own.
        let wat = r#"
            (import "wasi_snapshot_preview1" "path_open"
              (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_pwrite"
              (func $write (param i32 i32 i32 i64 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "out.txt") (data (i32.const 16) "\00\00\00\00\0a\00\00\00")
            (func (export "write") (param i64) (result i32)
              (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 7) (i32.const 1)
                    (i64.const 68) (i64.const 0) (i32.const 0) (i32.const 32)) (then unreachable))
              (call $write (i32.load (i32.const 32)) (i32.const 16) (i32.const 1) (local.get 0) (i32.const 40)))"#;
        let mut config = Config::new();
        config.snapshot(false);
        engine.register("p", wat.as_bytes(), &config).unwrap();
        let mut p = engine.instance("p", Some(&dir)).unwrap();
        assert_eq!(p.call("write", &[0.into()], Kind::I32).unwrap(), Value::I32(0));
        // EFBIG
        assert_eq!(p.call("write", &[200_000.into()], Kind::I32).unwrap(), Value::I32(22));
    });
}

/// The finding: MemoryDenyWriteExecute was a compile error, and a panic's words on the host's error output.
#[test]
fn memory_that_may_not_become_executable() {
    alone("host_limits::no_executable_memory");
}

#[test]
#[ignore = "refuses system calls: run by memory_that_may_not_become_executable"]
fn no_executable_memory() {
    let ahead = [Compiler::Cranelift, Compiler::Singlepass].map(|compiler| {
        let engine = plugins::engine(compiler, Log::default());
        let code = engine.compile(FAULTS.as_bytes()).unwrap();
        (engine, code)
    });
    const READ_EXECUTE: u32 = (libc::PROT_READ | libc::PROT_EXEC) as u32;
    refuse(&[
        Refused::with(libc::SYS_mprotect, 2, READ_EXECUTE, libc::EACCES),
        Refused::with(libc::SYS_mprotect, 2, READ_EXECUTE | libc::PROT_WRITE as u32, libc::EACCES),
    ]);
    on_both(|engine| {
        let error = engine.register("p", FAULTS.as_bytes(), &Config::new()).unwrap_err();
        assert_eq!(error.kind(), Resource, "{error}");
        assert!(error.to_string().contains("MemoryDenyWriteExecute"), "{error}");
    });
    for (engine, code) in &ahead {
        // SAFETY: `compile` made it.
        let error = unsafe { engine.register_compiled("p", code, &Config::new()) }.unwrap_err();
        assert_eq!(error.kind(), Resource, "{error}");
        assert!(error.to_string().contains("MemoryDenyWriteExecute"), "{error}");
    }
}

/// The finding: the text was parsed as a whole first, to twelve times its size, and past the time limit.
#[test]
fn a_listing_is_no_larger_than_its_exports_need() {
    on_both(|engine| {
        let wat = |bytes: usize| {
            format!(
                r#"(memory (export "memory") 512)
                   (func (export "_initialize")
                     (memory.fill (i32.const 8) (i32.const 10) (i32.const {bytes})))
                   (func (export "wasp_signatures") (result i32) (i32.const 8))"#
            )
        };
        engine.register("p", wat(60 << 10).as_bytes(), &Config::new()).unwrap();
        let error = engine.register("p", wat(30 << 20).as_bytes(), &Config::new()).unwrap_err();
        assert_eq!(error.kind(), Abi, "{error}");
        assert!(error.to_string().contains("31457280 bytes, more than the"), "{error}");
    });
}

/// The finding: one trap made copies of the names of all frames, 130 MiB at the default stack.
#[test]
fn a_deep_trap_costs_no_more_than_its_trace() {
    on_both(|engine| {
        let name = "n".repeat(900);
        let wat = format!(
            r#"(func ${name} (export "f") (param i32)
                 (if (i32.eqz (local.get 0)) (then unreachable))
                 (call ${name} (i32.sub (local.get 0) (i32.const 1))))"#
        );
        let config = with_limits(|limits| limits.stack_bytes = 32 << 20);
        let mut p = instance(engine, &wat, &config);
        let before = peak();
        let error = p.call("f", &[150_000.into()], Kind::None).unwrap_err();
        assert_eq!(error.trace().len(), 100, "{error}");
        // The stack itself and its addresses, but not 150,000 names of a kilobyte.
        assert!(peak() - before < 100 << 20, "{} MiB", (peak() - before) >> 20);
    });
}

/// The most memory that this process has had, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

/// The finding: three gigabytes of random bytes took twelve seconds of a limit of 0.1.
#[test]
fn random_bytes_are_within_the_time_limit() {
    let wat = r#"
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (memory (export "memory") 49152)
        (func (export "f") (param i32) (result i32) (call $random (i32.const 0) (local.get 0)))"#;
    on_both(|engine| {
        let config = with_limits(|limits| limits.timeout = Some(Duration::from_millis(300)));
        let mut p = instance(engine, wat, &config);
        let few = p.call("f", &[200_000.into()], Kind::I32).unwrap();
        assert_eq!(few, Value::I32(0));
        let start = Instant::now();
        let error =
            p.call("f", &[i32::from_le_bytes(3_000_000_000u32.to_le_bytes()).into()], Kind::I32);
        assert_eq!(error.unwrap_err().kind(), Timeout);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    });
}

/// The finding: whoever owns or may write to the cache directory runs code in the process.
#[test]
fn a_cache_directory_that_others_can_write_to_is_refused() {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("cache-mode-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let mut options = Options::default();
    options.cache_directory = Some(dir.clone());
    options.stdio = Stdio::None;
    options.compiler = Compiler::Singlepass;
    let engine = Engine::with_options(options);
    for mode in [0o777, 0o1777, 0o770, 0o722] {
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(mode)).unwrap();
        let error = engine.register("p", b"(module)", &Config::new()).unwrap_err();
        assert_eq!(error.kind(), Io);
        assert!(error.to_string().contains(&format!("its mode is {mode:o}")), "{error}");
    }
    for mode in [0o700, 0o755] {
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(mode)).unwrap();
        engine.register("p", b"(module)", &Config::new()).unwrap();
    }
    std::fs::remove_dir_all(dir).unwrap();
}

/// The finding: a module of 16 MB was compiled for half a minute, and then refused for an import.
#[test]
fn imports_are_checked_before_anything_is_compiled() {
    // What the compiler would refuse, a frame that is too large for Singlepass, isn't even looked at.
    let engine = engine(Compiler::Singlepass, Log::default());
    let (open, close) = ("(block (result i64) ".repeat(40_000), ")".repeat(40_000));
    let locals = "i64 ".repeat(40_000);
    let wat = format!(
        r#"(import "env" "hallo" (func (param i32) (result i32)))
           (func $f (local {locals}) {open} (call $f) (i64.const 1) {close} (drop))"#
    );
    let mut config = Config::new();
    config.callback("env", "hello", &[Kind::I32], Kind::I32, |caller, args| {
        caller.set_result(args[0]);
        Ok(())
    });
    let message = r#"plugin "p": it imports "env"."hallo" as (i32) -> i32, which no callback provides ("env"."hello" is there)"#;
    fails(engine.register("p", wat.as_bytes(), &config), ImportNotFound, message);
}

#[test]
fn wasp_says_nothing_where_several_results_are_imported() {
    let said = alone_saying("host_limits::several_results");
    assert!(!said.contains("panicked"), "{said}");
}

/// The finding: Singlepass panicked on it.
#[test]
#[ignore = "its error output is looked at: run by wasp_says_nothing_where_several_results_are_imported"]
fn several_results() {
    let wat = r#"(import "env" "two" (func $two (result i32 i64)))
        (func (export "f") (call $two) (drop) (drop))"#;
    on_both(|engine| {
        let message =
            r#"plugin "p": it imports "env"."two" as () -> (i32, i64), which no callback provides"#;
        fails(engine.register("p", wat.as_bytes(), &Config::new()), ImportNotFound, message);
    });
}

#[test]
fn idle_instances_make_room_for_others() {
    alone("host_limits::little_address_space");
}

/// The finding: idle instances held all address space, and the next registration failed.
#[test]
#[ignore = "limits the address space: run by idle_instances_make_room_for_others"]
fn little_address_space() {
    limit(libc::RLIMIT_AS, 200 << 30);
    let wat = |number: usize| {
        format!(
            r#"(memory (export "memory") 1) (func (export "number") (result i32) (i32.const {number}))"#
        )
    };
    on_both(|engine| {
        for number in 0..4 {
            let name = format!("p{number}");
            let mut config = Config::new();
            config.snapshot(number != 2);
            engine.register(&name, wat(number).as_bytes(), &config).unwrap();
            // As many as there is room for, all of which wait afterwards.
            let mut all = Vec::new();
            while let Ok(p) = engine.instance(&name, None) {
                all.push(p);
                assert!(all.len() < 100, "it never ends");
            }
            assert!(all.len() > 10, "{}", all.len());
            let answer = all[0].call("number", &[], Kind::I32).unwrap();
            assert_eq!(answer, Value::I32(number as i32));
        }
        for number in 0..4 {
            engine.unregister(&format!("p{number}")).unwrap();
        }
    });
}
