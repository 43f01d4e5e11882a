//! The interpreters of the script runtimes in native code: no sandbox.

use sides::{Instance, Side, Variant};
use std::ffi::{CStr, CString, c_char, c_void};
use std::marker::PhantomData;
use std::path::Path;

type Engine = *mut c_void;

/// `interpreter` of `interpreter.h`.
#[repr(C)]
pub struct Functions {
    version: unsafe extern "C" fn() -> *const c_char,
    open: unsafe extern "C" fn(*const c_char, usize) -> Engine,
    text: unsafe extern "C" fn(Engine, *const c_char, *const u8, usize, *mut usize) -> *const u8,
    number: unsafe extern "C" fn(Engine, *const c_char, i32) -> i32,
    close: unsafe extern "C" fn(Engine),
}

unsafe extern "C" {
    static native_quickjs: Functions;
    static native_lua: Functions;
    static native_pocketpy: Functions;
}

pub trait Interpreter: Send + Sync + 'static {
    fn functions() -> &'static Functions;
}

pub struct QuickJs;
pub struct Lua;
/// At most one instance may live, on any thread.
pub struct PocketPy;

impl Interpreter for QuickJs {
    fn functions() -> &'static Functions {
        // SAFETY: a constant.
        unsafe { &native_quickjs }
    }
}

impl Interpreter for Lua {
    fn functions() -> &'static Functions {
        // SAFETY: a constant.
        unsafe { &native_lua }
    }
}

impl Interpreter for PocketPy {
    fn functions() -> &'static Functions {
        // SAFETY: a constant.
        unsafe { &native_pocketpy }
    }
}

/// The version of an interpreter.
pub fn version<I: Interpreter>() -> &'static str {
    // SAFETY: it gives a string that is there for ever.
    unsafe { CStr::from_ptr((I::functions().version)()) }.to_str().expect("a version")
}

pub struct Native<I>(PhantomData<I>);

pub struct NativeInstance<I: Interpreter> {
    engine: Engine,
    /// The name that was passed last, as C has it: the same pointer, for the same function.
    name: (&'static str, CString),
    answer: String,
    interpreter: PhantomData<I>,
}

impl<I: Interpreter> Side for Native<I> {
    /// Its source.
    type Plugin = CString;
    type Instance = NativeInstance<I>;

    fn new(_variant: Variant) -> Self {
        Self(PhantomData)
    }

    fn compile(&self, source: &[u8]) -> CString {
        CString::new(source).expect("a script without NUL")
    }

    fn save(&self, _source: &[u8], _at: &Path) {
        unimplemented!("an interpreter compiles nothing that could be kept");
    }

    fn load(&self, _source: &[u8], _at: &Path) -> CString {
        unimplemented!("an interpreter compiles nothing that could be kept");
    }

    fn instance(&self, source: &CString) -> NativeInstance<I> {
        // SAFETY: the source outlives the call.
        let engine = unsafe { (I::functions().open)(source.as_ptr(), source.as_bytes().len()) };
        let name = ("", CString::default());
        NativeInstance { engine, name, answer: String::new(), interpreter: PhantomData }
    }
}

impl<I: Interpreter> NativeInstance<I> {
    fn name(&mut self, function: &'static str) -> *const c_char {
        if self.name.0 != function {
            self.name = (function, CString::new(function).expect("a name without NUL"));
        }
        self.name.1.as_ptr()
    }
}

impl<I: Interpreter> Instance for NativeInstance<I> {
    fn sum(&mut self, _a: i32, _b: i32) -> i32 {
        unimplemented!("scripts are called with one argument");
    }

    fn hello(&mut self, name: &str) -> &str {
        let (function, mut length) = (self.name("hello"), 0);
        // SAFETY: what is passed outlives the call, and the answer stays until the next one.
        let answer = unsafe {
            let text = (I::functions().text)(
                self.engine,
                function,
                name.as_ptr(),
                name.len(),
                &mut length,
            );
            std::slice::from_raw_parts(text, length)
        };
        self.answer.clear();
        self.answer.push_str(std::str::from_utf8(answer).expect("text that is UTF-8"));
        &self.answer
    }

    fn callback(&mut self) -> &str {
        unimplemented!("scripts call nothing of the host's");
    }

    fn echo(&mut self, _data: &[u8]) -> &[u8] {
        unimplemented!("scripts take no bytes");
    }

    fn number(&mut self, function: &'static str, n: i32) -> i32 {
        let function = self.name(function);
        // SAFETY: the name outlives the call.
        unsafe { (I::functions().number)(self.engine, function, n) }
    }
}

impl<I: Interpreter> Drop for NativeInstance<I> {
    fn drop(&mut self) {
        // SAFETY: it is the interpreter's, and nobody has it after this.
        unsafe { (I::functions().close)(self.engine) }
    }
}
