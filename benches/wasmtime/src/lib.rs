//! wasmtime as a side of the benchmark, each thing done the way its documentation recommends for speed.

mod instance;
mod snapshot;

use instance::{Data, Indices, WasmtimeInstance};
use sides::{Face, Side, Variant, face};
use std::path::{Path, PathBuf};
use wasmtime::{
    Caller, Config, Enabled, Engine, InstanceAllocationStrategy, InstancePre, Linker, Module,
    PoolingAllocationConfig, Store,
};
use wasmtime_wasi::WasiCtxBuilder;

/// The way in, and which wasmtime this is.
#[unsafe(no_mangle)]
pub extern "C" fn side() -> Face {
    face::<Wasmtime>()
}

struct Wasmtime {
    engine: Engine,
    variant: Variant,
}

struct Plugin {
    pre: InstancePre<Data>,
    indices: Indices,
}

impl Side for Wasmtime {
    type Plugin = Plugin;
    type Instance = WasmtimeInstance;

    fn new(variant: Variant) -> Self {
        let mut config = Config::new();
        if !matches!(variant, Variant::Usual | Variant::ByName) {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
            config.memory_init_cow(true);
        }
        config.epoch_interruption(variant == Variant::PooledEpoch);
        let engine = Engine::new(&config).expect("an engine of wasmtime");
        Self { engine, variant }
    }

    fn compile(&self, wasm: &[u8]) -> Plugin {
        if self.variant == Variant::PooledSnapshot {
            let started = snapshot::started(self, wasm);
            return self.plugin(Module::new(&self.engine, started).expect("a module"));
        }
        self.plugin(Module::new(&self.engine, wasm).expect("a module"))
    }

    fn save(&self, wasm: &[u8], at: &Path) {
        let code = self.engine.precompile_module(wasm).expect("a module");
        std::fs::write(file(at), code).expect("a file for compiled code");
    }

    fn load(&self, _wasm: &[u8], at: &Path) -> Plugin {
        // SAFETY: `save` wrote it.
        let module = unsafe { Module::deserialize_file(&self.engine, file(at)) };
        self.plugin(module.expect("compiled code"))
    }

    fn instance(&self, plugin: &Plugin) -> WasmtimeInstance {
        let mut store = Store::new(&self.engine, Data::new(plugin.indices));
        store.set_epoch_deadline(1);
        let instance = plugin.pre.instantiate(&mut store).expect("an instance");
        WasmtimeInstance::new(store, instance, self.variant == Variant::ByName)
    }
}

impl Wasmtime {
    fn plugin(&self, module: Module) -> Plugin {
        let mut linker = Linker::new(&self.engine);
        // Most instances never ask WASI for anything: then they need no context.
        wasmtime_wasi::p1::add_to_linker_sync(&mut linker, |data: &mut Data| {
            data.wasi.get_or_insert_with(|| WasiCtxBuilder::new().build_p1())
        })
        .and_then(|()| {
            linker.func_wrap("env", "raise_error", |_: i32| {})?;
            linker.func_wrap("env", "add", |a: i32, b: i32| a.wrapping_add(b))?;
            linker.func_wrap("env", "call_me", |mut caller: Caller<'_, Data>, name: i32| {
                instance::call_me(&mut caller, name)
            })?;
            Ok(())
        })
        .expect("host functions");
        let pre = linker.instantiate_pre(&module).expect("a module whose imports are there");
        Plugin { pre, indices: Indices::of(&module) }
    }
}

/// Room for the 1,000 instances that are held, and resets that keep pages where PAGEMAP_SCAN can find them.
fn pool() -> PoolingAllocationConfig {
    const INSTANCES: u32 = 1_100;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(INSTANCES).total_memories(INSTANCES).total_tables(INSTANCES);
    pool.max_unused_warm_slots(INSTANCES);
    pool.linear_memory_keep_resident(16 << 20).table_keep_resident(1 << 20);
    pool.pagemap_scan(match PoolingAllocationConfig::is_pagemap_scan_available() {
        true => Enabled::Yes,
        false => Enabled::No,
    });
    pool
}

fn file(directory: &Path) -> PathBuf {
    directory.join("plugin.cwasm")
}
