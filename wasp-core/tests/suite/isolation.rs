//! What a host may do to itself without one tenant seeing another: lock its memory, refuse system calls, fork in any way, close
//! its descriptors, end its threads.

use crate::alone::{alone, alone_saying};
use crate::filter::{Refused, refuse};
use crate::plugins::{self, with_limits};
use crate::process_limit;
use std::fs;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier};
use std::time::Duration;
use wasp_core::ErrorKind::{Poisoned, Resource};
use wasp_core::{Compiler, Config, Engine, Error, Instance, Kind, Log, Options, Stdio, Value};

/// A hundred pages of the system's and more, each with its number in it.
const PAGED: &str = r#"(module (memory (export "memory") 20)
    (func $at (param i32) (result i32) (i32.mul (local.get 0) (i32.const 4096)))
    (func (export "write") (param i32 i32) (i32.store (call $at (local.get 0)) (local.get 1)))
    (func (export "read") (param i32) (result i32) (i32.load (call $at (local.get 0))))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func $deep (export "deep") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
            (else (i32.const 0))))
    (data (i32.const 0) "image"))"#;

const SECRET: i32 = 0x5EC2E7;

fn engine(kernel_fault_counts: bool) -> Engine {
    let mut options = Options::default();
    options.compiler = Compiler::Singlepass;
    options.stdio = Stdio::None;
    options.kernel_fault_counts = kernel_fault_counts;
    plugins::choose_stacks();
    let engine = Engine::with_options(options);
    engine.register("p", PAGED.as_bytes(), &Config::new()).unwrap();
    engine
}

fn write(p: &mut Instance, page: i32, value: i32) {
    p.call("write", &[page.into(), value.into()], Kind::None).unwrap();
}

/// The result of a function that returns a number.
#[track_caller]
fn number(p: &mut Instance, function: &str, args: &[Value<'_>]) -> i32 {
    p.call(function, args, Kind::I32).unwrap().try_into().unwrap()
}

#[track_caller]
fn read(p: &mut Instance, page: i32) -> i32 {
    number(p, "read", &[page.into()])
}

fn tenant(engine: &Engine) -> Instance {
    engine.instance("p", None).unwrap()
}

/// Tenants come and go until their pages are known and no fault is left to be taken.
fn settle(engine: &Engine) {
    for _ in 0..50 {
        write(&mut tenant(engine), 1, 1);
    }
}

/// One tenant writes to pages that none before it wrote to, and the next must not read that.
#[track_caller]
fn no_tenant_sees_another(engine: &Engine, pages: std::ops::Range<i32>) {
    no_tenant_that_is_made_sees_another(engine, pages).unwrap();
}

/// The same where the host may refuse what a new instance needs.
#[track_caller]
fn no_tenant_that_is_made_sees_another(
    engine: &Engine,
    pages: std::ops::Range<i32>,
) -> Result<(), Error> {
    let mut one = engine.instance("p", None)?;
    for page in pages.clone() {
        write(&mut one, page, SECRET);
    }
    drop(one);
    for _ in 0..2 {
        let mut next = engine.instance("p", None)?;
        for page in pages.clone() {
            assert_eq!(read(&mut next, page), 0, "page {page}");
        }
    }
    Ok(())
}

/// The mappings of images that guests write to, as addresses.
fn images() -> Vec<(usize, usize)> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let ours = maps.lines().filter(|line| line.contains("wasp-image") && line.contains("rw-p"));
    ours.map(|line| {
        let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let number = |text| usize::from_str_radix(text, 16).unwrap();
        (number(start), number(end))
    })
    .collect()
}

/// Makes all pages of all images private.
pub fn populate_images() {
    for (start, end) in images() {
        // SAFETY: populates what is mapped.
        let outcome =
            unsafe { libc::madvise(start as *mut _, end - start, libc::MADV_POPULATE_WRITE) };
        assert_eq!(outcome, 0);
    }
}

/// Runs `body` on another thread, while an instance waits in the pool.
pub fn elsewhere(body: impl FnOnce() + Send) {
    std::thread::scope(|scope| scope.spawn(body).join().unwrap());
}

#[test]
fn pages_populated_by_another_thread_are_found() {
    alone("isolation::populated_by_another_thread");
}

#[test]
#[ignore = "locks the memory of the process: run by pages_populated_by_another_thread_are_found"]
fn populated_by_another_thread() {
    for kernel_fault_counts in [false, true] {
        let engine = engine(kernel_fault_counts);
        for round in 0..10 {
            settle(&engine);
            elsewhere(|| {
                // SAFETY: populates and locks what is mapped.
                unsafe {
                    assert_eq!(libc::mlockall(libc::MCL_CURRENT), 0);
                    assert_eq!(libc::munlockall(), 0);
                }
            });
            no_tenant_sees_another(&engine, 10 + round..20 + round);
            settle(&engine);
            elsewhere(populate_images);
            no_tenant_sees_another(&engine, 40 + round..50 + round);
        }
    }
}

#[test]
fn locked_memory_is_reset_too() {
    alone("isolation::locked_memory");
}

#[test]
#[ignore = "locks the memory of the process: run by locked_memory_is_reset_too"]
fn locked_memory() {
    let engine = engine(false);
    let mut p = tenant(&engine);
    for flags in [libc::MCL_CURRENT, libc::MCL_CURRENT | libc::MCL_FUTURE] {
        // SAFETY: locks what is mapped, and what will be.
        assert_eq!(unsafe { libc::mlockall(flags) }, 0);
        for round in 0..20 {
            assert_eq!(number(&mut p, "grow", &[3.into()]), 20);
            for page in (0..320 + 40).step_by(1 + round) {
                write(&mut p, page, SECRET);
            }
            p.reset().unwrap();
            for page in 1..320 {
                assert_eq!(read(&mut p, page), 0, "page {page}");
            }
            assert_eq!(number(&mut p, "grow", &[1.into()]), 20);
            assert_eq!(read(&mut p, 325), 0);
            p.reset().unwrap();
            no_tenant_sees_another(&engine, 5..25);
        }
        // One whose memory is much larger than what is kept of it.
        let large =
            PAGED.replace("(memory (export \"memory\") 20)", "(memory (export \"memory\") 400)");
        engine.register("large", large.as_bytes(), &Config::new()).unwrap();
        let mut large = engine.instance("large", None).unwrap();
        for _ in 0..3 {
            for page in 1..6400 {
                write(&mut large, page, SECRET);
            }
            large.reset().unwrap();
            assert!((1..6400).all(|page| read(&mut large, page) == 0));
        }
    }
}

/// Runs the test `name` for each number below `ways`, which it finds by [`way`].
fn alone_each(name: &str, ways: u32) {
    for way in 0..ways {
        // Tests of this process run in threads, and only their children read it.
        // SAFETY: the other threads look for other names.
        unsafe { std::env::set_var(format!("WASP_TEST_{name}"), way.to_string()) };
        let said = alone_saying(&format!("isolation::{name}"));
        assert!(!said.contains("panicked"), "{said}");
    }
}

fn way(name: &str) -> usize {
    std::env::var(format!("WASP_TEST_{name}")).unwrap().parse().unwrap()
}

/// `MADV_DONTNEED_LOCKED`
const DONTNEED_LOCKED: u32 = 24;

/// `PAGEMAP_SCAN`
const SCAN: u32 = 0xc060_6610;

#[test]
fn a_system_call_that_fails_is_taken_for_the_worst() {
    alone_each("refused_system_calls", 8);
}

#[test]
#[ignore = "refuses system calls: run by a_system_call_that_fails_is_taken_for_the_worst"]
fn refused_system_calls() {
    let refusals: [&[Refused]; 8] = [
        &[Refused::always(libc::SYS_getrusage, libc::EPERM)],
        &[Refused::always(libc::SYS_getrusage, 0)],
        &[Refused::with(libc::SYS_ioctl, 1, SCAN, libc::EPERM)],
        &[Refused::with(libc::SYS_ioctl, 1, SCAN, 0)],
        &[
            Refused::with(libc::SYS_madvise, 2, libc::MADV_DONTNEED as u32, libc::EPERM),
            Refused::with(libc::SYS_madvise, 2, DONTNEED_LOCKED, libc::EPERM),
        ],
        &[Refused::always(libc::SYS_madvise, libc::EPERM)],
        &[
            Refused::with(libc::SYS_ioctl, 1, SCAN, libc::EPERM),
            Refused::always(libc::SYS_getrusage, 0),
            Refused::always(libc::SYS_madvise, libc::EPERM),
        ],
        &[Refused::with(libc::SYS_fcntl, 1, libc::F_ADD_SEALS as u32, libc::EPERM)],
    ];
    let refusals = refusals[way("refused_system_calls")];
    // The last one drops all pages at each reset.
    let before = [engine(false), engine(true), engine(false)];
    let keeps_nothing = with_limits(|limits| limits.idle_memory_bytes = 0);
    before[2].register("p", PAGED.as_bytes(), &keeps_nothing).unwrap();
    before.iter().for_each(settle);
    refuse(refusals);
    let madvise_refused = refusals
        .iter()
        .any(|refused| refused.number == libc::SYS_madvise && refused.argument.is_none());
    for engine in &before {
        for round in 0..10 {
            let pages = 10 * round + 1..10 * round + 9;
            if let Err(error) = no_tenant_that_is_made_sees_another(engine, pages) {
                assert!(madvise_refused && error.kind() == Resource, "{error}");
            }
        }
    }
    if madvise_refused || refusals[0].number == libc::SYS_fcntl {
        // These are asked when a plugin is registered, which then fails.
        let error = Engine::new().register("p", PAGED.as_bytes(), &Config::new()).err();
        assert!(error.is_none_or(|error| error.kind() == Resource));
        return;
    }
    for engine in [engine(false), engine(true)] {
        settle(&engine);
        for round in 0..10 {
            no_tenant_sees_another(&engine, 10 * round + 1..10 * round + 9);
        }
    }
}

#[test]
fn a_reset_that_fails_ends_in_an_error() {
    alone("isolation::failing_reset");
}

#[test]
#[ignore = "refuses system calls: run by a_reset_that_fails_ends_in_an_error"]
fn failing_reset() {
    let engine = engine(false);
    let plain = PAGED.replacen("\"image\"", "\"plain\"", 1);
    engine.register("other", plain.as_bytes(), &Config::new()).unwrap();
    let mut grown = tenant(&engine);
    let mut wide = engine.instance("other", None).unwrap();
    grown.call("grow", &[3.into()], Kind::I32).unwrap();
    write(&mut grown, 330, SECRET);
    // More than may be kept.
    wide.call("grow", &[1.into()], Kind::I32).unwrap();
    let far = PAGED.replacen("\"memory\") 20", "\"memory\") 200", 1);
    engine.register("far", far.as_bytes(), &Config::new()).unwrap();
    let mut far = engine.instance("far", None).unwrap();
    (1..3000).for_each(|page| write(&mut far, page, SECRET));
    refuse(&[
        Refused::always(libc::SYS_madvise, libc::EAGAIN),
        Refused::always(libc::SYS_mmap, libc::ENOMEM),
    ]);
    for p in [&mut grown, &mut wide, &mut far] {
        for _ in 0..3 {
            let error = p.reset().unwrap_err();
            assert_eq!(error.kind(), Resource, "{error}");
            let error = p.call("read", &[330.into()], Kind::I32).unwrap_err();
            assert_eq!(error.kind(), Poisoned, "{error}");
        }
    }
}

/// Runs `body` in a child of a fork by the bare system call, as `_Fork` does it: no handler runs. It must give true.
#[track_caller]
pub fn in_raw_child(body: impl FnOnce() -> bool) {
    // SAFETY: the child leaves by `_exit`; it allocates, which is fine as long as no other thread is at work.
    let child = unsafe { libc::syscall(libc::SYS_fork) } as i32;
    if child == 0 {
        // SAFETY: it ends a child that hangs.
        unsafe { libc::alarm(20) };
        let fine = catch_unwind(AssertUnwindSafe(body)).unwrap_or(false);
        // SAFETY: nothing of the child's needs an end.
        unsafe { libc::_exit(i32::from(!fine)) };
    }
    let mut status = 0;
    // SAFETY: waits for our own child.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "{status:#x}");
}

#[test]
fn a_child_that_no_handler_tells_of_its_fork_isolates_too() {
    alone_each("raw_forks", 2);
}

#[test]
#[ignore = "forks: run by a_child_that_no_handler_tells_of_its_fork_isolates_too"]
fn raw_forks() {
    if way("raw_forks") == 1 {
        // On an old kernel.
        let wipe = libc::MADV_WIPEONFORK as u32;
        refuse(&[Refused::with(libc::SYS_madvise, 2, wipe, libc::EINVAL)]);
    }
    for kernel_fault_counts in [false, true] {
        let engine = engine(kernel_fault_counts);
        settle(&engine);
        for round in 0..10 {
            in_raw_child(|| {
                no_tenant_sees_another(&engine, 10..30);
                in_raw_child(|| {
                    no_tenant_sees_another(&engine, 30..50);
                    true
                });
                no_tenant_sees_another(&engine, 50..60);
                true
            });
            no_tenant_sees_another(&engine, 10 + round..20 + round);
        }
    }
}

/// Parent and child share the page that shows whether a mapping was populated, and what they write to it must differ.
#[test]
fn a_child_is_not_misled_by_what_its_parent_writes() {
    alone("isolation::parent_and_child");
}

#[test]
#[ignore = "forks: run by a_child_is_not_misled_by_what_its_parent_writes"]
fn parent_and_child() {
    let engine = engine(false);
    settle(&engine);
    for ahead in 1..4 {
        let (to_child, of_parent) = pipe();
        let (to_parent, of_child) = pipe();
        // SAFETY: the child leaves by `_exit`; no other thread is at work.
        let child = unsafe { libc::syscall(libc::SYS_fork) } as i32;
        if child == 0 {
            let fine = catch_unwind(AssertUnwindSafe(|| {
                // Until a child's faults are taken, and its own number is in use.
                for _ in 0..5 {
                    elsewhere(|| drop(images()));
                    settle(&engine);
                }
                (&to_parent).write_all(b"!").unwrap();
                (&of_parent).read_exact(&mut [0]).unwrap();
                elsewhere(populate_images);
                no_tenant_sees_another(&engine, 10..20);
            }));
            // SAFETY: nothing of the child's needs an end.
            unsafe { libc::_exit(i32::from(fine.is_err())) };
        }
        (&of_child).read_exact(&mut [0]).unwrap();
        // As often as the child, and a little more.
        (0..5).for_each(|_| settle(&engine));
        (0..ahead).for_each(|_| write(&mut tenant(&engine), 1, 1));
        (&to_child).write_all(b"!").unwrap();
        let mut status = 0;
        // SAFETY: waits for our own child.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0, "{status:#x}");
    }
}

/// A pipe: where to write, and where to read.
fn pipe() -> (fs::File, fs::File) {
    let mut ends = [0; 2];
    // SAFETY: two new descriptors, which the files own.
    unsafe {
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        (fs::File::from_raw_fd(ends[1]), fs::File::from_raw_fd(ends[0]))
    }
}

/// The finding: a lock that another thread held at the fork.
#[test]
fn children_of_a_busy_process_do_not_hang() {
    alone("isolation::forks_while_others_reset");
}

#[test]
#[ignore = "forks: run by children_of_a_busy_process_do_not_hang"]
fn forks_while_others_reset() {
    let engine = engine(false);
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut page = 0;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    page = (page + 1) % 300;
                    write(&mut tenant(&engine), page, SECRET);
                }
            });
        }
        for _ in 0..400 {
            // SAFETY: glibc's fork takes care of its allocator; the child leaves by `_exit`.
            let child = unsafe { libc::fork() };
            if child == 0 {
                // SAFETY: it ends a child that hangs.
                unsafe { libc::alarm(20) };
                let fine = catch_unwind(AssertUnwindSafe(|| {
                    no_tenant_sees_another(&engine, 10..15);
                    no_tenant_sees_another(&engine, 20..25);
                }));
                // SAFETY: nothing of the child's needs an end.
                unsafe { libc::_exit(i32::from(fine.is_err())) };
            }
            let mut status = 0;
            // SAFETY: waits for our own child.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            assert_eq!(status, 0, "{status:#x}");
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn no_file_of_wasps_is_a_standard_stream() {
    alone("isolation::closed_streams");
}

#[test]
#[ignore = "closes the standard streams: run by no_file_of_wasps_is_a_standard_stream"]
fn closed_streams() {
    let folder = std::env::temp_dir().join(format!("wasp-streams-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("note"), "note").unwrap();
    // Standard output is where the harness tells how this ends; it doesn't until then.
    // SAFETY: nothing of this test reads or writes them meanwhile.
    let (input, errors) = unsafe { (libc::dup(0), libc::dup(2)) };
    // SAFETY: as above.
    unsafe {
        libc::close(0);
        libc::close(2);
    }
    let outcome = catch_unwind(|| {
        let engine = Engine::new();
        let wat = r#"(module
            (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_open"
                (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\40\00\00\00\10\00\00\00")
            (data (i32.const 32) "note")
            (func (export "open") (result i32)
                (call $open (i32.const 4) (i32.const 0) (i32.const 32) (i32.const 4) (i32.const 0)
                    (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))
            (func (export "read") (result i32)
                (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
                (i32.load (i32.const 8)))
            (func (export "write") (result i32)
                (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))))"#;
        let mut config = Config::new();
        config.volume("/data", folder.clone(), false);
        engine.register("p", wat.as_bytes(), &config).unwrap();
        let mut p = engine.instance("p", Some(folder.as_path())).unwrap();
        assert_eq!(number(&mut p, "open", &[]), 0);
        for (number, target) in descriptors() {
            assert!(number == 1 || number > 2, "{number} is {target}");
        }
        // What the host opens there now is its own.
        let secret = fs::File::open(folder.join("note")).unwrap();
        assert_eq!(std::os::fd::AsRawFd::as_raw_fd(&secret), 0);
        assert_eq!(number(&mut p, "read", &[]), 0);
        let own = fs::File::create(folder.join("own")).unwrap();
        assert_eq!(std::os::fd::AsRawFd::as_raw_fd(&own), 2);
        p.call("write", &[], Kind::I32).unwrap();
        assert_eq!(fs::read(folder.join("own")).unwrap(), b"");
    });
    // SAFETY: they are put back.
    unsafe {
        libc::dup2(input, 0);
        libc::dup2(errors, 2);
    }
    fs::remove_dir_all(&folder).unwrap();
    outcome.unwrap();
}

fn descriptors() -> Vec<(i32, String)> {
    let all = fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap());
    all.filter_map(|entry| {
        let target = fs::read_link(entry.path()).ok()?.display().to_string();
        // The list itself.
        (!target.ends_with("/fd"))
            .then(|| (entry.file_name().to_str().unwrap().parse().unwrap(), target))
    })
    .collect()
}

#[test]
fn a_host_that_closes_all_descriptors_loses_no_isolation() {
    alone("isolation::closed_descriptors");
}

#[test]
#[ignore = "closes all descriptors: run by a_host_that_closes_all_descriptors_loses_no_isolation"]
fn closed_descriptors() {
    let engine = engine(false);
    settle(&engine);
    let path = std::env::temp_dir().join(format!("wasp-secret-{}", std::process::id()));
    fs::write(&path, vec![b'S'; 30 * 65536]).unwrap();
    let mut secrets = Vec::new();
    for (number, _) in descriptors() {
        if number > 2 {
            // SAFETY: as a daemon does it.
            unsafe { libc::close(number) };
            secrets.push(fs::File::options().read(true).write(true).open(&path).unwrap());
        }
    }
    no_tenant_sees_another(&engine, 10..20);
    // The idle one is taken, and another one would be made of a file that isn't the image's any more.
    let _taken = tenant(&engine);
    let error = engine.instance("p", None).expect_err("no other instance");
    assert_eq!(error.kind(), Resource, "{error}");
    fs::remove_file(&path).unwrap();
}

#[test]
fn without_a_stack_a_call_is_an_error() {
    alone_each("no_stack", 3);
}

#[test]
#[ignore = "limits the address space: run by without_a_stack_a_call_is_an_error"]
fn no_stack() {
    let config = with_limits(|limits| limits.stack_bytes = 90 << 20);
    let engine = engine(false);
    let mut p = tenant(&engine);
    write(&mut p, 1, 1);
    let interrupter = p.interrupter();
    match way("no_stack") {
        0 => {
            engine.register("deep", PAGED.as_bytes(), &with_limits(|_| ())).unwrap();
            let mut deep = engine.instance("deep", None).unwrap();
            let interrupter = deep.interrupter();
            // A thread that has no stack yet. It is there before the limit is.
            let barrier = Arc::new(Barrier::new(2));
            let there = Arc::clone(&barrier);
            let other = std::thread::spawn(move || {
                there.wait();
                there.wait();
                let error = deep.call("read", &[1.into()], Kind::I32).unwrap_err().kind();
                there.wait();
                there.wait();
                (error, read(&mut deep, 1))
            });
            barrier.wait();
            limit_address_space(1 << 20);
            barrier.wait();
            barrier.wait();
            // No call runs: this must neither end the next one nor touch what is gone.
            interrupter.interrupt();
            limit_address_space(usize::MAX);
            barrier.wait();
            assert_eq!(other.join().unwrap(), (Resource, 0));
            interrupter.interrupt();
        }
        1 => {
            // A larger stack than any before. It is asked for as soon as the plugin starts.
            limit_address_space(40 << 20);
            let started = PAGED.replacen(
                "(func (export \"write\")",
                "(func (export \"_initialize\")) (func (export \"write\")",
                1,
            );
            let error = engine.register("deep", started.as_bytes(), &config).unwrap_err();
            assert_eq!(error.kind(), Resource, "{error}");
            limit_address_space(usize::MAX);
            engine.register("deep", started.as_bytes(), &config).unwrap();
        }
        _ => {
            // No signal stack for a thread.
            refuse(&[Refused::always(libc::SYS_sigaltstack, libc::EPERM)]);
            let (engine, barrier) = (engine.clone(), Arc::new(Barrier::new(1)));
            std::thread::spawn(move || {
                barrier.wait();
                let mut p = tenant(&engine);
                let interrupter = p.interrupter();
                let error = p.call("read", &[1.into()], Kind::I32).unwrap_err();
                assert_eq!(error.kind(), Resource, "{error}");
                interrupter.interrupt();
                drop(p);
                interrupter.interrupt();
            })
            .join()
            .unwrap();
        }
    }
    // Nothing is left behind.
    write(&mut p, 2, 2);
    assert_eq!(read(&mut p, 2), 2);
    interrupter.interrupt();
    assert_eq!(read(&mut p, 2), 2);
    no_tenant_sees_another(&engine, 10..20);
}

/// Leaves the process `more` bytes of address space beyond what it has.
fn limit_address_space(more: usize) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    let size: usize = size.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    let limit = (size * 1024).saturating_add(more) as u64;
    let limit = if more == usize::MAX { libc::RLIM_INFINITY } else { limit };
    process_limit::limit(libc::RLIMIT_AS, limit);
}

/// Calls when it is dropped, which is when its thread has ended.
struct CallsAtTheEnd(std::cell::RefCell<Option<(Instance, std::sync::mpsc::Sender<bool>)>>);

impl Drop for CallsAtTheEnd {
    fn drop(&mut self) {
        if let Some((mut p, said)) = self.0.take() {
            let outcome = p.call("read", &[1.into()], Kind::I32);
            let fine = match &outcome {
                Ok(value) => *value == Value::I32(0),
                Err(error) => error.kind() == Resource,
            };
            let _ = said.send(fine);
        }
    }
}

thread_local! {
    static EARLY: CallsAtTheEnd = const { CallsAtTheEnd(std::cell::RefCell::new(None)) };
    static LATE: CallsAtTheEnd = const { CallsAtTheEnd(std::cell::RefCell::new(None)) };
}

#[test]
fn a_call_at_the_end_of_a_thread_is_an_error_at_most() {
    let engine = engine(false);
    for called_before in [false, true] {
        let (said, heard) = std::sync::mpsc::channel();
        let engine = engine.clone();
        std::thread::spawn(move || {
            EARLY.with(|early| early.0.replace(Some((tenant(&engine), said.clone()))));
            if called_before {
                assert_eq!(read(&mut tenant(&engine), 1), 0);
            }
            LATE.with(|late| late.0.replace(Some((tenant(&engine), said))));
        })
        .join()
        .unwrap();
        assert_eq!(heard.iter().collect::<Vec<_>>(), [true, true]);
    }
}

#[test]
fn a_zone_that_can_not_be_closed_again_is_not_forgotten() {
    alone("isolation::unclosed_zone");
}

#[test]
#[ignore = "refuses system calls: run by a_zone_that_can_not_be_closed_again_is_not_forgotten"]
fn unclosed_zone() {
    // At the end of its recursion it is the unwinder that needs stack.
    let wat = r#"(tag $t)
        (func $deep (export "deep") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
                (else (block $h (try_table (catch_all $h) (throw $t))) (i32.const 0))))"#;
    let engine = plugins::engine(Compiler::Cranelift, Log::default());
    let with_stack = |bytes| with_limits(|limits| limits.stack_bytes = bytes);
    engine.register("small", wat.as_bytes(), &with_stack(64 << 10)).unwrap();
    engine.register("large", wat.as_bytes(), &with_stack(4 << 20)).unwrap();
    let mut small = engine.instance("small", None).unwrap();
    let mut deep = |depth: i32| {
        let outcome = small.call("deep", &[depth.into()], Kind::I32).map(drop);
        small.reset().unwrap();
        outcome.map_err(|error| error.kind())
    };
    let deepest = (0..10_000).find(|depth| deep(*depth).is_err()).unwrap();
    // Whoever opens the zone from now on can't close it again.
    refuse(&[Refused::with(libc::SYS_mprotect, 2, libc::PROT_NONE as u32, libc::ENOMEM)]);
    let outcomes: Vec<_> = (deepest - 150..deepest).map(&mut deep).collect();
    let opened = outcomes.iter().position(|outcome| *outcome == Err(Resource)).unwrap();
    assert!(outcomes[..opened].iter().all(|outcome| *outcome != Err(Resource)), "{outcomes:?}");
    assert!(outcomes[opened..].iter().all(|outcome| *outcome == Err(Resource)), "{outcomes:?}");
    // Nor does a stack of another size get one.
    let mut large = engine.instance("large", None).unwrap();
    for _ in 0..3 {
        let error = large.call("deep", &[1.into()], Kind::I32).unwrap_err();
        assert_eq!(error.kind(), Resource, "{error}");
    }
}

#[test]
fn without_a_thread_no_time_limit_is_promised() {
    alone("isolation::no_thread");
}

#[test]
#[ignore = "refuses system calls: run by without_a_thread_no_time_limit_is_promised"]
fn no_thread() {
    let engine = engine(false);
    let barrier = Arc::new(Barrier::new(5));
    let threads: Vec<_> = (0..4)
        .map(|at| {
            let (engine, barrier) = (engine.clone(), Arc::clone(&barrier));
            std::thread::spawn(move || {
                barrier.wait();
                let config = with_limits(|limits| limits.timeout = Some(Duration::from_secs(9)));
                let error = engine.register(&format!("p{at}"), PAGED.as_bytes(), &config);
                error.unwrap_err().kind()
            })
        })
        .collect();
    refuse(&[
        Refused::always(libc::SYS_clone3, libc::EAGAIN),
        Refused::always(libc::SYS_clone, libc::EAGAIN),
    ]);
    barrier.wait();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), Resource);
    }
}

/// The finding: a child of a fork that can't start a thread of its own let its calls run without their limit.
#[test]
fn a_child_without_a_thread_refuses_calls_with_a_limit() {
    alone("isolation::child_without_a_thread");
}

#[test]
#[ignore = "forks: run by a_child_without_a_thread_refuses_calls_with_a_limit"]
fn child_without_a_thread() {
    let engine = engine(false);
    let config = with_limits(|limits| limits.timeout = Some(Duration::from_secs(9)));
    engine.register("limited", PAGED.as_bytes(), &config).unwrap();
    let mut p = engine.instance("limited", None).unwrap();
    assert_eq!(read(&mut p, 1), 0);
    in_raw_child(|| {
        refuse(&[
            Refused::always(libc::SYS_clone3, libc::EAGAIN),
            Refused::always(libc::SYS_clone, libc::EAGAIN),
        ]);
        (0..3).all(|_| {
            let error = p.call("read", &[1.into()], Kind::I32).unwrap_err();
            error.kind() == Resource && read(&mut tenant(&engine), 1) == 0
        })
    });
    assert_eq!(read(&mut p, 1), 0);
}

#[test]
fn what_the_witness_says_is_checked() {
    alone("isolation::bad_witness");
}

#[test]
#[ignore = "the witness isn't used afterwards: run by what_the_witness_says_is_checked"]
fn bad_witness() {
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let mut options = Options::default();
    options.compiler = Compiler::Singlepass;
    options.log = Log::new(wasp_core::Level::Error, move |record| {
        heard.lock().unwrap().push(record.message.to_owned());
    });
    plugins::choose_stacks();
    let engine = Engine::with_options(options);
    engine.register("p", PAGED.as_bytes(), &Config::new()).unwrap();
    settle(&engine);
    for round in 0..10 {
        // A part of a mapping is made private, which nothing can see: it stands for a processor that doesn't tell.
        elsewhere(|| {
            for (start, _) in images() {
                let part = (start + ((100 + round) << 12)) as *mut _;
                // SAFETY: populates a page that is mapped.
                assert_eq!(unsafe { libc::madvise(part, 4096, libc::MADV_POPULATE_WRITE) }, 0);
            }
        });
        // More resets than between two checks. A fault in between makes it look earlier, and then it finds nothing wrong.
        for _ in 0..2 * 4096 {
            write(&mut tenant(&engine), 1, 1);
        }
        if !told.lock().unwrap().is_empty() {
            break;
        }
    }
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("A page of guest memory was written to"), "{told:?}");
}
