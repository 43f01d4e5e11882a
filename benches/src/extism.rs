//! Extism, through the C API of its library, which the PyPI package `extism-sys` ships.

use libloading::Library;
use sides::{Instance, Side, Variant};
use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::ptr;
use std::sync::OnceLock;

/// `make bench` puts it there.
const LIBRARY: &str = "build/extism/extism_sys/libextism_sys.so";

#[repr(C)]
struct Val {
    kind: u32,
    value: u64,
}

const I32: u32 = 0;
const I64: u32 = 1;

type Pointer = *mut c_void;
type HostFunction = unsafe extern "C" fn(Pointer, *const Val, u64, *mut Val, u64, Pointer);
type Free = Option<unsafe extern "C" fn(Pointer)>;

/// What is used of `extism.h`.
struct Api {
    version: unsafe extern "C" fn() -> *const c_char,
    function_new: unsafe extern "C" fn(
        *const c_char,
        *const u32,
        u64,
        *const u32,
        u64,
        HostFunction,
        Pointer,
        Free,
    ) -> Pointer,
    compiled_plugin_new:
        unsafe extern "C" fn(*const u8, u64, *mut Pointer, u64, bool, *mut *mut c_char) -> Pointer,
    compiled_plugin_free: unsafe extern "C" fn(Pointer),
    plugin_new_from_compiled: unsafe extern "C" fn(Pointer, *mut *mut c_char) -> Pointer,
    plugin_free: unsafe extern "C" fn(Pointer),
    plugin_call: unsafe extern "C" fn(Pointer, *const c_char, *const u8, u64) -> i32,
    plugin_error: unsafe extern "C" fn(Pointer) -> *const c_char,
    plugin_output_length: unsafe extern "C" fn(Pointer) -> u64,
    plugin_output_data: unsafe extern "C" fn(Pointer) -> *const u8,
    current_plugin_memory: unsafe extern "C" fn(Pointer) -> *mut u8,
    current_plugin_memory_alloc: unsafe extern "C" fn(Pointer, u64) -> u64,
    current_plugin_memory_length: unsafe extern "C" fn(Pointer, u64) -> u64,
    _library: Library,
}

impl Api {
    /// # Safety
    /// The library is Extism's, of version 1.
    unsafe fn load() -> Result<Self, libloading::Error> {
        // SAFETY: as above; the types are those of its header.
        unsafe {
            let library = Library::new(LIBRARY)?;
            macro_rules! function {
                ($name:literal) => {
                    *library.get(concat!("extism_", $name, "\0").as_bytes())?
                };
            }
            Ok(Self {
                version: function!("version"),
                function_new: function!("function_new"),
                compiled_plugin_new: function!("compiled_plugin_new"),
                compiled_plugin_free: function!("compiled_plugin_free"),
                plugin_new_from_compiled: function!("plugin_new_from_compiled"),
                plugin_free: function!("plugin_free"),
                plugin_call: function!("plugin_call"),
                plugin_error: function!("plugin_error"),
                plugin_output_length: function!("plugin_output_length"),
                plugin_output_data: function!("plugin_output_data"),
                current_plugin_memory: function!("current_plugin_memory"),
                current_plugin_memory_alloc: function!("current_plugin_memory_alloc"),
                current_plugin_memory_length: function!("current_plugin_memory_length"),
                _library: library,
            })
        }
    }
}

/// The library, or nothing where it isn't installed.
fn library() -> Option<&'static Api> {
    static API: OnceLock<Option<Api>> = OnceLock::new();
    // SAFETY: nothing else is installed there.
    API.get_or_init(|| unsafe { Api::load() }.ok()).as_ref()
}

fn api() -> &'static Api {
    library().expect("Extism's library")
}

/// Its version, where it is installed.
pub fn version() -> Option<String> {
    // SAFETY: it gives a string that is there for ever.
    library().map(|api| unsafe { CStr::from_ptr((api.version)()) }.to_string_lossy().into_owned())
}

pub struct Extism;

pub struct Compiled(Pointer);

// SAFETY: the library says that it may be shared; it is only read.
unsafe impl Send for Compiled {}
// SAFETY: as above.
unsafe impl Sync for Compiled {}

impl Drop for Compiled {
    fn drop(&mut self) {
        // SAFETY: it is the library's, and nobody has it after this.
        unsafe { (api().compiled_plugin_free)(self.0) }
    }
}

impl Side for Extism {
    type Plugin = Compiled;
    type Instance = ExtismInstance;

    fn new(_variant: Variant) -> Self {
        Self
    }

    fn compile(&self, wasm: &[u8]) -> Compiled {
        let mut functions = [
            host_function(c"add", &[I32, I32], I32, add),
            host_function(c"call_me", &[I64], I64, call_me),
        ];
        let mut error = ptr::null_mut();
        // SAFETY: what is passed outlives the call, which takes the functions over.
        let compiled = unsafe {
            (api().compiled_plugin_new)(
                wasm.as_ptr(),
                wasm.len() as u64,
                functions.as_mut_ptr(),
                functions.len() as u64,
                false,
                &mut error,
            )
        };
        refuse_null(compiled, error);
        Compiled(compiled)
    }

    fn save(&self, _wasm: &[u8], _at: &Path) {
        unimplemented!("Extism's C API gives no compiled code");
    }

    fn load(&self, _wasm: &[u8], _at: &Path) -> Compiled {
        unimplemented!("Extism's C API takes no compiled code");
    }

    fn instance(&self, compiled: &Compiled) -> ExtismInstance {
        let mut error = ptr::null_mut();
        // SAFETY: it is compiled.
        let plugin = unsafe { (api().plugin_new_from_compiled)(compiled.0, &mut error) };
        refuse_null(plugin, error);
        ExtismInstance(plugin)
    }
}

fn refuse_null(pointer: Pointer, error: *mut c_char) {
    if pointer.is_null() {
        // SAFETY: with a null pointer comes an error.
        panic!("{}", unsafe { CStr::from_ptr(error) }.to_string_lossy());
    }
}

fn host_function(name: &CStr, params: &[u32], result: u32, function: HostFunction) -> Pointer {
    let (count, data) = (params.len() as u64, ptr::null_mut());
    // SAFETY: what is passed outlives the call, and there is no data to free.
    unsafe {
        let (name, params) = (name.as_ptr(), params.as_ptr());
        (api().function_new)(name, params, count, &result, 1, function, data, None)
    }
}

// SAFETY: Extism calls it and the next one, with arguments and room for results as they were declared.
unsafe extern "C" fn add(
    _plugin: Pointer,
    args: *const Val,
    _: u64,
    results: *mut Val,
    _: u64,
    _: Pointer,
) {
    // SAFETY: as above.
    unsafe {
        let (a, b) = ((*args).value as i32, (*args.add(1)).value as i32);
        (*results).kind = I32;
        (*results).value = u64::from(a.wrapping_add(b) as u32);
    }
}

unsafe extern "C" fn call_me(
    plugin: Pointer,
    args: *const Val,
    _: u64,
    results: *mut Val,
    _: u64,
    _: Pointer,
) {
    let api = api();
    // SAFETY: as above; a block lies in the plugin's memory, which is looked up again after an allocation.
    unsafe {
        let name = (*args).value;
        let length = (api.current_plugin_memory_length)(plugin, name) as usize;
        let block = (api.current_plugin_memory)(plugin).add(name as usize);
        let name = std::str::from_utf8(std::slice::from_raw_parts(block, length)).expect("text");
        let answer = format!("Hello {name}");
        let at = (api.current_plugin_memory_alloc)(plugin, answer.len() as u64);
        let block = (api.current_plugin_memory)(plugin).add(at as usize);
        ptr::copy_nonoverlapping(answer.as_ptr(), block, answer.len());
        (*results).kind = I64;
        (*results).value = at;
    }
}

pub struct ExtismInstance(Pointer);

impl ExtismInstance {
    fn call(&mut self, name: &CStr, input: &[u8]) -> &[u8] {
        let api = api();
        // SAFETY: the plugin is alive, and its output stays until the next call.
        unsafe {
            let (data, length) = (input.as_ptr(), input.len() as u64);
            if (api.plugin_call)(self.0, name.as_ptr(), data, length) != 0 {
                panic!("{}", CStr::from_ptr((api.plugin_error)(self.0)).to_string_lossy());
            }
            let length = (api.plugin_output_length)(self.0) as usize;
            std::slice::from_raw_parts((api.plugin_output_data)(self.0), length)
        }
    }

    fn text(&mut self, name: &CStr, input: &[u8]) -> &str {
        std::str::from_utf8(self.call(name, input)).expect("text")
    }
}

fn number(output: &[u8]) -> i32 {
    i32::from_le_bytes(output.try_into().expect("four bytes"))
}

/// Extism passes bytes only: numbers go as such.
impl Instance for ExtismInstance {
    fn sum(&mut self, a: i32, b: i32) -> i32 {
        let mut input = [0; 8];
        input[..4].copy_from_slice(&a.to_le_bytes());
        input[4..].copy_from_slice(&b.to_le_bytes());
        number(self.call(c"sum", &input))
    }

    fn hello(&mut self, name: &str) -> &str {
        self.text(c"hello", name.as_bytes())
    }

    fn callback(&mut self) -> &str {
        self.text(c"callback", &[])
    }

    fn echo(&mut self, data: &[u8]) -> &[u8] {
        self.call(c"echo", data)
    }

    fn vowels(&mut self, text: &str) -> &str {
        self.text(c"count_vowels", text.as_bytes())
    }

    fn number(&mut self, function: &'static str, n: i32) -> i32 {
        let name = CString::new(function).expect("a name without NUL");
        number(self.call(&name, &i64::from(n).to_le_bytes()))
    }
}

impl Drop for ExtismInstance {
    fn drop(&mut self) {
        // SAFETY: it is the library's, and nobody has it after this.
        unsafe { (api().plugin_free)(self.0) }
    }
}
