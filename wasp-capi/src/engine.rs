//! The engine as C uses it.

use crate::argument::{alive, handle, invalid, sized};
use crate::config::wasp_config;
use crate::error::{guard, shield, wasp_error};
use crate::process;
use crate::slice::{first, wasp_slice};
use crate::user_data::{UserData, wasp_free_fn};
use std::ffi::c_void;
use std::path::Path;
use wasp_core::{Compiler, Config, Engine, Error, Level, Log, Options, Record, Stdio};

/// The compiler that translates plugins to machine code: a WASP_COMPILER constant, or 0 for the default, Cranelift.
pub type wasp_compiler = u32;
/// Compiles fastest; the code runs slower.
pub const WASP_COMPILER_SINGLEPASS: wasp_compiler = 1;
/// Optimises: compiles slower; the code runs fastest.
pub const WASP_COMPILER_CRANELIFT: wasp_compiler = 2;
/// Both: a plugin is registered with Singlepass's code, a thread of wasp's own compiles it with Cranelift meanwhile, and new
/// instances run that code when it is ready; the log says "Plugin optimised". Existing ones keep what they have. What Singlepass
/// doesn't take, such as SIMD, is compiled by Cranelift at once, and so is what is compiled ahead of time. The two may differ in
/// the bits of a NaN.
pub const WASP_COMPILER_TIERED: wasp_compiler = 3;

/// Where the standard streams of plugins lead: a WASP_STDIO constant, or 0 for the default, WASP_STDIO_LOG.
pub type wasp_stdio = u32;
/// Streams are inherited from this process: plugins read its input, too.
pub const WASP_STDIO_INHERIT: wasp_stdio = 1;
/// Output goes to the log, line by line, and nowhere without a log; input is empty. The default.
pub const WASP_STDIO_LOG: wasp_stdio = 2;
/// Output is dropped; input is empty.
pub const WASP_STDIO_NONE: wasp_stdio = 3;
/// Output goes to this process's; input is empty.
pub const WASP_STDIO_OUTPUT: wasp_stdio = 4;

/// The importance of a log record: a WASP_LEVEL constant.
pub type wasp_log_level = u32;
/// Something failed that is reported nowhere else.
pub const WASP_LEVEL_ERROR: wasp_log_level = 1;
/// For operators, such as the lines that a plugin prints.
pub const WASP_LEVEL_INFO: wasp_log_level = 2;
/// Each call, callback and block of guest memory.
pub const WASP_LEVEL_DEBUG: wasp_log_level = 3;
/// Everything.
pub const WASP_LEVEL_TRACE: wasp_log_level = 4;

/// A named value of a log record.
#[repr(C)]
pub struct wasp_log_field {
    pub name: wasp_slice,
    pub value: wasp_slice,
}

/// Receives a log record: a message that is always the same for the same event, and the values that belong to it.
///
/// All arguments are borrowed until it returns. It runs on the thread that the event happened on, on several at once where
/// several instances run, and must not use the instance that the record is about. With WASP_COMPILER_TIERED one of them is a
/// thread of wasp's own, which may still tell something while the engine is freed: until `log_free` is called.
pub type wasp_log_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        level: wasp_log_level,
        message: wasp_slice,
        fields: *const wasp_log_field,
        field_count: usize,
    ),
>;

/// Options of an engine. Start from `WASP_ENGINE_OPTIONS_INIT`; 0 or NULL in any field but `size` means its default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wasp_engine_options {
    /// `sizeof(wasp_engine_options)`
    pub size: usize,
    pub compiler: wasp_compiler,
    pub stdio: wasp_stdio,
    /// The directory that keeps compiled modules between runs; empty for none. It is created if it doesn't exist. Its
    /// files run as code: only the user who runs the process may be able to write there.
    pub cache_directory: wasp_slice,
    /// Receives log records; NULL for no log.
    pub log: wasp_log_fn,
    /// The least important level that `log` receives; 0 for WASP_LEVEL_INFO.
    pub log_level: wasp_log_level,
    /// Passed to `log`.
    pub log_user_data: *mut c_void,
    /// Called with `log_user_data` once, when the engine, its plugins and their instances are gone, or when
    /// `wasp_engine_new` fails. May be NULL.
    pub log_free: wasp_free_fn,
    /// Asks the kernel at each reset of an instance whether pages of its memory were written to, and doesn't believe the
    /// processor, which tells for nothing on x86-64. wasp finds out by itself where the processor can't be believed; this, and
    /// the environment variable WASP_KERNEL_FAULT_COUNTS, are for the case that it doesn't.
    pub kernel_fault_counts: bool,
    /// The directory with the script runtimes that come with libwasp, a file `<language>.wasm` each; empty for none. It is
    /// share/wasp/runtimes where wasp is installed, the variable `runtimes` of its pkg-config package and `wasp_RUNTIMES` in CMake. The
    /// default is the one in the environment variable WASP_RUNTIMES. A runtime is loaded when the first script of its language is
    /// registered.
    pub runtime_directory: wasp_slice,
}

/// Holds plugins by name and makes instances of them.
///
/// May be used from any thread at once, and freed before its instances.
pub struct wasp_engine(pub(crate) Engine);

/// Makes an engine. `options` may be NULL for defaults.
///
/// On success the caller owns `*engine` and releases it with `wasp_engine_free`.
///
/// Errors: WASP_ERROR_INVALID for an unknown option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_engine_new(
    options: *const wasp_engine_options,
    engine: Option<&mut *mut wasp_engine>,
) -> Option<Box<wasp_error>> {
    guard(|| {
        // SAFETY: slices and arrays are readable, the header's promise.
        let options = unsafe { read_options(options) }?;
        let place = handle(engine, "place for the engine")?;
        process::prepare();
        *place = Box::into_raw(Box::new(wasp_engine(Engine::with_options(options))));
        Ok(())
    })
}

unsafe fn read_options(given: *const wasp_engine_options) -> Result<Options, Error> {
    let mut options = Options::default();
    if given.is_null() {
        return Ok(options);
    }
    let nothing = wasp_engine_options {
        size: 0,
        compiler: 0,
        stdio: 0,
        cache_directory: wasp_slice::EMPTY,
        log: None,
        log_level: 0,
        log_user_data: std::ptr::null_mut(),
        log_free: None,
        kernel_fault_counts: false,
        runtime_directory: wasp_slice::EMPTY,
    };
    // SAFETY: the struct has the size that it says, the header's promise; zeros are valid `wasp_engine_options`.
    let (given, rest) = unsafe { sized(given, nothing, "wasp_engine_options") }?;
    // Owned at once, so that it is freed on every way out.
    let user_data = UserData::new(given.log_user_data, given.log_free);
    rest?;
    options.compiler = compiler(given.compiler)?;
    options.stdio = stdio(given.stdio)?;
    options.kernel_fault_counts = given.kernel_fault_counts;
    let level = log_level(given.log_level)?;
    // SAFETY: slices and arrays are readable, the header's promise.
    let directory = unsafe { given.cache_directory.text("cache_directory") }?;
    options.cache_directory = Some(directory).filter(|path| !path.is_empty()).map(Into::into);
    // SAFETY: as above.
    let directory = unsafe { given.runtime_directory.text("runtime_directory") }?;
    options.runtime_directory = Some(directory).filter(|path| !path.is_empty()).map(Into::into);
    if let Some(log) = given.log {
        options.log = Log::new(level, move |record| tell(log, &user_data, record));
    }
    Ok(options)
}

fn compiler(tag: wasp_compiler) -> Result<Compiler, Error> {
    Ok(match tag {
        0 => Compiler::default(),
        WASP_COMPILER_SINGLEPASS => Compiler::Singlepass,
        WASP_COMPILER_CRANELIFT => Compiler::Cranelift,
        WASP_COMPILER_TIERED => Compiler::Tiered,
        other => return Err(invalid(format!("there is no compiler {other}"))),
    })
}

fn stdio(tag: wasp_stdio) -> Result<Stdio, Error> {
    Ok(match tag {
        0 => Stdio::default(),
        WASP_STDIO_INHERIT => Stdio::Inherit,
        WASP_STDIO_LOG => Stdio::Log,
        WASP_STDIO_OUTPUT => Stdio::Output,
        WASP_STDIO_NONE => Stdio::None,
        other => return Err(invalid(format!("there is no stdio {other}"))),
    })
}

fn log_level(tag: wasp_log_level) -> Result<Level, Error> {
    Ok(match tag {
        0 | WASP_LEVEL_INFO => Level::Info,
        WASP_LEVEL_ERROR => Level::Error,
        WASP_LEVEL_DEBUG => Level::Debug,
        WASP_LEVEL_TRACE => Level::Trace,
        other => return Err(invalid(format!("there is no log level {other}"))),
    })
}

fn tell(
    log: unsafe extern "C" fn(
        *mut c_void,
        wasp_log_level,
        wasp_slice,
        *const wasp_log_field,
        usize,
    ),
    user_data: &UserData,
    record: &Record<'_>,
) {
    let values: Vec<String> = record.fields.iter().map(|(_, value)| value.to_string()).collect();
    let fields: Vec<wasp_log_field> = record
        .fields
        .iter()
        .zip(&values)
        .map(|((name, _), value)| wasp_log_field {
            name: wasp_slice::of(name.as_bytes()),
            value: wasp_slice::of(value.as_bytes()),
        })
        .collect();
    let message = wasp_slice::of(record.message.as_bytes());
    // SAFETY: the host's function, used as the header says.
    unsafe {
        log(
            user_data.pointer,
            record.level as wasp_log_level,
            message,
            first(&fields),
            fields.len(),
        )
    }
}

/// Releases an engine; NULL is allowed. Its instances live on.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_engine_free(engine: Option<Box<wasp_engine>>) {
    shield((), || drop(engine));
}

/// Registers the plugin `name`: compiles `wasm`, WebAssembly in its binary or its text format, checks it against `config`,
/// and runs its start-up.
///
/// `config` may be NULL for a plugin that is given nothing. A plugin of that name is replaced for new instances; existing
/// ones keep the old one. On failure nothing changes.
///
/// Errors: WASP_ERROR_INVALID for a wrong argument or config, COMPILE for bytes that are no module wasp can compile,
/// IMPORT_NOT_FOUND, ABI or SIGNATURE for a module that doesn't fit the config or the guest ABI, IO for a volume, RESOURCE
/// for a module that starts beyond its limits, and those of `wasp_call` for its start-up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_engine_register(
    engine: *mut wasp_engine,
    name: wasp_slice,
    wasm: wasp_slice,
    config: Option<&wasp_config>,
) -> Option<Box<wasp_error>> {
    guard(|| {
        // SAFETY: the handle is NULL or alive, the header's promise.
        let engine = unsafe { alive(engine, "engine") }?;
        // SAFETY: slices and arrays are readable, the header's promise.
        let (name, wasm) = unsafe { (name.text("the plugin's name")?, wasm.bytes("the module")?) };
        with_config(name, config, |config| engine.0.register(name, wasm, config))
    })
}

/// Registers the plugin `name` from the file `path`, as `wasp_engine_register` does; or a script, whose ending chooses its runtime, as
/// `wasp_engine_register_script` does: "javascript" for .js and .mjs, "lua" for .lua.
///
/// Errors: WASP_ERROR_IO if the file can't be read, INVALID for .py and .ts, with what to do instead, and those of
/// `wasp_engine_register` or `wasp_engine_register_script`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_engine_register_file(
    engine: *mut wasp_engine,
    name: wasp_slice,
    path: wasp_slice,
    config: Option<&wasp_config>,
) -> Option<Box<wasp_error>> {
    guard(|| {
        // SAFETY: the handle is NULL or alive, the header's promise.
        let engine = unsafe { alive(engine, "engine") }?;
        // SAFETY: slices and arrays are readable, the header's promise.
        let (name, path) = unsafe { (name.text("the plugin's name")?, path.text("the path")?) };
        with_config(name, config, |config| engine.0.register_file(name, Path::new(path), config))
    })
}

/// Registers the script `source` as the plugin `name`. `runtime` is the plugin that runs scripts of its language, registered before,
/// or the name of one of the runtimes in the engine's `runtime_directory`, such as "javascript".
///
/// The script is loaded once, and every instance starts from what that left. Its functions are called like those of any plugin;
/// those whose kinds it doesn't declare take and return values of any kind, for which WASP_ANY asks. It gets what `config` has, and
/// nothing of what the runtime was registered with; `config` may be NULL for a script that is given nothing. The runtime's module
/// isn't compiled again.
///
/// Errors: WASP_ERROR_PLUGIN_NOT_FOUND for the runtime, INVALID if it is no script runtime or the source has a NUL inside, GUEST for
/// what the script throws while it is loaded, such as a syntax error, with its place, and those of `wasp_engine_register`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_engine_register_script(
    engine: *mut wasp_engine,
    name: wasp_slice,
    runtime: wasp_slice,
    source: wasp_slice,
    config: Option<&wasp_config>,
) -> Option<Box<wasp_error>> {
    guard(|| {
        // SAFETY: the handle is NULL or alive, the header's promise.
        let engine = unsafe { alive(engine, "engine") }?;
        // SAFETY: slices and arrays are readable, the header's promise.
        let (name, runtime, source) = unsafe {
            let (name, runtime) = (name.text("the plugin's name")?, runtime.text("the runtime")?);
            (name, runtime, source.text("the source")?)
        };
        with_config(name, config, |config| engine.0.register_script(name, runtime, source, config))
    })
}

/// Compiles `wasm` ahead of time into the file `path`, for `wasp_engine_register_compiled` with the same version of wasp,
/// the same compiler and a processor of the same kind. Other processes see all of the file or nothing.
///
/// Errors: WASP_ERROR_INVALID, COMPILE, and IO if the file can't be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_engine_compile(
    engine: Option<&wasp_engine>,
    wasm: wasp_slice,
    path: wasp_slice,
) -> Option<Box<wasp_error>> {
    guard(|| {
        let engine = handle(engine, "engine")?;
        // SAFETY: slices and arrays are readable, the header's promise.
        let (wasm, path) = unsafe { (wasm.bytes("the module")?, path.text("the path")?) };
        engine.0.compile_to_file(wasm, Path::new(path))
    })
}

/// Registers the plugin `name` from a file that `wasp_engine_compile` wrote.
///
/// The file runs as code, outside every sandbox: a hash finds damage, but not malice, so its author must be trusted as much
/// as this program.
///
/// Errors: WASP_ERROR_COMPILE if the file is damaged or was made by another version, compiler or processor, IO if it can't
/// be read, and those of `wasp_engine_register`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_engine_register_compiled(
    engine: *mut wasp_engine,
    name: wasp_slice,
    path: wasp_slice,
    config: Option<&wasp_config>,
) -> Option<Box<wasp_error>> {
    guard(|| {
        // SAFETY: the handle is NULL or alive, the header's promise.
        let engine = unsafe { alive(engine, "engine") }?;
        // SAFETY: slices are readable, the header's promise; and the header asks that whoever made the file is trusted.
        unsafe {
            let (name, path) = (name.text("the plugin's name")?, path.text("the path")?);
            with_config(name, config, |config| {
                engine.0.register_compiled_file(name, Path::new(path), config)
            })
        }
    })
}

fn with_config(
    name: &str,
    config: Option<&wasp_config>,
    register: impl FnOnce(&Config) -> Result<(), Error>,
) -> Result<(), Error> {
    match config {
        None => register(&Config::new()),
        Some(wasp_config { fault: Some(fault), .. }) => {
            Err(invalid(format!("plugin {name:?}: {fault}")))
        }
        Some(wasp_config { config, .. }) => register(config),
    }
}

/// Forgets the plugin `name`. Existing instances keep what they need.
///
/// Errors: WASP_ERROR_INVALID and PLUGIN_NOT_FOUND.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_engine_unregister(
    engine: *mut wasp_engine,
    name: wasp_slice,
) -> Option<Box<wasp_error>> {
    guard(|| {
        // SAFETY: slices and arrays are readable, the header's promise.
        let (engine, name) = unsafe { (alive(engine, "engine")?, name.text("the plugin's name")?) };
        engine.0.unregister(name)
    })
}
