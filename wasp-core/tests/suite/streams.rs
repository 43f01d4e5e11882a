//! Where the standard streams of plugins lead.

use crate::alone::alone;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::AsRawFd;
use wasp_core::{Config, Engine, Kind, Options, Stdio};

/// Reads its input and prints a line, at start-up too. Says how many bytes it has read.
const READS_AND_PRINTS: &str = r#"
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\08\00\00\00guest's\n")
    (data (i32.const 32) "\00\01\00\00\02\00\00\00")
    (func $run (export "run") (result i32)
      (drop (call $read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 40)))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 44)))
      (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 44)))
      (i32.load (i32.const 40)))
    (func (export "_initialize") (drop (call $run)))"#;

/// Has `body` run with `streams` as this process's own, and puts these back.
fn with_streams<R>(streams: [&File; 3], body: impl FnOnce() -> R) -> R {
    // SAFETY: numbers of this process, which is alone with them.
    let kept: [i32; 3] = unsafe { [libc::dup(0), libc::dup(1), libc::dup(2)] };
    let put = |from: [i32; 3]| {
        for (to, from) in (0..).zip(from) {
            // SAFETY: as above.
            assert_eq!(unsafe { libc::dup2(from, to) }, to);
        }
    };
    put(streams.map(AsRawFd::as_raw_fd));
    let outcome = body();
    put(kept);
    outcome
}

#[test]
fn the_hosts_own_are_shared_only_if_the_host_says_so() {
    alone("streams::shared");
}

#[test]
#[ignore = "changes its standard streams: run by the_hosts_own_are_shared_only_if_the_host_says_so"]
fn shared() {
    for (stdio, reads, prints) in [
        (None, 0, 0),
        (Some(Stdio::Log), 0, 0),
        (Some(Stdio::None), 0, 0),
        (Some(Stdio::Output), 0, 4),
        (Some(Stdio::Inherit), 2, 4),
    ] {
        let (mut input, mut output) =
            (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        input.write_all(b"secret").unwrap();
        input.rewind().unwrap();
        let read = with_streams([&input, &output, &output], || {
            let mut options = Options::default();
            if let Some(stdio) = stdio {
                options.stdio = stdio;
            }
            let engine = Engine::with_options(options);
            engine.register("p", READS_AND_PRINTS.as_bytes(), &Config::new()).unwrap();
            let mut p = engine.instance("p", None).unwrap();
            i32::try_from(p.call("run", &[], Kind::I32).unwrap()).unwrap()
        });
        let mut printed = String::new();
        output.rewind().unwrap();
        output.read_to_string(&mut printed).unwrap();
        assert_eq!((read, printed), (reads, "guest's\n".repeat(prints)), "{stdio:?}");
        // Nor has start-up read.
        assert_eq!(input.stream_position().unwrap() == 0, reads == 0, "{stdio:?}");
    }
}

/// Waits until its input can be read, and reads it. Says 100 times the errno of the one and that of the other.
const WAITS: &str = r#"
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 8) "\01") ;; a subscription to reads of 0
    (data (i32.const 64) "\00\01\00\00\02\00\00\00")
    (func (export "run") (result i32)
      (i32.add
        (i32.mul (i32.const 100) (call $poll (i32.const 0) (i32.const 128) (i32.const 1) (i32.const 72)))
        (call $read (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 76))))"#;

#[test]
fn an_input_that_is_at_its_end_is_ready() {
    alone("streams::ended");
}

#[test]
#[ignore = "changes its standard streams: run by an_input_that_is_at_its_end_is_ready"]
fn ended() {
    // SAFETY: ends this process if the guest waits.
    unsafe { libc::alarm(20) };
    let (null, output) = (File::open("/dev/null").unwrap(), tempfile::tempfile().unwrap());
    let outcomes = with_streams([&null, &output, &output], || {
        let mut options = Options::default();
        options.stdio = Stdio::Inherit;
        let engine = Engine::with_options(options);
        engine.register("p", WAITS.as_bytes(), &Config::new()).unwrap();
        let mut p = engine.instance("p", None).unwrap();
        let mut run = || i32::try_from(p.call("run", &[], Kind::I32).unwrap()).unwrap();
        let first = run();
        // SAFETY: nobody else uses it.
        unsafe { libc::close(0) };
        (first, run())
    });
    // An input that is closed is one at its end, as Rust's own.
    assert_eq!(outcomes, (0, 0));
}
