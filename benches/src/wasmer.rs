//! wasmer by itself, through its typed functions: the same version, compilers and settings that wasp has it with, and no
//! check for interrupts.

use crate::wasmer_wasi;
use sides::abi::{self, Guest};
use sides::{Instance, Side, Variant};
use std::path::{Path, PathBuf};
use wasmer::sys::{CompilerConfig, Cranelift, EngineBuilder, Singlepass};
use wasmer::{
    AsStoreMut, Engine, Function, FunctionEnv, FunctionEnvMut, Memory, Module, Store,
    TypedFunction, WasmTypeList, imports,
};

pub struct Wasmer(Engine);

pub struct WasmerInstance {
    store: Store,
    instance: wasmer::Instance,
    strings: Option<Strings>,
    sum: Option<TypedFunction<(i32, i32), i32>>,
    hello: Option<TypedFunction<i32, i32>>,
    callback: Option<TypedFunction<(), i32>>,
    echo: Option<TypedFunction<i32, i32>>,
    number: Option<(&'static str, TypedFunction<i32, i32>)>,
    text: String,
    bytes: Vec<u8>,
}

/// What strings need.
#[derive(Clone)]
pub struct Strings {
    pub memory: Memory,
    allocate: TypedFunction<i32, i32>,
    deallocate: TypedFunction<(i32, i32), ()>,
}

/// What host functions know of their instance.
#[derive(Default)]
pub struct Data {
    pub memory: Option<Memory>,
    strings: Option<Strings>,
}

impl Side for Wasmer {
    type Plugin = Module;
    type Instance = WasmerInstance;

    fn new(variant: Variant) -> Self {
        let compiler: Box<dyn CompilerConfig> = match variant {
            Variant::Singlepass => Box::new(Singlepass::default()),
            _ => Box::new(Cranelift::default()),
        };
        Self(EngineBuilder::new(compiler).engine().into())
    }

    fn compile(&self, wasm: &[u8]) -> Module {
        Module::from_binary(&self.0, wasm).expect("a module")
    }

    fn save(&self, wasm: &[u8], at: &Path) {
        self.compile(wasm).serialize_to_file(file(at)).expect("a file for compiled code");
    }

    fn load(&self, _wasm: &[u8], at: &Path) -> Module {
        // SAFETY: `save` wrote it.
        let module = unsafe { Module::deserialize_from_file_unchecked(&self.0, file(at)) };
        module.expect("compiled code")
    }

    fn instance(&self, module: &Module) -> WasmerInstance {
        let mut store = Store::new(self.0.clone());
        let env = FunctionEnv::new(&mut store, Data::default());
        let mut imports = imports! {
            "env" => {
                "raise_error" => Function::new_typed(&mut store, |_: i32| {}),
                "add" => Function::new_typed(&mut store, |a: i32, b: i32| a.wrapping_add(b)),
                "call_me" => Function::new_typed_with_env(&mut store, &env, call_me),
            },
        };
        wasmer_wasi::add(module, &mut store, &env, &mut imports);
        let instance = wasmer::Instance::new(&mut store, module, &imports).expect("an instance");
        let memory = instance.exports.get_memory("memory").ok().cloned();
        let (allocate, deallocate) = (
            instance.exports.get_typed_function(&store, "allocate").ok(),
            instance.exports.get_typed_function(&store, "deallocate").ok(),
        );
        let strings = match (&memory, allocate, deallocate) {
            (Some(memory), Some(allocate), Some(deallocate)) => {
                Some(Strings { memory: memory.clone(), allocate, deallocate })
            }
            _ => None,
        };
        *env.as_mut(&mut store) = Data { memory, strings: strings.clone() };
        let new = WasmerInstance {
            store,
            instance,
            strings,
            sum: None,
            hello: None,
            callback: None,
            echo: None,
            number: None,
            text: String::new(),
            bytes: Vec::new(),
        };
        new.start_up()
    }
}

fn file(directory: &Path) -> PathBuf {
    directory.join("plugin.wasmu")
}

impl WasmerInstance {
    fn start_up(mut self) -> Self {
        if self.instance.exports.contains("_initialize") {
            let start_up: TypedFunction<(), ()> = self.find("_initialize");
            start_up.call(&mut self.store).expect("start-up");
        }
        self
    }

    fn find<P: WasmTypeList, R: WasmTypeList>(&self, name: &str) -> TypedFunction<P, R> {
        self.instance.exports.get_typed_function(&self.store, name).expect("a function")
    }

    fn passing(&mut self) -> Passing<'_, &mut Store> {
        Passing { store: &mut self.store, strings: self.strings.as_ref().expect("an allocator") }
    }
}

impl Instance for WasmerInstance {
    fn sum(&mut self, a: i32, b: i32) -> i32 {
        if self.sum.is_none() {
            self.sum = Some(self.find("sum"));
        }
        self.sum.as_ref().expect("just found").call(&mut self.store, a, b).expect("a sum")
    }

    fn hello(&mut self, name: &str) -> &str {
        if self.hello.is_none() {
            self.hello = Some(self.find("hello"));
        }
        let at = abi::place_text(&mut self.passing(), name);
        let hello = self.hello.as_ref().expect("just found");
        let answer = hello.call(&mut self.store, at).expect("a greeting");
        let mut text = std::mem::take(&mut self.text);
        let mut guest = self.passing();
        abi::take_text(&mut guest, answer, &mut text);
        guest.deallocate(at, name.len() as i32 + 1);
        self.text = text;
        &self.text
    }

    fn callback(&mut self) -> &str {
        if self.callback.is_none() {
            self.callback = Some(self.find("callback"));
        }
        let callback = self.callback.as_ref().expect("just found");
        let answer = callback.call(&mut self.store).expect("a greeting");
        let mut text = std::mem::take(&mut self.text);
        abi::take_text(&mut self.passing(), answer, &mut text);
        self.text = text;
        &self.text
    }

    fn echo(&mut self, data: &[u8]) -> &[u8] {
        if self.echo.is_none() {
            self.echo = Some(self.find("echo"));
        }
        let at = abi::place_bytes(&mut self.passing(), data);
        let echo = self.echo.as_ref().expect("just found");
        let copy = echo.call(&mut self.store, at).expect("a copy");
        let mut bytes = std::mem::take(&mut self.bytes);
        let mut guest = self.passing();
        abi::take_bytes(&mut guest, copy, &mut bytes);
        guest.deallocate(at, data.len() as i32 + 4);
        self.bytes = bytes;
        &self.bytes
    }

    fn number(&mut self, name: &'static str, n: i32) -> i32 {
        if self.number.as_ref().is_none_or(|(known, _)| *known != name) {
            self.number = Some((name, self.find(name)));
        }
        let (_, function) = self.number.as_ref().expect("just found");
        function.call(&mut self.store, n).expect("a number")
    }
}

/// A guest while strings pass: from outside, or in a host function.
struct Passing<'a, S> {
    store: S,
    strings: &'a Strings,
}

impl<S: AsStoreMut> Guest for Passing<'_, S> {
    fn memory(&mut self) -> &mut [u8] {
        let view = self.strings.memory.view(&self.store);
        // SAFETY: one thread has the store, and no guest code runs while the slice is used.
        unsafe { std::slice::from_raw_parts_mut(view.data_ptr(), view.data_size() as usize) }
    }

    fn allocate(&mut self, size: i32) -> i32 {
        self.strings.allocate.call(&mut self.store, size).expect("a block")
    }

    fn deallocate(&mut self, at: i32, size: i32) {
        self.strings.deallocate.call(&mut self.store, at, size).expect("a block back");
    }
}

/// The host function `env.call_me`.
fn call_me(mut env: FunctionEnvMut<'_, Data>, name: i32) -> i32 {
    let (data, store) = env.data_and_store_mut();
    let strings = data.strings.as_ref().expect("an allocator");
    let mut guest = Passing { store, strings };
    let name_text = abi::read_text(guest.memory(), name);
    let (answer, size) = (format!("Hello {name_text}"), name_text.len() as i32 + 1);
    guest.deallocate(name, size);
    abi::place_text(&mut guest, &answer)
}
