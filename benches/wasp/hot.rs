//! The ways through wasp that are taken most, each by itself, for those who change it: `cargo bench` here, after
//! `make plugins`. It compares with its last run.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::Path;
use wasp_core::{Config, Engine, Instance, Kind, Options, Value};

const NAME: &str = "plugin";

fn calls(criterion: &mut Criterion) {
    // SAFETY: this program runs WebAssembly through wasp alone.
    unsafe { wasp_core::assume_sole_use_of_wasmer() };
    let engine = engine(Options::default());
    let mut instance = engine.instance(NAME, None).expect("an instance");
    criterion.bench_function("int call", |bencher| bencher.iter(|| sum(&mut instance)));
    criterion.bench_function("string call", |bencher| bencher.iter(|| hello(&mut instance)));
    criterion.bench_function("call with a string callback", |bencher| {
        bencher.iter(|| {
            let answer = instance.call("callback", &[], Kind::String).expect("an answer");
            assert_eq!(answer, Value::String("Hello Nic"));
        });
    });
}

fn sandboxes(criterion: &mut Criterion) {
    let engine = engine(Options::default());
    let fresh = || engine.instance(NAME, None).expect("an instance");
    criterion.bench_function("fresh", |bencher| bencher.iter(|| drop(fresh())));
    criterion.bench_function("fresh + int call", |bencher| bencher.iter(|| sum(&mut fresh())));
    criterion.bench_function("fresh + string call", |bencher| {
        bencher.iter(|| hello(&mut fresh()));
    });
    let mut instance = fresh();
    criterion.bench_function("string call + reset", |bencher| {
        bencher.iter(|| {
            hello(&mut instance);
            instance.reset().expect("a reset");
        });
    });
    criterion.bench_function("65th live instance", |bencher| {
        // As many as are kept idle, so that the next one is made from nothing.
        let live: Vec<Instance> = (0..64).map(|_| fresh()).collect();
        bencher.iter_batched(|| (), |()| fresh(), BatchSize::NumIterations(1_000));
        drop(live);
    });
}

fn registering(criterion: &mut Criterion) {
    let mut options = Options::default();
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../build/bench/hot");
    options.cache_directory = Some(cache);
    engine(options.clone());
    criterion.bench_function("register from cache", |bencher| {
        bencher.iter(|| engine(options.clone()));
    });
}

/// With the example plugin in C.
fn engine(options: Options) -> Engine {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../build/plugins/c.wasm");
    let mut config = Config::new();
    config.callback("env", "call_me", &[Kind::String], Kind::String, |caller, args| {
        let name: &str = args[0].try_into()?;
        caller.set_result(Value::String(&format!("Hello {name}")));
        Ok(())
    });
    let engine = Engine::with_options(options);
    engine.register_file(NAME, path, &config).expect("a plugin");
    engine
}

fn sum(instance: &mut Instance) {
    let args = [black_box(3).into(), black_box(2).into()];
    assert_eq!(instance.call("sum", &args, Kind::I32).expect("a sum"), Value::I32(5));
}

fn hello(instance: &mut Instance) {
    let answer = instance.call("hello", &[black_box("Nic").into()], Kind::String);
    assert_eq!(answer.expect("a greeting"), Value::String("Hello Nic"));
}

criterion_group!(hot, calls, sandboxes, registering);
criterion_main!(hot);
