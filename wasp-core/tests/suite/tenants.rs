//! What one owner of a sandbox leaves behind never shows up for the next.

use crate::alone::alone;
use crate::plugins;

use plugins::{on_both, path};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use wasp_core::ErrorKind::*;
use wasp_core::{Compiler, Config, Engine, ErrorKind, Instance, Kind, Level, Limits, Log};
use wasp_core::{Options, Stdio};

/// How `use` ends, and what its caller gets.
const ENDS: [(i32, Option<ErrorKind>); 6] = [
    (0, None),
    (1, Some(Trap)),
    (2, Some(Callback)),
    (3, Some(Exit)),
    (4, Some(Timeout)),
    (5, Some(Trap)),
];

/// Pages that the first owner writes to: 128 is what a reset copies back at most.
const PAGES: [i32; 7] = [0, 1, 64, 127, 128, 129, 255];

fn config(timeout: Option<Duration>) -> Config {
    let (mut config, mut limits) = (Config::new(), Limits::default());
    limits.timeout = timeout;
    config.limits(limits).callback("env", "fail", &[], Kind::None, |_, _| Err("on purpose".into()));
    config
}

fn register(engine: &Engine, timeout: Option<Duration>) {
    let wat = std::fs::read(path("tenants.wat")).unwrap();
    engine.register("p", &wat, &config(timeout)).unwrap();
}

#[track_caller]
fn number(p: &mut Instance, name: &str, args: &[i32]) -> i32 {
    let args: Vec<_> = args.iter().map(|number| (*number).into()).collect();
    p.call(name, &args, Kind::I32).unwrap().try_into().unwrap()
}

#[track_caller]
fn clean(p: &mut Instance) {
    let traces = number(p, "traces", &[]);
    assert_eq!(traces, 0, "somebody was here: {traces:#x}");
}

/// Leaves traces everywhere.
#[track_caller]
fn stain(p: &mut Instance, pages: i32, grown: i32, end: i32) -> Option<ErrorKind> {
    let args = [0xA5, pages, grown, end].map(Into::into);
    p.call("use", &args, Kind::None).err().map(|error| error.kind())
}

#[test]
fn nothing_is_left_however_the_last_call_ended() {
    on_both(|engine| {
        for (end, kind) in ENDS {
            register(engine, (kind == Some(Timeout)).then_some(Duration::from_millis(250)));
            for pages in PAGES {
                for grown in [1, 40] {
                    let mut p = engine.instance("p", None).unwrap();
                    clean(&mut p);
                    assert_eq!(stain(&mut p, pages, grown, end), kind);
                    if pages % 2 == 0 {
                        p.reset().unwrap();
                        clean(&mut p);
                    }
                }
            }
            clean(&mut engine.instance("p", None).unwrap());
        }
    });
}

#[test]
fn nothing_is_left_after_interrupts() {
    on_both(|engine| {
        register(engine, None);
        for pages in PAGES {
            for wait in [0, 1] {
                let mut p = engine.instance("p", None).unwrap();
                clean(&mut p);
                let interrupter = p.interrupter();
                thread::scope(|scope| {
                    let call = scope.spawn(|| stain(&mut p, pages, 2, 4));
                    thread::sleep(Duration::from_millis(wait));
                    while !call.is_finished() {
                        interrupter.interrupt();
                        thread::sleep(Duration::from_millis(1));
                    }
                    assert_eq!(call.join().unwrap(), Some(Cancelled));
                });
            }
        }
        clean(&mut engine.instance("p", None).unwrap());
    });
}

#[test]
fn grown_memory_is_zeros_again() {
    on_both(|engine| {
        register(engine, None);
        let mut p = engine.instance("p", None).unwrap();
        for round in 0..300 {
            // It traps where it finds something else than zeros.
            let first = 1 + round % 7;
            for wasm_pages in [first, 8] {
                p.call("grow", &[0xA5.into(), wasm_pages.into()], Kind::None).unwrap();
            }
            if round % 2 == 0 {
                p.reset().unwrap();
            } else {
                drop(p);
                p = engine.instance("p", None).unwrap();
            }
            clean(&mut p);
        }
    });
}

#[test]
fn nothing_is_left_over_thousands_of_resets() {
    on_both(|engine| {
        register(engine, None);
        let mut p = engine.instance("p", None).unwrap();
        let mut random = 1u32;
        for round in 0..10_000 {
            // A few pages here and there, sometimes many; and the written ones are learned anew after some thousands.
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (first, count) = (1 + (random >> 24) as i32 % 255, 1 + (random >> 20) as i32 % 3);
            let count = if round % 1500 == 1499 { 255 } else { count };
            let count = count.min(256 - first);
            p.call("fill", &[round.into(), first.into(), count.into()], Kind::None).unwrap();
            p.reset().unwrap();
            // Most of the time, what was just written to; all of it now and then.
            if round % 8 == 0 || round > 4090 && round < 4110 {
                clean(&mut p);
            }
        }
        clean(&mut p);
    });
}

#[test]
fn what_the_kernel_wrote_is_gone_too() {
    let dir = directory("kernel");
    std::fs::write(dir.join("secret.txt"), [0xA5; 1 << 16]).unwrap();
    on_both(|engine| {
        register(engine, None);
        let mut p = engine.instance("p", Some(&dir)).unwrap();
        for round in 0..500 {
            let fd = number(&mut p, "open", &[]);
            assert!(fd > 3, "{fd}");
            let page = 1 + round % 255;
            assert_eq!(number(&mut p, "read_into", &[fd, page]), 0);
            assert_eq!(number(&mut p, "traces", &[]), page << 12);
            p.reset().unwrap();
            clean(&mut p);
        }
    });
}

#[test]
fn threads_take_what_other_threads_released() {
    on_both(|engine| {
        register(engine, Some(Duration::from_secs(2)));
        let (sender, receiver) = channel::<Instance>();
        thread::scope(|scope| {
            // This one only drops.
            scope.spawn(move || receiver.into_iter().for_each(drop));
            for thread in 0..4 {
                let (engine, sender) = (engine.clone(), sender.clone());
                scope.spawn(move || {
                    for round in 0..250 {
                        let mut p = engine.instance("p", None).unwrap();
                        clean(&mut p);
                        let pages = PAGES[(thread + round) % PAGES.len()];
                        stain(&mut p, pages, round as i32 % 3, round as i32 % 4);
                        if round % 3 == 0 {
                            p.reset().unwrap();
                            clean(&mut p);
                            stain(&mut p, pages, 1, 0);
                        }
                        if round % 2 == 0 {
                            sender.send(p).unwrap();
                        }
                    }
                });
            }
            drop(sender);
        });
    });
}

/// A thread that runs what it is given, for calls on another thread than that which resets.
fn worker() -> (Sender<(Instance, i32)>, Receiver<Instance>) {
    let (to, jobs) = channel::<(Instance, i32)>();
    let (done, from) = channel();
    thread::spawn(move || {
        for (mut p, page) in jobs {
            p.call("fill", &[0xA5.into(), page.into(), 1.into()], Kind::None).unwrap();
            if done.send(p).is_err() {
                return;
            }
        }
    });
    (to, from)
}

#[test]
fn a_call_on_another_thread_is_not_overlooked() {
    on_both(|engine| {
        register(engine, None);
        let (to, from) = worker();
        let mut p = engine.instance("p", None).unwrap();
        clean(&mut p);
        // This thread resets and looks, and takes hardly a page fault itself; the calls' faults are another thread's.
        for round in 0..2000 {
            to.send((p, 1 + round % 255)).unwrap();
            p = from.recv().unwrap();
            p.reset().unwrap();
            clean(&mut p);
        }
    });
}

#[test]
fn files_lines_and_workspace_are_the_owner_s_own() {
    let (one, two) = (directory("one"), directory("two"));
    std::fs::write(one.join("secret.txt"), "1111").unwrap();
    let lines = Arc::new(Mutex::new(Vec::<String>::new()));
    for compiler in [Compiler::Cranelift, Compiler::Singlepass] {
        let mut options = Options::default();
        options.compiler = compiler;
        options.stdio = Stdio::Log;
        options.log = Log::new(Level::Info, {
            let lines = Arc::clone(&lines);
            move |record| {
                lines.lock().unwrap().extend(record.fields.iter().map(|(_, text)| text.to_string()))
            }
        });
        let engine = Engine::with_options(options);
        register(&engine, None);
        for _ in 0..3 {
            let mut p = engine.instance("p", Some(&one)).unwrap();
            let fd = number(&mut p, "open", &[]);
            assert_eq!(number(&mut p, "read", &[fd]), i32::from_le_bytes(*b"1111"));
            assert_eq!(number(&mut p, "print", &[10]), 0);
            stain(&mut p, 1, 0, 1);
            drop(p);
            // The unfinished line went to the log with its owner, or not at all; it isn't the beginning of another's.
            lines.lock().unwrap().clear();
            let (bad_descriptor, no_entry) = (-8, -44);
            for (workspace, opened) in [(Some(&two), no_entry), (None, bad_descriptor)] {
                let mut p = engine.instance("p", workspace.map(PathBuf::as_path)).unwrap();
                assert_eq!(number(&mut p, "read", &[fd]), bad_descriptor);
                assert_eq!(number(&mut p, "open", &[]), opened);
                assert_eq!(number(&mut p, "print", &[21]), 0);
                assert_eq!(lines.lock().unwrap().split_off(0), ["p", "written by the guest"]);
            }
            // The same descriptors for whoever comes next.
            let mut p = engine.instance("p", Some(&one)).unwrap();
            assert_eq!(number(&mut p, "open", &[]), fd);
            p.reset().unwrap();
            assert_eq!(number(&mut p, "read", &[fd]), bad_descriptor);
            assert_eq!(number(&mut p, "open", &[]), fd);
        }
    }
}

#[test]
fn nothing_is_left_in_forks() {
    alone("tenants::forks");
}

#[test]
#[ignore = "forks: run by nothing_is_left_in_forks, in a process without other threads at work"]
fn forks() {
    on_both(|engine| {
        register(engine, None);
        let mut held = engine.instance("p", None).unwrap();
        for round in 0..50 {
            let pages = PAGES[round % PAGES.len()];
            stain(&mut held, pages, 1, 0);
            // SAFETY: the child leaves by `_exit`, and no other thread is at work.
            let child = unsafe { libc::fork() };
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                for _ in 0..3 {
                    // What the parent held, and what it had made ready.
                    held.reset().unwrap();
                    clean(&mut held);
                    stain(&mut held, pages, 1, 0);
                    let mut p = engine.instance("p", None).unwrap();
                    clean(&mut p);
                    stain(&mut p, 3, 1, 1);
                }
                held.reset().unwrap();
                clean(&mut held);
            }));
            if child == 0 {
                // SAFETY: nothing of the child's needs an end.
                unsafe { libc::_exit(i32::from(outcome.is_err())) };
            }
            let mut status = 0;
            // SAFETY: waits for our own child.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            assert!(
                libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0,
                "child: {status:#x}"
            );
            outcome.unwrap();
        }
    });
}

#[test]
#[cfg(target_os = "linux")]
fn nothing_is_left_under_memory_pressure() {
    on_both(|engine| {
        register(engine, None);
        let mut p = engine.instance("p", None).unwrap();
        for round in 0..40 {
            stain(&mut p, PAGES[round % PAGES.len()], 1, 0);
            page_out();
            p.reset().unwrap();
            page_out();
            clean(&mut p);
        }
    });
}

/// Asks the kernel to swap out all memory that starts from an image; where there is no swap, it won't.
#[cfg(target_os = "linux")]
fn page_out() {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let images: Vec<_> = maps.lines().filter(|line| line.contains("wasp-image")).collect();
    assert!(!images.is_empty());
    for line in images {
        let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let [start, end] = [start, end].map(|text| usize::from_str_radix(text, 16).unwrap());
        // SAFETY: advice that changes no content; the range may be another test's and gone by now, which is an error.
        unsafe { libc::madvise(start as *mut _, end - start, libc::MADV_PAGEOUT) };
    }
}

/// A new empty directory.
fn directory(name: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let dir = dir.join(format!("tenants-{}-{count}-{name}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    dir
}
