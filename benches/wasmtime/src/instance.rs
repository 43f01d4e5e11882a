use sides::Instance;
use sides::abi::{self, Guest};
use wasmtime::{
    AsContextMut, Caller, Memory, Module, ModuleExport, Store, TypedFunc, Val, WasmParams, WasmResults,
};
use wasmtime_wasi::p1::WasiP1Ctx;

/// What a store holds.
pub struct Data {
    pub wasi: Option<WasiP1Ctx>,
    indices: Indices,
    /// What strings need, once one was passed.
    strings: Option<Strings>,
}

#[derive(Clone)]
struct Strings {
    memory: Memory,
    allocate: TypedFunc<i32, i32>,
    deallocate: TypedFunc<(i32, i32), ()>,
}

/// Where a module has its exports, so that no name is looked up when an instance is called.
#[derive(Clone, Copy)]
pub struct Indices {
    memory: Option<ModuleExport>,
    initialize: Option<ModuleExport>,
    allocate: Option<ModuleExport>,
    deallocate: Option<ModuleExport>,
    sum: Option<ModuleExport>,
    hello: Option<ModuleExport>,
    callback: Option<ModuleExport>,
    echo: Option<ModuleExport>,
}

impl Indices {
    pub fn of(module: &Module) -> Self {
        let find = |name| module.get_export_index(name);
        Self {
            memory: find("memory"),
            initialize: find("_initialize"),
            allocate: find("allocate"),
            deallocate: find("deallocate"),
            sum: find("sum"),
            hello: find("hello"),
            callback: find("callback"),
            echo: find("echo"),
        }
    }
}

impl Data {
    pub fn new(indices: Indices) -> Self {
        Self { wasi: None, indices, strings: None }
    }
}

/// An instance, with the functions that were called so far.
pub struct WasmtimeInstance {
    pub store: Store<Data>,
    pub instance: wasmtime::Instance,
    indices: Indices,
    by_name: bool,
    strings: Option<Strings>,
    sum: Option<TypedFunc<(i32, i32), i32>>,
    hello: Option<TypedFunc<i32, i32>>,
    callback: Option<TypedFunc<(), i32>>,
    echo: Option<TypedFunc<i32, i32>>,
    number: Option<(&'static str, TypedFunc<i32, i32>)>,
    text: String,
    bytes: Vec<u8>,
}

impl WasmtimeInstance {
    pub fn new(store: Store<Data>, instance: wasmtime::Instance, by_name: bool) -> Self {
        let indices = store.data().indices;
        let mut new = Self {
            store,
            instance,
            indices,
            by_name,
            strings: None,
            sum: None,
            hello: None,
            callback: None,
            echo: None,
            number: None,
            text: String::new(),
            bytes: Vec::new(),
        };
        if indices.initialize.is_some() {
            new.find::<(), ()>(indices.initialize).call(&mut new.store, ()).expect("start-up");
        }
        new
    }

    fn find<P: WasmParams, R: WasmResults>(
        &mut self,
        index: Option<ModuleExport>,
    ) -> TypedFunc<P, R> {
        let index = index.expect("an export");
        let export = self.instance.get_module_export(&mut self.store, &index);
        let function = export.and_then(|export| export.into_func()).expect("a function");
        function.typed(&self.store).expect("a function of this type")
    }

    /// Finds what strings need when the first one passes.
    fn with_strings(&mut self) -> Passing<'_, &mut Store<Data>> {
        if self.strings.is_none() {
            let memory = self.indices.memory.expect("a memory");
            let memory = self.instance.get_module_export(&mut self.store, &memory);
            self.strings = Some(Strings {
                memory: memory.and_then(|export| export.into_memory()).expect("a memory"),
                allocate: self.find(self.indices.allocate),
                deallocate: self.find(self.indices.deallocate),
            });
        }
        Passing { store: &mut self.store, strings: self.strings.as_ref().expect("just found") }
    }
}

impl Instance for WasmtimeInstance {
    fn sum(&mut self, a: i32, b: i32) -> i32 {
        if self.by_name {
            let sum = self.instance.get_func(&mut self.store, "sum").expect("a function");
            let mut result = [Val::I32(0)];
            sum.call(&mut self.store, &[a.into(), b.into()], &mut result).expect("a sum");
            return result[0].unwrap_i32();
        }
        if self.sum.is_none() {
            self.sum = Some(self.find(self.indices.sum));
        }
        let sum = self.sum.as_ref().expect("just found");
        sum.call(&mut self.store, (a, b)).expect("a sum")
    }

    fn hello(&mut self, name: &str) -> &str {
        if self.hello.is_none() {
            self.hello = Some(self.find(self.indices.hello));
        }
        let size = name.len() as i32 + 1;
        let at = abi::place_text(&mut self.with_strings(), name);
        let hello = self.hello.as_ref().expect("just found");
        let answer = hello.call(&mut self.store, at).expect("a greeting");
        let mut text = std::mem::take(&mut self.text);
        let mut guest = self.with_strings();
        abi::take_text(&mut guest, answer, &mut text);
        guest.deallocate(at, size);
        self.text = text;
        &self.text
    }

    fn callback(&mut self) -> &str {
        if self.callback.is_none() {
            self.callback = Some(self.find(self.indices.callback));
        }
        let callback = self.callback.as_ref().expect("just found");
        let answer = callback.call(&mut self.store, ()).expect("a greeting");
        let mut text = std::mem::take(&mut self.text);
        abi::take_text(&mut self.with_strings(), answer, &mut text);
        self.text = text;
        &self.text
    }

    fn echo(&mut self, data: &[u8]) -> &[u8] {
        if self.echo.is_none() {
            self.echo = Some(self.find(self.indices.echo));
        }
        let at = abi::place_bytes(&mut self.with_strings(), data);
        let echo = self.echo.as_ref().expect("just found");
        let copy = echo.call(&mut self.store, at).expect("a copy");
        let mut bytes = std::mem::take(&mut self.bytes);
        let mut guest = self.with_strings();
        abi::take_bytes(&mut guest, copy, &mut bytes);
        guest.deallocate(at, data.len() as i32 + 4);
        self.bytes = bytes;
        &self.bytes
    }

    fn number(&mut self, name: &'static str, n: i32) -> i32 {
        if self.number.as_ref().is_none_or(|(known, _)| *known != name) {
            let function = self.instance.get_typed_func(&mut self.store, name);
            self.number = Some((name, function.expect("a function of a number")));
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

impl<S: AsContextMut> Guest for Passing<'_, S> {
    fn memory(&mut self) -> &mut [u8] {
        self.strings.memory.data_mut(&mut self.store)
    }

    fn allocate(&mut self, size: i32) -> i32 {
        self.strings.allocate.call(&mut self.store, size).expect("a block")
    }

    fn deallocate(&mut self, at: i32, size: i32) {
        self.strings.deallocate.call(&mut self.store, (at, size)).expect("a block back");
    }
}

/// The host function `env.call_me`.
pub fn call_me(caller: &mut Caller<'_, Data>, name: i32) -> i32 {
    let strings = match &caller.data().strings {
        Some(strings) => strings.clone(),
        None => {
            let strings = strings(caller);
            caller.data_mut().strings = Some(strings.clone());
            strings
        }
    };
    let mut guest = Passing { store: caller, strings: &strings };
    let name_text = abi::read_text(guest.memory(), name);
    let (answer, size) = (format!("Hello {name_text}"), name_text.len() as i32 + 1);
    guest.deallocate(name, size);
    abi::place_text(&mut guest, &answer)
}

fn strings(caller: &mut Caller<'_, Data>) -> Strings {
    let mut find = |name| caller.get_export(name).expect("an export");
    let memory = find("memory").into_memory().expect("a memory");
    let allocate = find("allocate").into_func().expect("a function");
    let deallocate = find("deallocate").into_func().expect("a function");
    Strings {
        memory,
        allocate: allocate.typed(&caller).expect("a function of this type"),
        deallocate: deallocate.typed(&caller).expect("a function of this type"),
    }
}
