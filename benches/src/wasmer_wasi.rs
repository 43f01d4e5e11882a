//! As much of WASI as the plugins need to start up and answer, for wasmer by itself, which has none: no files, no
//! environment, a clock, random numbers that aren't. It costs less than a real one, to wasmer's advantage.

use crate::wasmer::Data;
use std::time::{SystemTime, UNIX_EPOCH};
use wasmer::{Function, FunctionEnv, FunctionEnvMut, Imports, Module, RuntimeError, Store};

const BAD_DESCRIPTOR: i32 = 8;

/// Adds what `module` imports.
pub fn add(module: &Module, store: &mut Store, env: &FunctionEnv<Data>, imports: &mut Imports) {
    for import in module.imports() {
        if import.module() != "wasi_snapshot_preview1" {
            continue;
        }
        let function = match import.name() {
            "args_sizes_get" | "environ_sizes_get" => {
                Function::new_typed_with_env(store, env, no_strings)
            }
            "args_get" | "environ_get" => Function::new_typed(store, |_: i32, _: i32| 0),
            "clock_time_get" => Function::new_typed_with_env(store, env, clock_time_get),
            "random_get" => Function::new_typed_with_env(store, env, random_get),
            "sched_yield" => Function::new_typed(store, || 0),
            "proc_exit" => Function::new_typed(store, |code: i32| -> Result<(), RuntimeError> {
                Err(RuntimeError::new(format!("the guest exits with {code}")))
            }),
            // Everything else is about files.
            _ => Function::new(store, import.ty().func().expect("a function"), |_| {
                Ok(vec![wasmer::Value::I32(BAD_DESCRIPTOR)])
            }),
        };
        imports.define("wasi_snapshot_preview1", import.name(), function);
    }
}

fn no_strings(mut env: FunctionEnvMut<'_, Data>, count: i32, size: i32) -> i32 {
    write(&mut env, count, &[0; 4]);
    write(&mut env, size, &[0; 4]);
    0
}

fn clock_time_get(mut env: FunctionEnvMut<'_, Data>, _clock: i32, _precision: i64, at: i32) -> i32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock past 1970");
    write(&mut env, at, &(now.as_nanos() as u64).to_le_bytes());
    0
}

fn random_get(mut env: FunctionEnvMut<'_, Data>, at: i32, size: i32) -> i32 {
    write(&mut env, at, &vec![7; size as usize]);
    0
}

fn write(env: &mut FunctionEnvMut<'_, Data>, at: i32, bytes: &[u8]) {
    let (data, store) = env.data_and_store_mut();
    let memory = data.memory.as_ref().expect("a memory");
    memory.view(&store).write(u64::from(at as u32), bytes).expect("room in memory");
}
