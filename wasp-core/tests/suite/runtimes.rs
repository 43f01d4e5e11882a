//! What the runtimes of real languages do before the first call holds for every instance that starts from the snapshot of it.

use crate::plugins;

use plugins::on_both;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use wasp_core::{Config, Instance, Kind, Value};

fn build(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../build").join(name)
}

/// An example plugin, as `make plugins` leaves it.
fn example(language: &str) -> Vec<u8> {
    let path = build(&format!("plugins/{language}.wasm"));
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{path:?}: {error}; `make plugins` builds it"))
}

/// A plugin of `tests/guests`, built by Go.
fn go(name: &str) -> Vec<u8> {
    let out = std::path::absolute(build("tests")).unwrap().join(format!("{name}.wasm"));
    let output = Command::new("go")
        .args(["build", "-buildmode=c-shared", "-buildvcs=false", "-trimpath", "-o"])
        .arg(&out)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests").join(name))
        .envs([("GOOS", "wasip1"), ("GOARCH", "wasm"), ("GOTOOLCHAIN", "local"), ("GOWORK", "off")])
        .output()
        .unwrap_or_else(|error| panic!("this test needs Go 1.24 or later: {error}"));
    assert!(output.status.success(), "go build: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(out).unwrap()
}

fn number(p: &mut Instance, name: &str, args: &[i64]) -> i64 {
    let args: Vec<_> = args.iter().map(|number| (*number).into()).collect();
    p.call(name, &args, Kind::I64).unwrap().try_into().unwrap()
}

fn with_call_me() -> Config {
    let mut config = Config::new();
    config.callback("env", "call_me", &[Kind::String], Kind::String, |caller, args| {
        caller.set_result(args[0]);
        Ok(())
    });
    config
}

/// A directory with `in.txt`.
fn workspace(name: &str, text: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("runtimes-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("in.txt"), text).unwrap();
    dir
}

/// Each instance reads and writes its own `/workspace`, which its runtime looked for during start-up.
fn uses_its_workspace(language: &str) {
    let (one, two) =
        (workspace(&format!("{language}-1"), "one"), workspace(&format!("{language}-2"), "two"));
    on_both(|engine| {
        engine.register("p", &example(language), &with_call_me()).unwrap();
        for round in 0..20 {
            for (dir, text) in [(&one, "one"), (&two, "two")] {
                let mut p = engine.instance("p", Some(dir)).unwrap();
                for reset in 0..2 {
                    let said = format!("{round}.{reset}");
                    let answer = p.call("workspace", &[(&said).into()], Kind::String).unwrap();
                    let wanted = format!("{said} {text}");
                    assert_eq!(answer, Value::String(&wanted));
                    assert_eq!(std::fs::read_to_string(dir.join("out.txt")).unwrap(), wanted);
                    p.reset().unwrap();
                }
            }
            let mut p = engine.instance("p", None).unwrap();
            assert!(p.call("workspace", &["x".into()], Kind::String).is_err());
            p.reset().unwrap();
            assert_eq!(p.call("sum", &[3.into(), 2.into()], Kind::I32).unwrap(), Value::I32(5));
            p.reset().unwrap();
            let hello = p.call("hello", &["Nic".into()], Kind::String).unwrap();
            assert_eq!(hello, Value::String("Hello Nic"));
        }
    });
}

#[test]
fn go_uses_its_workspace() {
    uses_its_workspace("go");
}

#[test]
fn assemblyscript_uses_its_workspace() {
    uses_its_workspace("assemblyscript");
}

#[test]
fn go_reads_its_environment_during_start_up() {
    let wasm = go("clock");
    on_both(|engine| {
        for greeting in ["", "Hello", "Hello again"] {
            let mut config = Config::new();
            config.env("GREETING", greeting);
            engine.register(greeting, &wasm, &config).unwrap();
        }
        for _ in 0..50 {
            for greeting in ["Hello", "", "Hello again"] {
                let mut p = engine.instance(greeting, None).unwrap();
                for _ in 0..3 {
                    assert_eq!(number(&mut p, "greeting_size", &[]), greeting.len() as i64);
                    assert_eq!(number(&mut p, "count", &[]), 1);
                    p.reset().unwrap();
                }
            }
        }
    });
}

#[test]
fn time_never_goes_back() {
    let wasm = go("clock");
    on_both(|engine| {
        let before = Instant::now();
        engine.register("p", &wasm, &Config::new()).unwrap();
        let registered = Instant::now();
        let mut p = engine.instance("p", None).unwrap();
        let (mut last, mut last_wall) = (0, 0);
        for round in 0..2000 {
            let least = registered.elapsed().as_nanos() as i64;
            let now = number(&mut p, "since_start", &[]);
            let most = before.elapsed().as_nanos() as i64;
            assert!(now >= last && now >= least && now <= most, "{last} {least} {now} {most}");
            last = now;
            let wall = number(&mut p, "wall", &[]);
            assert!(wall >= last_wall, "{last_wall} {wall}");
            last_wall = wall;
            // Timers of its own, and the one that was started before the snapshot.
            if round % 100 == 0 {
                let slept = number(&mut p, "sleep", &[2]);
                assert!(slept >= 2_000_000, "{slept}");
                let fired = number(&mut p, "start_timer", &[]);
                assert!(
                    fired >= 20_000_000 && fired <= before.elapsed().as_nanos() as i64,
                    "{fired}"
                );
            }
            assert_eq!(number(&mut p, "count", &[]), 1);
            if round % 2 == 0 {
                p.reset().unwrap();
            } else {
                drop(p);
                p = engine.instance("p", None).unwrap();
            }
        }
    });
}
