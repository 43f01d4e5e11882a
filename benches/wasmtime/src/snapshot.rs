//! A module as its start-up leaves it, by Wizer.

use crate::Wasmtime;
use crate::instance::WasmtimeInstance;
use sides::Side;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

pub fn started(side: &Wasmtime, wasm: &[u8]) -> Vec<u8> {
    let mut wizer = Wizer::new();
    wizer.init_func("_initialize");
    let (context, instrumented) = wizer.instrument(wasm).expect("a module that Wizer takes");
    let module = wasmtime::Module::new(&side.engine, instrumented).expect("a module");
    // A new instance has started up.
    let mut state = State(side.instance(&side.plugin(module)));
    // Reading an instance's state never waits.
    let snapshot = pin!(wizer.snapshot(&context, &mut state));
    match snapshot.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(snapshot) => snapshot.expect("a snapshot"),
        Poll::Pending => unreachable!("nothing is waited for"),
    }
}

struct State(WasmtimeInstance);

impl InstanceState for State {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let Self(WasmtimeInstance { store, instance, .. }) = self;
        let global = instance.get_global(&mut *store, name).expect("a global");
        match global.get(&mut *store) {
            wasmtime::Val::I32(value) => SnapshotVal::I32(value),
            wasmtime::Val::I64(value) => SnapshotVal::I64(value),
            wasmtime::Val::F32(value) => SnapshotVal::F32(value),
            wasmtime::Val::F64(value) => SnapshotVal::F64(value),
            other => unimplemented!("a global that is {other:?}"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let Self(WasmtimeInstance { store, instance, .. }) = self;
        let memory = instance.get_memory(&mut *store, name).expect("a memory");
        contents(memory.data(store));
    }
}
