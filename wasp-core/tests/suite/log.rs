//! What the host is told.

use crate::plugins;

use plugins::{instance, on_both_with, plugin, with_allocator};
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use wasp_core::{Config, Kind, Level, Log, Value};

/// A log that notes what it is told, a line each, without what differs from run to run.
fn noting(level: Level) -> (Log, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Log::new(level, {
        let lines = Arc::clone(&lines);
        move |record| {
            let mut line = format!("{:?}: {}", record.level, record.message);
            for (name, value) in record.fields {
                let changes = ["addr", "time taken"].contains(name);
                let value = if changes { "...".to_owned() } else { value.to_string() };
                let _ = write!(line, " {name}={value}");
            }
            lines.lock().unwrap().push(line);
        }
    });
    (log, lines)
}

fn config() -> Config {
    let mut config = Config::new();
    config.callback("env", "greet", &[Kind::String], Kind::Bytes, |caller, args| {
        let name: &str = args[0].try_into()?;
        caller.set_result(format!("Hello {name}").as_bytes().into());
        Ok(())
    });
    config
}

fn wat() -> String {
    with_allocator(
        r#"(import "env" "greet" (func $greet (param i32) (result i32)))
           (import "env" "raise_error" (func $raise (param i32)))
           (func (export "greet") (param i32) (result i32) (call $greet (local.get 0)))
           (func (export "raise") (param i32) (call $raise (local.get 0)))
           (func (export "trap") unreachable)"#,
    )
}

#[test]
fn a_call_is_told_step_by_step() {
    let (log, lines) = noting(Level::Trace);
    on_both_with(log, |engine| {
        let mut p = instance(engine, &wat(), &config());
        let greeting = p.call("greet", &["Nic".into()], Kind::Bytes).unwrap();
        assert_eq!(greeting, Value::Bytes(b"Hello Nic"));
        let lines = std::mem::take(&mut *lines.lock().unwrap());
        assert_eq!(
            lines,
            [
                r#"Debug: Plugin registered name=p"#,
                r#"Debug: Calling function name=greet inputParam=["Nic"]"#,
                r#"Debug: Allocated memory in host size=4 addr=..."#,
                r#"Debug: Got string from memory addr=... result=Nic"#,
                r#"Debug: Callback called namespace=env name=greet args=["Nic"]"#,
                r#"Debug: Called callback function namespace=env name=greet out=[9 bytes]"#,
                r#"Debug: Allocated memory in host size=13 addr=..."#,
                r#"Debug: Got bytes from memory addr=... size=9"#,
                r#"Debug: Deallocated module instance memory addr=... size=4"#,
                r#"Debug: Deallocated module instance memory addr=... size=13"#,
                r#"Debug: Called function name=greet response=[9 bytes] time taken=..."#,
            ]
        );
    });
}

#[test]
fn failures_are_told() {
    let (log, lines) = noting(Level::Error);
    on_both_with(log, |engine| {
        let mut p = instance(engine, &wat(), &config());
        p.call("raise", &["oh".into()], Kind::None).unwrap_err();
        p.call("trap", &[], Kind::None).unwrap_err();
        let lines = std::mem::take(&mut *lines.lock().unwrap());
        assert_eq!(
            lines,
            [
                r#"Error: Calling function failed name=raise error=oh"#,
                r#"Error: Calling function failed name=trap error=plugin "p", function "trap": unreachable"#,
            ]
        );
    });
}

#[test]
fn a_plugin_that_frees_nothing_is_told_of_once() {
    let (log, lines) = noting(Level::Debug);
    let wat = r#"(memory (export "memory") 1)
        (func (export "allocate") (param i32) (result i32) (i32.const 8))
        (func (export "f") (param i32))"#;
    on_both_with(log, |engine| {
        let mut p = instance(engine, wat, &Config::new());
        for _ in 0..3 {
            p.call("f", &["Nic".into()], Kind::None).unwrap();
        }
        drop((p, engine.instance("p", None).unwrap()));
        let lines = std::mem::take(&mut *lines.lock().unwrap());
        let told =
            "Debug: Plugin exports no deallocate, the memory of its arguments is never freed";
        assert_eq!(lines.iter().filter(|line| line.starts_with(told)).count(), 1);
    });
}

#[test]
fn what_is_not_wanted_is_not_told() {
    for (level, count) in [(Level::Error, 0), (Level::Info, 0), (Level::Debug, 11)] {
        let (log, lines) = noting(level);
        on_both_with(log, |engine| {
            let mut p = instance(engine, &wat(), &config());
            p.call("greet", &["Nic".into()], Kind::Bytes).unwrap();
            assert_eq!(std::mem::take(&mut *lines.lock().unwrap()).len(), count, "{level:?}");
        });
    }
}

#[test]
fn a_host_whose_log_panics_loses_the_lines_only() {
    let log = Log::new(Level::Trace, |_| panic!("the disk is full"));
    on_both_with(log, |engine| {
        let mut p = instance(engine, &plugin("echo"), &Config::new());
        for _ in 0..3 {
            let back = p.call("string", &["Nic".into()], Kind::String).unwrap();
            assert_eq!(back, Value::String("Nic"));
        }
    });
}

#[test]
fn a_main_that_nothing_runs_is_told_of() {
    let (log, lines) = noting(Level::Info);
    let told = r#"Info: Plugin exports "main", which only runs if the host calls it; "_start" and "_initialize" run at registration name=p"#;
    on_both_with(log, |engine| {
        let main = r#"(func (export "main") (param i32 i32) (result i32) (i32.const 0))"#;
        instance(engine, main, &Config::new());
        assert_eq!(std::mem::take(&mut *lines.lock().unwrap()), [told]);
        for start in ["_start", "_initialize"] {
            instance(engine, &format!(r#"{main} (func (export "{start}"))"#), &Config::new());
        }
        assert!(lines.lock().unwrap().is_empty());
    });
}
