//! Singlepass's code at once, Cranelift's for new instances when a thread in the background has compiled it.

use crate::alone::{alone, alone_saying};
use crate::filter::{Refused, refuse};
use crate::fork::in_child;
use crate::plugins::{self, choose_stacks, with_limits};
use crate::register::code_mappings;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread;
use std::time::Duration;
use wasp_core::ErrorKind::Trap;
use wasp_core::{Compiler, Config, Engine, Instance, Kind, Level, Log, Options, Stdio, Value};

/// What an engine has told, and whether its thread in the background has to wait when it tells something.
#[derive(Default)]
pub struct Heard {
    lines: Mutex<Vec<String>>,
    told: Condvar,
    /// No lock: a child of a fork looks at it too.
    paused: AtomicBool,
}

const BACKGROUND: &str = "wasp-background";

impl Heard {
    fn log(self: &Arc<Self>) -> Log {
        let heard = Arc::clone(self);
        Log::new(Level::Debug, move |record| {
            let fields = record.fields.iter().filter(|(name, _)| *name != "file");
            let fields: String = fields.map(|(name, value)| format!(" {name}={value}")).collect();
            heard.lines.lock().unwrap().push(format!("{}{fields}", record.message));
            heard.told.notify_all();
            if thread::current().name() == Some(BACKGROUND) {
                while heard.paused.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(1));
                }
            }
        })
    }

    /// Waits until this was told, at any time before or from now on.
    #[track_caller]
    fn wait_for(&self, line: &str) {
        let lines = self.lines.lock().unwrap();
        let is_missing = |lines: &mut Vec<String>| !lines.iter().any(|told| told == line);
        let minute = Duration::from_secs(60);
        let (lines, timeout) = self.told.wait_timeout_while(lines, minute, is_missing).unwrap();
        assert!(!timeout.timed_out(), "{line:?} is not among {lines:#?}");
    }

    /// Waits until the plugin `name` is optimised.
    #[track_caller]
    pub fn wait_for_switch(&self, name: &str) {
        self.wait_for(&format!("Plugin optimised name={name}"));
    }

    /// How often something was told that begins so.
    fn count(&self, start: &str) -> usize {
        self.lines.lock().unwrap().iter().filter(|line| line.starts_with(start)).count()
    }

    fn pause(self: &Arc<Self>) -> Pause {
        self.paused.store(true, Ordering::SeqCst);
        Pause(Arc::clone(self))
    }
}

/// As long as it lives, the thread in the background stays where it tells something.
pub struct Pause(Arc<Heard>);

impl Drop for Pause {
    fn drop(&mut self) {
        self.0.paused.store(false, Ordering::SeqCst);
    }
}

/// An engine that tells what it does.
pub fn tiered() -> (Engine, Arc<Heard>) {
    with_cache(None)
}

fn with_cache(directory: Option<&Path>) -> (Engine, Arc<Heard>) {
    let heard = Arc::<Heard>::default();
    let mut options = Options::default();
    options.compiler = Compiler::Tiered;
    options.stdio = Stdio::None;
    options.log = heard.log();
    options.cache_directory = directory.map(Path::to_owned);
    choose_stacks();
    (Engine::with_options(options), heard)
}

/// Keeps the thread in the background from everything that comes after.
pub fn busy_background() -> Pause {
    let (engine, heard) = tiered();
    let pause = heard.pause();
    engine.register("busy", b"(module)", &Config::new()).unwrap();
    heard.wait_for_switch("busy");
    pause
}

/// Waits until the thread in the background has done all that it had to do until now.
#[track_caller]
fn finish_background() {
    let (engine, heard) = tiered();
    engine.register("last", b"(module)", &Config::new()).unwrap();
    heard.wait_for_switch("last");
}

/// A plugin whose start-up leaves something in memory and in globals of each type, and whose `deep` calls itself.
fn counter(first: i32) -> String {
    format!(
        r#"(memory (export "memory") 1)
           (table 1 funcref) (elem (i32.const 0) $calls)
           (global $starts (mut i32) (i32.const 0)) (global $i64 (mut i64) (i64.const 0))
           (global $f32 (mut f32) (f32.const 0)) (global $f64 (mut f64) (f64.const 0))
           (func (export "_initialize")
             (global.set $starts (i32.add (global.get $starts) (i32.const 1)))
             (global.set $i64 (i64.const 5000000000)) (global.set $f32 (f32.const 1.5))
             (global.set $f64 (f64.const -2.5))
             (i32.store (i32.const 16) (i32.const {first})))
           (func $calls (result i32)
             (i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (i32.const 1)))
             (i32.load (i32.const 16)))
           (func (export "count") (result i32) (call_indirect (result i32) (i32.const 0)))
           (func (export "starts") (result i32) (global.get $starts))
           (func (export "globals") (result f64)
             (f64.add (f64.convert_i64_s (global.get $i64))
               (f64.add (f64.promote_f32 (global.get $f32)) (global.get $f64))))
           (func (export "change")
             (global.set $starts (i32.const 9)) (global.set $i64 (i64.const 9))
             (global.set $f32 (f32.const 9)) (global.set $f64 (f64.const 9))
             (memory.fill (i32.const 0) (i32.const 9) (i32.const 65536)))
           (func (export "trap") unreachable)
           {DEEP}"#
    )
}

const DEEP: &str = r#"(func $deep (export "deep") (param i32)
    (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1))))))"#;

#[track_caller]
fn number(p: &mut Instance, name: &str) -> i32 {
    p.call(name, &[], Kind::I32).unwrap().try_into().unwrap()
}

/// Checks that an instance of `counter(first)` is as a new one, and that all of it works.
#[track_caller]
fn is_new(p: &mut Instance, first: i32) {
    for _ in 0..2 {
        assert_eq!(number(p, "starts"), 1);
        assert_eq!(p.call("globals", &[], Kind::F64).unwrap(), Value::F64(4999999999.0));
        assert_eq!((number(p, "count"), number(p, "count")), (first + 1, first + 2));
        p.call("change", &[], Kind::None).unwrap();
        assert_eq!(number(p, "starts"), 9);
        assert_eq!(p.call("trap", &[], Kind::None).unwrap_err().kind(), Trap);
        p.reset().unwrap();
    }
}

/// How often `deep` can call itself, which tells the compilers apart: their frames differ.
fn depth(p: &mut Instance) -> i32 {
    let (mut works, mut fails) = (0, 1_000_000);
    while works + 1 < fails {
        let middle = works + (fails - works) / 2;
        match p.call("deep", &[middle.into()], Kind::None) {
            Ok(_) => works = middle,
            Err(_) => {
                fails = middle;
                p.reset().unwrap();
            }
        }
    }
    works
}

/// The depths that Singlepass's and Cranelift's code reach, with a frame more or less.
fn depths() -> [i32; 2] {
    static DEPTHS: OnceLock<[i32; 2]> = OnceLock::new();
    *DEPTHS.get_or_init(|| {
        let depths = [Compiler::Singlepass, Compiler::Cranelift].map(|compiler| {
            let engine = plugins::engine(compiler, Log::default());
            engine.register("p", DEEP.as_bytes(), &Config::new()).unwrap();
            depth(&mut instance(&engine, "p"))
        });
        assert!(depths[0].abs_diff(depths[1]) > 1000, "not to be told apart: {depths:?}");
        depths
    })
}

/// Whether the instance, whose plugin has `DEEP`, runs Cranelift's code.
#[track_caller]
fn is_optimised(p: &mut Instance) -> bool {
    let ([singlepass, cranelift], depth) = (depths(), depth(p));
    depth.abs_diff(cranelift) < depth.abs_diff(singlepass)
}

#[track_caller]
fn instance(engine: &Engine, name: &str) -> Instance {
    engine.instance(name, None).unwrap()
}

#[test]
fn new_instances_switch_and_existing_ones_stay() {
    for snapshot in [true, false] {
        let (engine, heard) = tiered();
        let pause = busy_background();
        let mut config = Config::new();
        config.snapshot(snapshot);
        engine.register("p", counter(10).as_bytes(), &config).unwrap();
        let mut before = instance(&engine, "p");
        is_new(&mut before, 10);
        let mut idle = instance(&engine, "p");
        idle.call("change", &[], Kind::None).unwrap();
        drop(idle);
        assert_eq!(number(&mut before, "count"), 11);

        drop(pause);
        heard.wait_for_switch("p");
        let mut after = instance(&engine, "p");
        is_new(&mut after, 10);
        assert!(is_optimised(&mut after));
        // It goes on where it was, and is reset to code that it had.
        assert_eq!(number(&mut before, "count"), 12);
        assert!(!is_optimised(&mut before));
        is_new(&mut before, 10);
        // Those that are used again are of the new code too.
        drop((before, after));
        for _ in 0..3 {
            let mut p = instance(&engine, "p");
            is_new(&mut p, 10);
            assert!(is_optimised(&mut p));
        }
    }
}

#[test]
fn functions_are_listed_as_before() {
    let (engine, heard) = tiered();
    let pause = busy_background();
    let wat = plugins::plugin("declared");
    engine.register("p", wat.as_bytes(), &Config::new()).unwrap();
    let before = instance(&engine, "p").functions().to_vec();
    assert!(before.iter().any(|function| function.declared), "{before:?}");
    drop(pause);
    heard.wait_for_switch("p");
    assert_eq!(instance(&engine, "p").functions(), before);
}

/// The example plugins, where `make plugins` has left them.
#[test]
fn examples_answer_as_before() {
    let (engine, heard) = tiered();
    let mut config = Config::new();
    config.callback("env", "call_me", &[Kind::String], Kind::String, |caller, args| {
        caller.set_result(args[0]);
        Ok(())
    });
    for language in ["c", "rust", "go", "assemblyscript"] {
        let path = format!("{}/../build/plugins/{language}.wasm", env!("CARGO_MANIFEST_DIR"));
        let Ok(wasm) = fs::read(path) else { continue };
        let pause = busy_background();
        engine.register(language, &wasm, &config).unwrap();
        let mut before = instance(&engine, language);
        let answers = answers(&mut before);
        drop(pause);
        heard.wait_for_switch(language);
        let mut after = instance(&engine, language);
        for p in [&mut after, &mut before] {
            for _ in 0..2 {
                assert_eq!(self::answers(p), answers, "{language}");
                p.reset().unwrap();
            }
        }
    }
}

fn answers(p: &mut Instance) -> Vec<String> {
    let calls: [(&str, &[Value<'_>], Kind); 5] = [
        ("sum", &[3.into(), 2.into()], Kind::I32),
        ("hello", &["Nic".into()], Kind::String),
        ("reverse", &[(&[1, 2, 3]).into()], Kind::Bytes),
        ("callback", &[], Kind::String),
        ("fail", &[], Kind::None),
    ];
    calls.iter().map(|(name, args, kind)| format!("{:?}", p.call(name, args, *kind))).collect()
}

/// What happens to a plugin whose module is being compiled again, or waits for that.
#[test]
fn what_comes_meanwhile_is_left_alone() {
    let directory = Directory::new("meanwhile");
    for compiles in [false, true] {
        let pauses = |heard: &Arc<Heard>| {
            if compiles { heard.pause() } else { busy_background() }
        };
        let register = |engine: &Engine, heard: &Heard| {
            // The thread says so when it can't use what is in the cache.
            directory.damage(&counter(10));
            engine.register("p", counter(10).as_bytes(), &Config::new()).unwrap();
            while compiles && heard.count("Compiling a module anew") < 2 {
                thread::yield_now();
            }
            instance(engine, "p")
        };

        // Registered anew: the new one is optimised, and the old one's code is dropped.
        let (engine, heard) = with_cache(Some(&directory.0));
        let pause = pauses(&heard);
        let mut old = register(&engine, &heard);
        engine.register("p", counter(20).as_bytes(), &Config::new()).unwrap();
        is_new(&mut instance(&engine, "p"), 20);
        drop(pause);
        heard.wait_for_switch("p");
        finish_background();
        assert_eq!(heard.count("Plugin optimised"), 1);
        let mut new = instance(&engine, "p");
        is_new(&mut new, 20);
        assert!(is_optimised(&mut new));
        is_new(&mut old, 10);
        assert!(!is_optimised(&mut old));

        // Unregistered: it stays so.
        let (engine, heard) = with_cache(Some(&directory.0));
        let pause = pauses(&heard);
        let mut old = register(&engine, &heard);
        engine.unregister("p").unwrap();
        drop(pause);
        finish_background();
        assert_eq!(heard.count("Plugin optimised"), 0);
        assert!(engine.instance("p", None).is_err());
        is_new(&mut old, 10);

        // The engine is gone, and so is all that its host gave it, but for what instances need.
        let (engine, heard) = with_cache(Some(&directory.0));
        let pause = pauses(&heard);
        let mut old = register(&engine, &heard);
        drop(engine);
        is_new(&mut old, 10);
        drop(old);
        if !compiles {
            assert_eq!(Arc::strong_count(&heard), 1);
        }
        drop(pause);
        finish_background();
        assert_eq!((heard.count("Plugin"), Arc::strong_count(&heard)), (1, 1));
    }
}

#[test]
fn what_singlepass_does_not_take_is_compiled_at_once() {
    let (engine, heard) = tiered();
    let simd = format!(
        r#"(func (export "f") (param i32) (result i32)
             (i32x4.extract_lane 3 (i32x4.add (i32x4.splat (local.get 0)) (v128.const i32x4 1 2 3 4))))
           {DEEP}"#
    );
    let throws = format!(
        r#"(tag $t (param i32))
           (func (export "f") (param i32) (result i32)
             (block $h (result i32)
               (try_table (catch $t $h) (throw $t (i32.add (local.get 0) (i32.const 4))))
               (unreachable)))
           {DEEP}"#
    );
    // A frame of half a megabyte.
    let (open, close) = ("(block (result i64) ".repeat(20_000), ")".repeat(20_000));
    let large = format!(
        r#"(func $f (export "f") (param i32) (result i32) (local {})
             (if (local.get 0) (then (return (i32.add (local.get 0) (i32.const 4)))))
             {open} (drop (call $f (i32.const 1))) (i64.const 1) {close} (drop) (i32.const 0))
           {DEEP}"#,
        "i64 ".repeat(49_000)
    );
    for wat in [simd, throws, large] {
        let singlepass = plugins::engine(Compiler::Singlepass, Log::default());
        assert!(singlepass.register("p", wat.as_bytes(), &Config::new()).is_err());
        engine.register("p", wat.as_bytes(), &Config::new()).unwrap();
        let mut p = instance(&engine, "p");
        assert_eq!(p.call("f", &[5.into()], Kind::I32).unwrap(), Value::I32(9));
        assert!(is_optimised(&mut p));
    }
    // What neither takes is refused in the words of the one that takes more.
    for wat in ["(memory i64 1)", "(func (result i32))"] {
        let register = |engine: &Engine| {
            engine.register("p", wat.as_bytes(), &Config::new()).unwrap_err().to_string()
        };
        let cranelift = plugins::engine(Compiler::Cranelift, Log::default());
        assert_eq!(register(&engine), register(&cranelift));
    }
    finish_background();
    assert_eq!(heard.count("Plugin optimised"), 0);
}

/// A directory for compiled modules that is gone when the test ends.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wasp-tiered-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// Has `compiler` compile `wat`, and returns its file.
    fn fill(&self, compiler: Compiler, wat: &str) -> PathBuf {
        let before = if self.0.exists() { self.files() } else { Vec::new() };
        let mut options = Options::default();
        options.compiler = compiler;
        options.cache_directory = Some(self.0.clone());
        let engine = Engine::with_options(options);
        engine.register("p", wat.as_bytes(), &Config::new()).unwrap();
        let new = self.files().into_iter().find(|file| !before.contains(file));
        new.expect("a file that was not there")
    }

    /// Leaves nothing but a damaged file of Cranelift's code of `wat`.
    fn damage(&self, wat: &str) {
        let _ = fs::remove_dir_all(&self.0);
        fs::write(self.fill(Compiler::Cranelift, wat), "damaged").unwrap();
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn both_codes_are_cached() {
    let directory = Directory::new("cache");
    let wat = counter(10);
    let (engine, heard) = with_cache(Some(&directory.0));
    engine.register("p", wat.as_bytes(), &Config::new()).unwrap();
    heard.wait_for_switch("p");
    assert_eq!(directory.files().len(), 2);

    // Cranelift's is used at once, and nothing is left to do.
    let register = || {
        let (engine, heard) = with_cache(Some(&directory.0));
        let pause = busy_background();
        engine.register("p", wat.as_bytes(), &Config::new()).unwrap();
        let mut p = instance(&engine, "p");
        is_new(&mut p, 10);
        let optimised = is_optimised(&mut p);
        drop(pause);
        finish_background();
        assert!(is_optimised(&mut instance(&engine, "p")));
        assert_eq!(heard.count("Compiling"), 0);
        (optimised, heard.count("Plugin optimised"))
    };
    assert_eq!(register(), (true, 0));

    // There need not even be Singlepass's.
    let others = Directory::new("one-compiler");
    let singlepass = others.fill(Compiler::Singlepass, &wat);
    let cranelift = others.fill(Compiler::Cranelift, &wat);
    let [of_singlepass, of_cranelift] =
        [singlepass, cranelift].map(|file| directory.0.join(file.file_name().unwrap()));
    fs::remove_file(&of_singlepass).unwrap();
    assert_eq!(register(), (true, 0));
    assert_eq!(directory.files(), std::slice::from_ref(&of_cranelift));

    fs::remove_file(&of_cranelift).unwrap();
    assert_eq!(register(), (false, 1));
    assert_eq!(directory.files().len(), 2);
}

#[test]
fn ahead_of_time_it_is_cranelift() {
    let (tiered, heard) = tiered();
    let cranelift = plugins::engine(Compiler::Cranelift, Log::default());
    let compiled = [&tiered, &cranelift].map(|engine| engine.compile(DEEP.as_bytes()).unwrap());
    for compiled in &compiled {
        for engine in [&tiered, &cranelift] {
            // SAFETY: wasp just made it.
            unsafe { engine.register_compiled("p", compiled, &Config::new()) }.unwrap();
            assert!(is_optimised(&mut instance(engine, "p")));
        }
    }
    finish_background();
    assert_eq!(heard.count("Plugin optimised"), 0);
}

#[test]
fn each_compiler_compiles_a_module_once() {
    alone("tiered::compiled_once");
}

/// Checks how many mappings of code there are, when the thread in the background has freed what it tells to be replaced.
#[track_caller]
fn has_code_mappings(count: usize) {
    for _ in 0..10_000 {
        if code_mappings() == count {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(code_mappings(), count);
}

#[test]
#[ignore = "counts the mappings of its process: run by each_compiler_compiles_a_module_once"]
fn compiled_once() {
    let wat = counter(10);
    let (engine, heard) = tiered();
    let before = code_mappings();
    let pause = busy_background();
    let while_busy = code_mappings();
    let register = |name: &str| {
        let config = with_limits(|limits| limits.idle_instances = 4);
        engine.register(name, wat.as_bytes(), &config).unwrap();
    };
    let names = ["a", "b", "c", "d"];
    thread::scope(|scope| {
        for name in names {
            scope.spawn(move || register(name));
        }
    });
    has_code_mappings(while_busy + 1);
    let mut old = instance(&engine, "a");
    drop(pause);
    for name in names {
        heard.wait_for_switch(name);
    }
    finish_background();
    has_code_mappings(before + 2);
    is_new(&mut old, 10);
    drop(old);
    // The last instance frees Singlepass's, which is not made again where Cranelift's is known.
    has_code_mappings(before + 1);
    register("e");
    register("a");
    has_code_mappings(before + 1);
    assert!(is_optimised(&mut instance(&engine, "e")));
    finish_background();
    assert_eq!(heard.count("Plugin optimised"), names.len());
}

#[test]
fn without_a_thread_it_stays_as_it_is() {
    alone("tiered::no_thread");
}

#[test]
#[ignore = "refuses threads: run by without_a_thread_it_stays_as_it_is"]
fn no_thread() {
    let directory = Directory::new("no-thread");
    let wat = counter(10);
    directory.fill(Compiler::Singlepass, &wat);
    depths();
    refuse(&[
        Refused::always(libc::SYS_clone3, libc::EAGAIN),
        Refused::always(libc::SYS_clone, libc::EAGAIN),
    ]);
    let (engine, heard) = with_cache(Some(&directory.0));
    engine.register("p", wat.as_bytes(), &Config::new()).unwrap();
    assert_eq!(heard.count("Plugin not optimised name=p error=there is no thread"), 1);
    let mut p = instance(&engine, "p");
    is_new(&mut p, 10);
    assert!(!is_optimised(&mut p));
}

#[test]
fn a_child_goes_on_without_its_parents_thread() {
    alone("tiered::fork_meanwhile");
}

#[test]
#[ignore = "forks: run by a_child_goes_on_without_its_parents_thread"]
fn fork_meanwhile() {
    let directory = Directory::new("fork");
    let wat = counter(10);
    directory.damage(&wat);
    let (engine, heard) = with_cache(Some(&directory.0));
    let pause = heard.pause();
    engine.register("p", wat.as_bytes(), &Config::new()).unwrap();
    // Its thread is in the midst of it, and another one waits.
    heard.wait_for("Plugin registered name=p");
    while heard.count("Compiling a module anew") < 2 {
        thread::yield_now();
    }
    engine.register("q", counter(20).as_bytes(), &Config::new()).unwrap();
    let mut mine = instance(&engine, "p");
    in_child(|| {
        heard.paused.store(false, Ordering::SeqCst);
        is_new(&mut mine, 10);
        is_new(&mut instance(&engine, "p"), 10);
        is_new(&mut instance(&engine, "q"), 20);
        // It stays as it is, and what the child registers is the child's to compile.
        assert!(!is_optimised(&mut instance(&engine, "p")));
        for (name, wat) in [("p", &wat), ("new", &counter(30))] {
            engine.register(name, wat.as_bytes(), &Config::new()).unwrap();
            heard.wait_for_switch(name);
            assert!(is_optimised(&mut instance(&engine, name)));
        }
        is_new(&mut instance(&engine, "new"), 30);
        true
    });
    drop(pause);
    for name in ["p", "q"] {
        heard.wait_for_switch(name);
        assert!(is_optimised(&mut instance(&engine, name)));
    }
    // At any moment, which what it tells would find locked.
    let engine = plugins::engine(Compiler::Tiered, Log::default());
    for round in 0..60 {
        let name = format!("{round}");
        engine.register(&name, counter(round).as_bytes(), &Config::new()).unwrap();
        thread::sleep(Duration::from_micros(100 * round as u64));
        in_child(|| {
            is_new(&mut instance(&engine, &name), round);
            engine.register("child's", counter(-round).as_bytes(), &Config::new()).unwrap();
            is_new(&mut instance(&engine, "child's"), -round);
            true
        });
    }
}

#[test]
fn the_process_may_end_meanwhile() {
    let directory = Directory::new("exit");
    for function in ["exit_while_it_compiles", "exit_while_it_is_told"] {
        let said = alone_saying(&format!("tiered::{function}"));
        assert!(!said.contains("panicked"), "{said}");
    }
    drop(directory);
}

#[test]
#[ignore = "ends its process: run by the_process_may_end_meanwhile"]
fn exit_while_it_compiles() {
    let functions: String = (0..3000)
        .map(|n| format!("(func (export \"f{n}\") (param i32) (result i32) {})", body(n)))
        .collect();
    let (engine, _) = tiered();
    engine.register("p", functions.as_bytes(), &Config::new()).unwrap();
    let mut p = instance(&engine, "p");
    assert_eq!(p.call("f7", &[0.into()], Kind::I32).unwrap(), Value::I32(40 * 7));
    std::mem::forget((engine, p));
}

fn body(n: usize) -> String {
    let step = format!("(i32.const {n}) (i32.add)");
    format!("(local.get 0) {}", step.repeat(40))
}

#[test]
#[ignore = "ends its process: run by the_process_may_end_meanwhile"]
fn exit_while_it_is_told() {
    std::mem::forget(busy_background());
}
