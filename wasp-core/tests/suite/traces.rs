//! What an error tells of the guest's stack: whatever ended the call, by which names, on which lines, and after which words.

use crate::plugins;

use plugins::{binary, engine, on_both, on_both_with};
use wasp_core::ErrorKind::*;
use wasp_core::Kind::{F32, F64, I32, I64};
use wasp_core::{Compiler, Config, Engine, Error, Frame, Instance, Kind, Limits, Log};

const ENDS: &str = r#"
    (import "env" "take" (func $take (param i32 f64 i64 i32 i32 i32 f32 i64 i32)))
    (import "env" "work" (func $work))
    (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (func $middle (param i32)
      (if (i32.eq (local.get 0) (i32.const 0)) (then (call $work)))
      (if (i32.eq (local.get 0) (i32.const 1)) (then (call $abort (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))
      (if (i32.eq (local.get 0) (i32.const 2)) (then (call $exit (i32.const 7))))
      (if (i32.eq (local.get 0) (i32.const 3)) (then (drop (call $write (i32.const 2) (i32.const -8) (i32.const 1) (i32.const -4)))))
      (if (i32.eq (local.get 0) (i32.const 4)) (then (call $take (i32.const 1) (f64.const 2) (i64.const 3) (i32.const 4) (i32.const 5)
        (i32.const 6) (f32.const 7) (i64.const 8) (i32.const 9)))))
    (func $outer (export "end") (param i32) (call $middle (local.get 0)))
    (func $down (export "down") (param i32) (result i32)
      (i32.add (i32.const 1) (call $down (i32.add (local.get 0) (i32.const 1)))))
    (func $around (export "around") (call $work) (unreachable))"#;

/// A plugin whose functions end in each way; "env"."work" runs `work`.
fn ends(
    engine: &Engine,
    work: impl Fn() -> Result<(), String> + Send + Sync + 'static,
) -> Instance {
    plugins::instance(engine, &plugins::with_allocator(ENDS), &refusing(work))
}

/// What ends a plugin of [`ENDS`] in its callbacks.
fn refusing(work: impl Fn() -> Result<(), String> + Send + Sync + 'static) -> Config {
    let mut config = Config::new();
    let many = [I32, F64, I64, I32, I32, I32, F32, I64, I32];
    config.callback("env", "take", &many, Kind::None, |_, _| Err("too many".into()));
    config.callback("env", "work", &[], Kind::None, move |_, _| Ok(work()?));
    config
}

fn names(error: &Error) -> Vec<&str> {
    error.trace().iter().map(|frame| frame.function.as_deref().unwrap()).collect()
}

#[test]
fn whatever_ends_a_call_has_the_guests_frames() {
    on_both(|engine| {
        let mut p = ends(engine, || Err("no work today".to_owned()));
        for (way, kind) in [(0, Callback), (1, Abort), (2, Exit), (4, Callback)] {
            let error = p.call("end", &[way.into()], Kind::None).unwrap_err();
            assert_eq!((error.kind(), names(&error)), (kind, vec!["middle", "outer"]), "{error}");
            p.reset().unwrap();
        }
        // Where the guest is told, there is no error.
        p.call("end", &[3.into()], Kind::None).unwrap();
    });
}

#[test]
fn a_panic_of_a_callback_has_the_guests_frames() {
    on_both(|engine| {
        let mut p = ends(engine, || panic!("no work today"));
        let error = p.call("end", &[0.into()], Kind::None).unwrap_err();
        assert_eq!((error.kind(), names(&error)), (Callback, vec!["middle", "outer"]));
    });
}

#[test]
fn a_stack_at_its_end_has_its_innermost_frames() {
    on_both(|engine| {
        let module = binary(&plugins::with_allocator(ENDS));
        let mut p = ends(engine, || Ok(()));
        for _ in 0..3 {
            let error = p.call("down", &[0.into()], Kind::I32).unwrap_err();
            assert!(error.to_string().ends_with("call stack exhausted"), "{error}");
            assert_eq!(names(&error), vec!["down"; 100]);
            // All but the innermost are at their calls.
            for frame in &error.trace()[1..] {
                assert_eq!(module[frame.module_offset as usize], 0x10);
            }
            p.reset().unwrap();
            // The next failure is its own.
            let error = p.call("around", &[], Kind::None).unwrap_err();
            assert_eq!(names(&error), ["around"]);
            p.reset().unwrap();
        }
    });
}

/// Functions with frames of many sizes, so that the end of the stack is met at each point of a prologue.
#[test]
fn every_function_that_meets_the_end_of_the_stack_is_named() {
    let locals = |count: usize| {
        let gets: String = (0..count)
            .map(|at| format!("(local.set {} (i64.add (local.get {at}) (i64.const 1)))", at + 1))
            .collect();
        let uses: String = (0..=count).map(|at| format!("(i64.xor (local.get {at})")).collect();
        (gets, format!("{uses}(i64.const 0){}", ")".repeat(count + 1)))
    };
    let mut wat = String::new();
    for index in 0..24 {
        let (sets, uses) = locals(index * 3);
        let next = (index + 1) % 24;
        wat += &format!(
            r#"(func $f{index} (export "f{index}") (param i64) (result i64) (local{})
              {sets} (i64.add (call $f{next} (local.get 0)) {uses}))"#,
            " i64".repeat(index * 3 + 1)
        );
    }
    let module = binary(&wat);
    on_both(|engine| {
        let mut p = plugins::instance(engine, &wat, &Config::new());
        for index in 0..24 {
            let error = p.call(&format!("f{index}"), &[1_i64.into()], Kind::I64).unwrap_err();
            assert!(error.to_string().ends_with("call stack exhausted"), "{error}");
            let indices: Vec<u32> =
                error.trace().iter().map(|frame| frame.function_index).collect();
            assert_eq!(indices.len(), 100);
            // What a function does before its first instruction is at its start.
            let is_inside = |frame: &Frame| (frame.module_offset as usize) < module.len();
            assert!(error.trace().iter().all(is_inside), "{:?}", error.trace());
            for pair in indices.windows(2) {
                assert_eq!(pair[0], (pair[1] + 1) % 24, "{indices:?}");
            }
            p.reset().unwrap();
        }
    });
}

#[test]
fn a_call_within_a_callback_has_its_own_frames() {
    on_both(|engine| {
        let inner = std::sync::Mutex::new(ends(engine, || Err("no work today".to_owned())));
        let config = refusing(move || {
            let mut inner = inner.lock().unwrap();
            inner.reset().unwrap();
            Err(inner.call("end", &[0.into()], Kind::None).map(|_| ()).unwrap_err().to_string())
        });
        let wat = plugins::with_allocator(ENDS)
            .replace("$middle", "$between")
            .replace("$outer", "$outmost");
        engine.register("outer", wat.as_bytes(), &config).unwrap();
        let mut p = engine.instance("outer", None).unwrap();
        let error = p.call("end", &[0.into()], Kind::None).unwrap_err();
        assert_eq!((error.kind(), names(&error)), (Callback, vec!["between", "outmost"]));
    });
}

#[test]
fn interrupted_and_timed_out_calls_have_frames() {
    on_both(|engine| {
        let mut config = Config::new();
        let mut limits = Limits::default();
        limits.timeout = Some(std::time::Duration::from_millis(20));
        config.limits(limits);
        let wat = r#"(func $spin (loop (br 0))) (func $run (export "run") (call $spin))"#;
        let mut p = plugins::instance(engine, wat, &config);
        let error = p.call("run", &[], Kind::None).unwrap_err();
        assert_eq!((error.kind(), names(&error)), (Timeout, vec!["spin", "run"]));
    });
}

#[test]
fn names_are_demangled() {
    let wat = r#"
        (func $_ZN5greet5hello17h05af221e174051e9E (export "rust") (unreachable))
        (func $_ZN4wasp5GreetILi3EE5HelloERKS0_ (export "c++") (unreachable))
        (func $main.hello (export "go") (unreachable))"#;
    on_both(|engine| {
        for (function, name) in [
            ("rust", "greet::hello"),
            ("c++", "wasp::Greet<3>::Hello(wasp::Greet const&)"),
            ("go", "main.hello"),
        ] {
            let mut p = plugins::instance(engine, wat, &Config::new());
            let error = p.call(function, &[], Kind::None).unwrap_err();
            assert_eq!(names(&error), [name]);
        }
    });
}

/// A module of two functions, "first" and "second", with `.debug_line` and other sections made of where their code is.
fn with_lines(sections: impl Fn(u32, u32) -> Vec<(&'static str, Vec<u8>)>) -> Vec<u8> {
    let wat = r#"(func $first (export "first") (nop) (unreachable)) (func $second (export "second") (nop) (unreachable))"#;
    let mut module = binary(wat);
    // Both bodies are: their size, no locals, nop, unreachable, end.
    let body = [5, 0, 1, 0, 0x0b];
    let body = &[&[4], &body[1..]].concat();
    let first = module.windows(body.len()).position(|bytes| bytes == &body[..]).unwrap();
    // The contents begin with the number of functions.
    let start = first - 1;
    let at = |body_offset: usize| u32::try_from(body_offset - start).unwrap();
    for (name, bytes) in sections(at(first), at(first + body.len())) {
        let mut section = vec![u8::try_from(name.len()).unwrap()];
        section.extend(name.bytes());
        section.extend(bytes);
        module.push(0);
        let mut size = section.len();
        while size >= 0x80 {
            module.push((size & 0x7f) as u8 | 0x80);
            size >>= 7;
        }
        module.push(size as u8);
        module.extend(section);
    }
    module
}

/// A line number program of DWARF 4: its directories, its files with their directories' numbers, and sequences of an address, a file,
/// a line, a column and a length.
fn program(
    directories: &[&str],
    files: &[(&str, u8)],
    sequences: &[(u32, u8, u8, u8, u8)],
) -> Vec<u8> {
    let mut header = vec![1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
    for directory in directories {
        header.extend(directory.bytes().chain([0]));
    }
    header.push(0);
    for (file, directory) in files {
        header.extend(file.bytes().chain([0, *directory, 0, 0]));
    }
    header.push(0);
    let mut code = Vec::new();
    for (address, file, line, column, length) in sequences {
        code.extend([0, 5, 2]);
        code.extend(address.to_le_bytes());
        // Set the file, add to the line, set the column, and append a row; then go on, and end the sequence.
        code.extend([4, *file, 3, *line - 1, 5, *column, 1, 2, *length, 0, 1, 1]);
    }
    let mut unit = 4_u16.to_le_bytes().to_vec();
    unit.extend(u32::try_from(header.len()).unwrap().to_le_bytes());
    unit.extend(header);
    unit.extend(code);
    let mut bytes = u32::try_from(unit.len()).unwrap().to_le_bytes().to_vec();
    bytes.extend(unit);
    bytes
}

fn place(engine: &Engine, module: &[u8], function: &str) -> Frame {
    engine.register("lines", module, &Config::new()).unwrap();
    let mut p = engine.instance("lines", None).unwrap();
    let error = p.call(function, &[], Kind::None).unwrap_err();
    assert_eq!(error.trace().len(), 1, "{error:?}");
    error.trace()[0].clone()
}

#[test]
fn where_a_module_has_dwarf_frames_have_lines() {
    let module = with_lines(|first, second| {
        // Of a function that the linker left out, whose code lies nowhere.
        let mut lines =
            program(&[], &[("dead.c", 0)], &[(0, 1, 9, 9, 100), (0xffff_ffff, 1, 9, 9, 100)]);
        lines.extend(program(
            &["src"],
            &[("lib.c", 0), ("more.c", 1), ("/abs/x.c", 1)],
            &[(first, 1, 12, 5, 5)],
        ));
        lines.extend(program(&["src"], &[("lib.c", 0), ("mo\nre.c", 1)], &[(second, 2, 60, 0, 5)]));
        vec![(".debug_line", lines)]
    });
    on_both(|engine| {
        // The second time it is known.
        for _ in 0..2 {
            let frame = place(engine, &module, "first");
            assert_eq!(frame.to_string(), "first (lib.c:12:5)");
            let frame = place(engine, &module, "second");
            assert_eq!(frame.file.as_deref(), Some(r"src/mo\nre.c"));
            assert_eq!((frame.line, frame.column), (Some(60), None));
        }
    });
    // From the cache and ahead of time, too.
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let mut options = wasp_core::Options::default();
        options.cache_directory = Some(directory.path().join("cache"));
        let engine = Engine::with_options(options);
        assert_eq!(place(&engine, &module, "first").to_string(), "first (lib.c:12:5)");
    }
}

/// Code from the cache has its names and offsets apart.
#[test]
fn traces_are_the_same_from_the_cache() {
    let call = |way| format!("(if (i32.eq (local.get 0) (i32.const {way})) (then (call $work)))");
    let steps: String = (10..300).map(call).collect();
    let wat = plugins::with_allocator(&format!(
        r#"{ENDS}
        (func $last (export "last") (param i32 i32) (result i32) (i32.sub (local.get 1) (local.get 0)))
        (func $step (export "step") (param i32) (result i32) {steps} (call $last (local.get 0) (i32.const 7)))
        (func (export "unnamed") (param i32) (result i32) (call $step (local.get 0)))"#
    ));
    for compiler in [Compiler::Singlepass, Compiler::Cranelift] {
        let directory = tempfile::tempdir().unwrap();
        let run = || {
            let mut options = wasp_core::Options::default();
            options.compiler = compiler;
            options.cache_directory = Some(directory.path().join("cache"));
            let engine = Engine::with_options(options);
            let mut p = plugins::instance(&engine, &wat, &refusing(|| Err("no".to_owned())));
            assert_eq!(p.call("unnamed", &[300.into()], Kind::I32).unwrap(), (-293).into());
            let mut frames = Vec::new();
            let steps = (10..300).map(|way| ("unnamed", way, Kind::I32));
            let ends = [0, 1, 2, 4].map(|way| ("end", way, Kind::None));
            for (name, way, kind) in steps.chain(ends).chain([("down", 0, Kind::I32)]) {
                let error = p.call(name, &[way.into()], kind).unwrap_err();
                frames.extend_from_slice(error.trace());
                p.reset().unwrap();
            }
            (frames, engine.compile(wat.as_bytes()).unwrap())
        };
        let (compiled, loaded) = (run(), run());
        let files = std::fs::read_dir(directory.path().join("cache")).unwrap().count();
        assert_eq!((files, compiled.0.len()), (1, 290 * 2 + 4 * 2 + 100));
        assert_eq!(
            (&compiled.0[0].function, &compiled.0[1].function),
            (&Some("step".into()), &None)
        );
        assert_ne!(compiled.0[0].module_offset, compiled.0[2].module_offset);
        for (compiled, loaded) in compiled.0.iter().zip(&loaded.0) {
            assert_eq!(compiled, loaded);
        }
        // What was loaded is handed out as it is.
        assert!(compiled.1 == loaded.1);
    }
}

/// The module that the tests of each host read.
#[test]
fn a_frame_has_all_that_its_module_says() {
    let wat = std::fs::read(plugins::path("lines.wat")).unwrap();
    on_both(|engine| {
        engine.register("lines", &wat, &Config::new()).unwrap();
        let mut p = engine.instance("lines", None).unwrap();
        let error = p.call("hello", &[], Kind::None).unwrap_err();
        assert_eq!(error.trace()[0].to_string(), "greet::hello (src/greet.c:12:5)");
        assert_eq!(error.stderr(), Some("no\\u{1b}greet\n"));
    });
}

#[test]
fn without_dwarf_a_frame_has_its_offset() {
    on_both(|engine| {
        let frame = place(engine, &with_lines(|_, _| Vec::new()), "second");
        assert_eq!((&frame.file, frame.line, frame.column), (&None, None, None));
        let text = frame.to_string();
        assert_eq!(text, format!("second (function 1, offset {:#x})", frame.module_offset));
    });
}

/// Sections that promise more than they hold, hold more than they should, or nothing that can be read.
#[test]
fn hostile_dwarf_is_left_alone() {
    let engine = engine(Compiler::Singlepass, Log::default());
    let good = |first| program(&["src"], &[("lib.c", 0)], &[(first, 1, 12, 5, 5)]);
    let whole = good(1);
    let fails_alike = |bytes: Vec<u8>| {
        let module = with_lines(|_, _| vec![(".debug_line", bytes.clone())]);
        assert_eq!(place(&engine, &module, "first").function.as_deref(), Some("first"));
    };
    for cut in 0..whole.len() {
        fails_alike(whole[..cut].to_vec());
    }
    for at in 0..whole.len() {
        for byte in [0, 1, 0x7f, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            fails_alike(bytes);
        }
    }
    // The next program is read all the same.
    let module = with_lines(|first, _| {
        let mut bytes = whole.clone();
        bytes[4] = 99;
        bytes.extend(good(first));
        vec![(".debug_line", bytes)]
    });
    assert_eq!(place(&engine, &module, "first").to_string(), "first (lib.c:12:5)");
    // A file whose name can't be read, or is too long, is looked for once, and not again at each row that has the address.
    for file in ["", "x"] {
        let long = file.repeat(2000);
        let files: &[(&str, u8)] = if file.is_empty() { &[] } else { &[(&long, 0)] };
        let module = with_lines(|first, _| {
            let mut bytes = program(&[], files, &[(first, 1, 12, 5, 5)]);
            bytes.extend(good(first));
            vec![(".debug_line", bytes)]
        });
        assert_eq!(place(&engine, &module, "first").file, None);
    }
    // A million rows that all hold the address.
    let module = with_lines(|first, _| {
        let rows: Vec<_> = (0..60_000).map(|_| (first, 9, 12, 5, 5)).collect();
        vec![(".debug_line", program(&[], &[("lib.c", 0)], &rows))]
    });
    assert_eq!(place(&engine, &module, "first").file, None);
}

/// Writes `text` to the standard error at each call, and then ends as it is told.
const SPEAKS: &str = r#"
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\40\00\00\00\29\00\00\00")
    (data (i32.const 64) "\nthread '<unnamed>' panicked:\n\1b[31mbo\"om\n")
    (func $speak (export "speak") (param i32)
      (drop (call $write (local.get 0) (i32.const 0) (i32.const 1) (i32.const 16))))
    (func (export "trap") (call $speak (i32.const 2)) (unreachable))
    (func (export "silent_trap") (unreachable))
    (func (export "out") (call $speak (i32.const 1)) (unreachable))
    (func (export "exit") (param i32) (call $speak (i32.const 2)) (call $exit (local.get 0)))
    (func (export "abort") (call $speak (i32.const 2)) (call $abort (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
    (func (export "many") (param i32)
      (loop (call $speak (i32.const 2)) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (unreachable))"#;

#[test]
fn the_end_of_stderr_is_in_the_error() {
    let check = |engine: &Engine| {
        let said = r#"; its stderr: "thread '<unnamed>' panicked:\n\u{1b}[31mbo\"om""#;
        let lines = "\nthread '<unnamed>' panicked:\n\\u{1b}[31mbo\"om\n";
        let mut p = plugins::instance(engine, SPEAKS, &Config::new());
        let mut ends = |function: &str, args: &[_], message: &str, stderr: Option<&str>| {
            let error = p.call(function, args, Kind::None).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("plugin \"p\", function {function:?}: {message}")
            );
            assert_eq!(error.stderr(), stderr);
            p.reset().unwrap();
        };
        ends("trap", &[], &format!("unreachable{said}"), Some(lines));
        ends("abort", &[], &format!("the plugin aborted{said}"), Some(lines));
        ends("exit", &[3.into()], &format!("the plugin exited with code 3{said}"), Some(lines));
        ends("exit", &[0.into()], "the plugin exited with code 0", Some(lines));
        // Nothing of another stream, of calls before, or of another owner.
        ends("out", &[], "unreachable", None);
        ends("silent_trap", &[], "unreachable", None);
        p.call("speak", &[2.into()], Kind::None).unwrap();
        let error = p.call("silent_trap", &[], Kind::None).unwrap_err();
        assert_eq!((error.to_string().contains("boom"), error.stderr()), (false, None));
        p.reset().unwrap();
        let error = p.call("many", &[1000.into()], Kind::None).unwrap_err();
        let stderr = error.stderr().unwrap();
        // What was escaped isn't counted: 24 times the 41 bytes, and 40 before.
        assert!(stderr.ends_with(lines));
        assert_eq!(stderr.matches("panicked").count(), 25, "{stderr}");
    };
    on_both(check);
    on_both_with(Log::new(wasp_core::Level::Info, |_| {}), check);
    let mut options = wasp_core::Options::default();
    options.stdio = wasp_core::Stdio::Log;
    options.log = Log::new(wasp_core::Level::Info, |_| {});
    check(&Engine::with_options(options));
}

#[test]
fn what_a_guest_raised_before_it_ended_itself_is_in_the_error() {
    let wat = r#"
        (import "env" "raise_error" (func $raise (param i32)))
        (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (data (i32.const 64) "panicked at a.rs:1:2:\n\1b[31mboom\00")
        (func (export "raise") (call $raise (i32.const 64)))
        (func $trap (export "trap") (call $raise (i32.const 64)) (unreachable))
        (func (export "silent_trap") (unreachable))
        (func (export "abort") (call $raise (i32.const 64))
          (call $abort (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
        (func (export "exit") (param i32) (call $raise (i32.const 64)) (call $exit (local.get 0)))"#;
    on_both(|engine| {
        let raised = r"; it raised: panicked at a.rs:1:2:\n\u{1b}[31mboom";
        let mut p = plugins::instance(engine, wat, &Config::new());
        assert_eq!(p.call("raise", &[], Kind::None).unwrap_err().kind(), Guest);
        let mut ends = |function: &str, args: &[_], kind, message: &str| {
            let error = p.call(function, args, Kind::None).unwrap_err();
            let message = format!("plugin \"p\", function {function:?}: {message}");
            assert_eq!((error.kind(), error.to_string()), (kind, message));
            p.reset().unwrap();
            error
        };
        // Nothing of a call before.
        ends("silent_trap", &[], Trap, "unreachable");
        let error = ends("trap", &[], Trap, &format!("unreachable{raised}"));
        assert_eq!(error.trace().len(), 1);
        ends("abort", &[], Abort, &format!("the plugin aborted{raised}"));
        let exited = format!("the plugin exited with code 3{raised}");
        ends("exit", &[3.into()], Exit, &exited);
        ends("exit", &[0.into()], Exit, "the plugin exited with code 0");
        ends("silent_trap", &[], Trap, "unreachable");
    });
}

#[test]
fn a_start_up_that_fails_says_why() {
    let wat = SPEAKS.replace(r#"(export "trap")"#, r#"(export "_initialize")"#);
    on_both(|engine| {
        let error = engine.register("p", wat.as_bytes(), &Config::new()).unwrap_err();
        assert!(
            error.to_string().ends_with(
                r#"unreachable; its stderr: "thread '<unnamed>' panicked:\n\u{1b}[31mbo\"om""#
            ),
            "{error}"
        );
        assert!(error.stderr().is_some());
        assert_eq!(error.trace().len(), 1);
    });
}
