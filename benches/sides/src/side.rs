use std::path::Path;

/// One way of running plugins. What fails ends the program: a benchmark has nobody to report to.
pub trait Side: Sized + Sync {
    type Plugin: Send + Sync;
    type Instance: Instance;

    fn new(variant: Variant) -> Self;

    fn compile(&self, wasm: &[u8]) -> Self::Plugin;

    /// Compiles a plugin where an earlier one has left what it can use.
    fn compile_another(&self, code: &[u8], _earlier: &Self::Plugin) -> Self::Plugin {
        self.compile(code)
    }

    /// Waits until nothing is done in the background for the plugin.
    fn settle(&self, _: &Self::Plugin) {}

    /// Keeps what was compiled in the empty directory `at`, in the form that loads fastest.
    fn save(&self, wasm: &[u8], at: &Path);

    /// What [`save`](Self::save) kept.
    fn load(&self, wasm: &[u8], at: &Path) -> Self::Plugin;

    /// A fresh sandbox, started up.
    fn instance(&self, plugin: &Self::Plugin) -> Self::Instance;
}

/// A sandbox. Answers are borrowed from it, as in wasp: every side copies them out of guest memory into a buffer of its own.
pub trait Instance {
    /// `sum` of the example plugins.
    fn sum(&mut self, a: i32, b: i32) -> i32;

    /// `hello` of the example plugins.
    fn hello(&mut self, name: &str) -> &str;

    /// `callback` of the example plugins, which asks the host's `call_me` to greet Nic.
    fn callback(&mut self) -> &str;

    /// `echo` of `plugins/echo.wat`.
    fn echo(&mut self, data: &[u8]) -> &[u8];

    /// `count_vowels` of `plugins/extism.wat`.
    fn vowels(&mut self, _text: &str) -> &str {
        unimplemented!("only plugins of Extism count vowels")
    }

    /// A function of one number: those of `plugins/add.wat`, `plugins/speed.wat` and the scripts.
    fn number(&mut self, function: &'static str, n: i32) -> i32;
}

/// The languages of scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Language {
    JavaScript,
    Lua,
    PocketPy,
}

/// How a side is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Variant {
    /// As its authors set it up.
    Usual,
    Singlepass,
    /// wasp: Singlepass's code at once, Cranelift's when a thread has compiled it.
    Tiered,
    /// wasp: with a limit of memory so small that accesses are checked, which takes little address space.
    Checked,
    /// wasmtime: `sum` is found by its name at each call, and takes values of any kind.
    ByName,
    /// wasmtime: instances from a pool, memory copied on write, found by PAGEMAP_SCAN.
    Pooled,
    /// `Pooled`, and the code looks whether it should stop.
    PooledEpoch,
    /// `Pooled`, and instances start from what start-up left.
    PooledSnapshot,
}
