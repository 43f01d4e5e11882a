use std::time::{Duration, Instant};
use wasp_core::*;
fn bench(name: &str, n: u32, mut f: impl FnMut()) {
    let mut best = f64::MAX;
    for _ in 0..15 {
        let t = Instant::now();
        for _ in 0..n {
            f();
        }
        best = best.min(t.elapsed().as_nanos() as f64 / n as f64);
    }
    println!("{name:40} {best:10.1} ns");
}
fn main() {
    if std::env::args().nth(1).as_deref() == Some("warm") {
        let engine = Engine::new();
        engine.register("u", br#"(module (func (export "sum") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"#, &Config::new()).unwrap();
        let mut i = engine.instance("u", None).unwrap();
        for _ in 0..30_000_000 {
            i.call("sum", &[3.into(), 2.into()], Kind::I32).unwrap();
        }
        return;
    }
    for compiler in [Compiler::Cranelift] {
        let mut o = Options::default();
        o.compiler = compiler;
        let engine = Engine::with_options(o);
        let mut config = Config::new();
        config.callback("env", "call_me", &[Kind::String], Kind::String, |caller, args| {
            let name: &str = args[0].try_into()?;
            caller.answer(Value::String(name));
            Ok(())
        });
        for p in ["c", "go"] {
            println!("-- {p}");
            engine.register_file(p, format!("build/plugins/{p}.wasm"), &config).unwrap();
            let mut i = engine.instance(p, None).unwrap();
            let data = vec![7u8; 1 << 20];
            bench("warm int", 100_000, || {
                i.call("sum", &[3.into(), 2.into()], Kind::I32).unwrap();
            });
            bench("warm string", 100_000, || {
                i.call("hello", &["Nic".into()], Kind::String).unwrap();
            });
            bench("callback", 100_000, || {
                i.call("callback", &[], Kind::String).unwrap();
            });
            bench("1MiB reverse", 20, || {
                i.call("reverse", &[(&data[..]).into()], Kind::Bytes).unwrap();
            });
            let engine = engine.clone();
            bench("fresh", 10_000, || {
                engine.instance(p, None).unwrap();
            });
            bench("fresh int", 10_000, || {
                engine
                    .instance(p, None)
                    .unwrap()
                    .call("sum", &[3.into(), 2.into()], Kind::I32)
                    .unwrap();
            });
            bench("fresh string", 10_000, || {
                engine
                    .instance(p, None)
                    .unwrap()
                    .call("hello", &["Nic".into()], Kind::String)
                    .unwrap();
            });
        }
        let mut c2 = Config::new();
        let mut l = Limits::default();
        l.timeout = Some(Duration::from_millis(100));
        c2.limits(l);
        engine
            .register("t", br#"(module (memory (export "memory") 1) (func (export "nop")))"#, &c2)
            .unwrap();
        let mut i = engine.instance("t", None).unwrap();
        bench("warm with deadline", 100_000, || {
            i.call("nop", &[], Kind::None).unwrap();
        });
        engine
            .register(
                "u",
                br#"(module (func (export "nop")) (func (export "spin") (loop (br 0))))"#,
                &Config::new(),
            )
            .unwrap();
        let mut i = engine.instance("u", None).unwrap();
        bench("warm without deadline", 100_000, || {
            i.call("nop", &[], Kind::None).unwrap();
        });
    }
}
