//! One instance of a plugin's module, started and ready to be called.

use crate::base::abi_names::{CONSTRUCTORS, HOST_ALLOC, LOAD, RESUME, SIGNATURES, START};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::log::Level;
use crate::base::slots::{self, Slots};
use crate::base::value::{Kind, OwnedValue, Value};
use crate::config::guest_memory::check_range;
use crate::config::plugin_config::WarmUp;
use crate::extism::kernel::Kernel;
use crate::guest::call::{Call, ResultBuffer};
use crate::guest::guest_state::{Exports, Guest};
use crate::guest::import_thunk;
use crate::plugin::Plugin;
use crate::plugin::extism;
use crate::plugin::listing::{self, Signature};
use crate::pool::start_state::StartState;
use crate::sys::dirty_pages::{Found, Policy};
use crate::sys::interrupt::{Interrupt, Interrupter};
use crate::sys::pagemap::{self, PAGE};
use crate::sys::signals;
use crate::vm::builtins;
use crate::vm::parts::{self, InstanceParts};
use crate::vm::trampoline;
use crate::vm::trap;
use crate::vm::turn::HostTurn;
use crate::wasi::{Capture, Workspace};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use wasmer::{InstantiationError, LinkError, Store};

/// What the log says when a reset finds a page that the witness of page faults has missed.
const BAD_WITNESS: &str = "A page of guest memory was written to without a page fault that the processor told of: from now on the kernel is asked at each reset";

/// A store with one instance in it. Dropping an instance in a living store frees nothing, so each has its own.
pub(crate) struct WasmInstance {
    /// By the index of the plugin's exports.
    functions: Box<[trampoline::Function]>,
    /// The export that was asked for last: most hosts ask for it again.
    last_found: usize,
    parts: InstanceParts,
    guest: Rc<Guest>,
    result_buffer: ResultBuffer,
    /// The packed arguments of the last call of a script's function.
    packed: Vec<u8>,
    /// Whether its state may differ from the snapshot's.
    touched: bool,
    turn: HostTurn,
    /// Has what all the others point into.
    _store: Store,
}

// SAFETY: a Store isn't Send because of raw pointers into its own objects, and `Guest` is shared by `Rc` between the
// instance and the host functions in that same store. All of it moves together, nothing of it is handed out, what a host
// puts in (callbacks, log) is Send and Sync, and `WasmInstance` isn't Sync, so one thread is in it at a time.
unsafe impl Send for WasmInstance {}

impl WasmInstance {
    /// Makes an instance: from the snapshot, or by running the start-up of its language, which sees an empty workspace.
    pub(crate) fn new(plugin: &Arc<Plugin>, snapshot: Option<&StartState>) -> Result<Self> {
        Self::with_interrupt(plugin, snapshot, Interrupt::new())
    }

    /// Makes an instance of a script's plugin from the snapshot of its runtime, and loads the script.
    pub(super) fn loaded(plugin: &Arc<Plugin>, runtime: &StartState) -> Result<Self> {
        let mut instance = Self::new(plugin, Some(runtime))?;
        instance.load_script()?;
        Ok(instance)
    }

    fn with_interrupt(
        plugin: &Arc<Plugin>,
        snapshot: Option<&StartState>,
        interrupt: Arc<Interrupt>,
    ) -> Result<Self> {
        let guest = Rc::new(Guest::new(Arc::clone(plugin), interrupt));
        signals::claim_signals();
        let mut store = Store::new(plugin.engine.clone());
        signals::remember();
        let (module, parts) = instantiate(&mut store, &guest, snapshot)?;
        let functions = exported_functions(&mut store, plugin, &module);
        drop(module);
        let export = |name| plugin.find_hidden(name).map(|index| functions[index].clone());
        let exports = Exports {
            allocate: export("allocate").or_else(|| {
                let at = plugin.find_hidden(HOST_ALLOC)?;
                plugin.exports[at].is_allocator().then(|| functions[at].clone())
            }),
            deallocate: export("deallocate"),
            resume: export(RESUME),
        };
        let runtime = builtins::replace(&mut store, &parts, plugin.exception_references);
        guest.bind(&parts, runtime, exports);
        let mut instance = Self {
            functions,
            last_found: usize::MAX,
            parts,
            guest,
            result_buffer: ResultBuffer::default(),
            packed: Vec::new(),
            touched: true,
            // SAFETY: the instance lives as long as its store, which is dropped last; whoever has this by `&mut` is alone with
            // the instance, and what borrows the turn borrows this.
            turn: unsafe { HostTurn::new() },
            _store: store,
        };
        instance.set_flag_ptr();
        match snapshot {
            Some(snapshot) => instance.restore(snapshot)?,
            None => instance.start()?,
        }
        Ok(instance)
    }

    /// Another instance in this one's place, which runs start-up itself. Interrupters of this one stop that one.
    pub(crate) fn replace(&mut self) -> Result<()> {
        let interrupt = Arc::clone(&self.guest.interrupt);
        match Self::with_interrupt(&self.guest.plugin, None, interrupt) {
            Ok(new) => {
                *self = new;
                self.warm_up().inspect_err(|_| self.guest.state.poison())?;
                self.guest.resume_at_next_call();
            }
            Err(error) => {
                self.set_flag_ptr();
                return Err(error);
            }
        }
        Ok(())
    }

    fn set_flag_ptr(&self) {
        // SAFETY: a call runs only in the instance that was aimed at last, and that is there as long as the call.
        unsafe { self.guest.interrupt.set_flag_ptr(self.parts.flag()) };
    }

    /// Start-up: the module's start function, then what its language exports.
    fn start(&mut self) -> Result<()> {
        let is_extism = self.guest.plugin.extism.is_some();
        // Hosts of Extism call `_start` themselves, as a function like any other.
        let names = ["_initialize", if is_extism { CONSTRUCTORS } else { "_start" }];
        let exported = names.iter().find(|name| self.guest.plugin.starts_by(name));
        for name in [Some(&START), exported].into_iter().flatten() {
            let Some(index) = self.guest.plugin.find_hidden(name) else { continue };
            let what =
                if *name == START { "start".to_owned() } else { format!("start-up {name:?}") };
            match self.call(index, &[], Kind::None, &mut Slots::default()) {
                Ok(()) => {}
                // `_start` of a program ends this way.
                Err(error) if error.exit_code() == Some(0) => self.guest.state.forgive(),
                Err(error) => return Err(error.in_context(format_args!("its {what}"))),
            }
        }
        if is_extism {
            self.start_haskell()?;
        }
        self.load_script()
    }

    /// Makes the calls that the Config wants after start-up. The plugin's own listing is known by now.
    pub(crate) fn warm_up(&mut self) -> Result<()> {
        let plugin = Arc::clone(&self.guest.plugin);
        for WarmUp { function, args } in &plugin.warm_ups {
            self.warm_up_by(&plugin, function, args)
                .map_err(|error| error.in_context(format_args!("its warm-up {function:?}")))?;
        }
        Ok(())
    }

    fn warm_up_by(&mut self, plugin: &Plugin, function: &str, args: &[OwnedValue]) -> Result<()> {
        let args: Vec<Value<'_>> = args.iter().map(OwnedValue::value).collect();
        if let Some(script) = &plugin.script {
            let index = plugin.find_in(script, function.as_bytes())?;
            self.invoke(None, index, &args)?;
        } else {
            let index = plugin.find(function)?;
            let export = &plugin.exports[index];
            if export.extism {
                return self.call_extism(None, index, extism::input(&args)?).map(drop);
            }
            let encoded = export.encoded(&args);
            let args = match &encoded {
                Some(encoded) => encoded.iter().map(OwnedValue::value).collect(),
                None => args,
            };
            export.check(&args, Kind::None)?;
            self.call(index, &args, Kind::None, &mut Slots::default())?;
        }
        match self.guest.open_file() {
            Some(name) if plugin.restorable => {
                let message =
                    format!("it left the file {name:?} open, and a snapshot has no open files");
                Err(Error::new(ErrorKind::Invalid, message))
            }
            _ => Ok(()),
        }
    }

    /// The state that start-up left, to which this instance can come back too. `base` is the one that it was made from.
    pub(crate) fn snapshot(
        &mut self,
        base: Option<&StartState>,
        policy: Policy,
    ) -> Result<StartState> {
        let base = base.map(|base| &base.snapshot);
        let snapshot = self.parts.snapshot(base, policy, &mut self.turn).map_err(no_image)?;
        let variables = self.guest.kernel(&self.turn).map(|kernel| kernel.variables.clone());
        Ok(StartState { snapshot, variables })
    }

    /// Brings everything back to `snapshot`, from which it was made.
    pub(crate) fn restore(&mut self, start: &StartState) -> Result<()> {
        let StartState { snapshot, variables } = start;
        self.guest.forget();
        if let Some(variables) = variables {
            self.guest.restore_kernel(variables, &mut self.turn);
        }
        self.result_buffer.clear();
        if self.touched {
            match self.parts.restore(snapshot, &mut self.turn) {
                Ok(Found::Nothing) => {}
                Ok(Found::BadWitness) => {
                    self.guest.plugin.log.write(Level::Error, BAD_WITNESS, &[])
                }
                Err(error) => {
                    self.guest.state.poison();
                    return Err(no_image(error));
                }
            }
            self.touched = false;
        }
        self.guest.resume_at_next_call();
        Ok(())
    }

    /// Its plugin.
    pub(crate) fn plugin(&self) -> Arc<Plugin> {
        Arc::clone(&self.guest.plugin)
    }

    /// Room for packed arguments.
    pub(super) fn packed_room(&mut self) -> &mut Vec<u8> {
        &mut self.packed
    }

    /// Has its next call begin with its `wasp_resume`, where it runs start-up itself and has no snapshot to come back to.
    pub(super) fn resume_at_next_call(&self) {
        self.guest.resume_at_next_call();
    }

    /// Ends what its owner may still hold of it.
    pub(crate) fn disown(&self) {
        self.guest.interrupt.disown();
    }

    /// A way to stop the call that it runs.
    pub(crate) fn interrupter(&self) -> Interrupter {
        Interrupter::new(&self.guest.interrupt)
    }

    /// Ends start-up: the instance sees `workspace` from now on.
    pub(crate) fn open_for(&mut self, workspace: &Workspace) {
        self.guest.open_for(workspace);
    }

    /// Has what it prints from now on kept, until it has another owner or is reset.
    pub(crate) fn capture(&self, capture: Capture) {
        self.guest.capture(capture);
    }

    /// Whether guest code was ended half-way, so that its memory may be half-changed.
    pub(crate) fn is_poisoned(&self) -> bool {
        self.guest.state.is_poisoned()
    }

    /// Where the exported function `name` stands in the plugin's exports.
    #[inline]
    pub(crate) fn find(&mut self, name: &[u8]) -> Result<usize> {
        let plugin = &self.guest.plugin;
        let last = plugin.exports.get(self.last_found);
        if last.is_none_or(|last| !is_same(last.name.as_bytes(), name)) {
            self.last_found = plugin.find_bytes(name)?;
        }
        Ok(self.last_found)
    }

    /// Calls the export at index `at`, whose type the arguments and the wanted kind fit. A number is in the first slot
    /// afterwards, and a string or bytes are there to be [`read`](Self::read).
    pub(crate) fn call(
        &mut self,
        index: usize,
        args: &[Value<'_>],
        kind: Kind,
        slots: &mut Slots,
    ) -> Result<()> {
        self.touched = true;
        self.parts.entered();
        let function = &self.functions[index];
        let params = self.guest.plugin.exports[index].ty.params();
        let call = Call { function, args, params, result: kind };
        let slots = slots.of_call(args.len());
        self.guest.call(&call, slots, &mut self.result_buffer, &mut self.turn)
    }

    /// The same, within `timeout`, if there is one and it is shorter than the plugin's own.
    // Inlined, so that calls which never have one don't ask.
    #[inline(always)]
    pub(crate) fn call_within(
        &mut self,
        timeout: Option<Duration>,
        index: usize,
        args: &[Value<'_>],
        kind: Kind,
        slots: &mut Slots,
    ) -> Result<()> {
        match timeout {
            None => self.call(index, args, kind, slots),
            Some(timeout) => self.call_limited(timeout, index, args, kind, slots),
        }
    }

    fn call_limited(
        &mut self,
        timeout: Duration,
        index: usize,
        args: &[Value<'_>],
        kind: Kind,
        slots: &mut Slots,
    ) -> Result<()> {
        /// The guest whose next calls have its plugin's limit again, also when a panic comes through.
        struct Limited(Rc<Guest>);
        impl Drop for Limited {
            fn drop(&mut self) {
                self.0.timeout.set(self.0.plugin.limits.timeout);
            }
        }

        let limited = Limited(Rc::clone(&self.guest));
        let own = limited.0.plugin.limits.timeout;
        limited.0.timeout.set(Some(own.map_or(timeout, |own| own.min(timeout))));
        self.call(index, args, kind, slots)
    }

    /// The string or bytes that the last call gave, there until the next one.
    pub(crate) fn read(&self, kind: Kind) -> Result<Value<'_>> {
        self.result_buffer.read(&self.guest, kind, &self.turn)
    }

    /// Whether the export at `index` has a result.
    pub(super) fn has_result(&self, index: usize) -> bool {
        !self.guest.plugin.exports[index].ty.results().is_empty()
    }

    /// Begins a call of a function of an Extism plugin, with its input.
    pub(super) fn begin_extism(&mut self, input: &[u8]) -> Result<()> {
        self.guest.begin_extism(input, &mut self.turn)
    }

    /// The output of the last such call, there until the next one.
    pub(crate) fn extism_output(&self, kind: Kind) -> Result<Value<'_>> {
        self.guest.extism_output(kind, &self.turn)
    }

    /// The error that it has set, if it has.
    pub(super) fn extism_error(&self) -> Option<String> {
        self.guest.kernel(&self.turn).and_then(Kernel::error)
    }

    /// The memory that its module exports.
    pub(crate) fn memory(&self) -> Option<&[u8]> {
        self.parts.memory.as_ref().map(|memory| memory.bytes(&self.turn))
    }

    /// How many bytes of it are its own: it has written to those pages, and shares the others with its snapshot. All where the
    /// kernel can't say.
    pub(crate) fn memory_used(&self) -> usize {
        let Some(memory) = self.memory() else { return 0 };
        let Range { start, end } = memory.as_ptr_range();
        let mut pages = 0;
        let told = pagemap::private_pages(start as u64..end as u64, usize::MAX, |_| pages += 1);
        if told { pages * PAGE } else { memory.len() }
    }

    /// The same to write to, by whomever.
    pub(crate) fn memory_mut(&mut self) -> Option<&mut [u8]> {
        let memory = self.parts.memory.as_ref()?;
        self.touched = true;
        self.parts.strayed();
        Some(memory.bytes_mut(&mut self.turn))
    }

    /// The bytes from `address` on.
    pub(crate) fn range(&self, address: u32, count: usize) -> Result<&[u8]> {
        let memory = self.memory();
        let start = check_range(memory.map(<[u8]>::len), address, count)?;
        Ok(&memory.unwrap_or_default()[start..start + count])
    }

    /// Copies `data` to `address`.
    pub(crate) fn write(&mut self, address: u32, data: &[u8]) -> Result<()> {
        let start = check_range(self.memory().map(<[u8]>::len), address, data.len())?;
        // As in a call: this thread writes.
        self.touched = true;
        self.parts.entered();
        if let Some(memory) = &self.parts.memory {
            memory.bytes_mut(&mut self.turn)[start..start + data.len()].copy_from_slice(data);
        }
        Ok(())
    }

    /// Whether `data` is in the guest's memory, from which the last result was lent.
    pub(crate) fn lends(&self, data: &[u8]) -> bool {
        let of_blocks = self.guest.kernel(&self.turn).is_some_and(|kernel| kernel.blocks.has(data));
        of_blocks || (self.guest.allocations.lent().is_some() && self.guest.has(data, &self.turn))
    }

    /// Asks the plugin for its own listing. The string is static: it is read where it is, and not freed.
    pub(crate) fn signatures(&mut self) -> Result<Vec<Signature>> {
        let plugin = &self.guest.plugin;
        let Ok(index) = plugin.find(SIGNATURES) else { return Ok(Vec::new()) };
        // A runtime without a script has nothing to list.
        if plugin.script.is_none() && plugin.find_hidden(LOAD).is_some() {
            return Ok(Vec::new());
        }
        let context = format_args!("{SIGNATURES:?}");
        let mut slots = Slots::default();
        self.call(index, &[], Kind::I32, &mut slots).map_err(|error| error.in_context(context))?;
        let pointer = slots::pointer(slots.first());
        let text =
            self.guest.text(pointer, &self.turn).map_err(|error| error.in_context(context))?;
        let most = match &self.guest.plugin.script {
            Some(script) => listing::most_of_script(script.source.len()),
            None => listing::most(self.guest.plugin.exports.len()),
        };
        if text.len() > most {
            let message = format!(
                "{context} has {} bytes, more than the {most} that it may have",
                text.len()
            );
            return Err(Error::new(ErrorKind::Abi, message));
        }
        listing::parse(text).map_err(|line| {
            let message = format!("{context} has a line that is no signature: {line:?}");
            Error::new(ErrorKind::Abi, message)
        })
    }
}

/// Instantiates the guest's module in `store`, with its memory from the snapshot if there is one.
fn instantiate(
    store: &mut Store,
    guest: &Rc<Guest>,
    snapshot: Option<&StartState>,
) -> Result<(wasmer::Instance, InstanceParts)> {
    let plugin = &guest.plugin;
    let imports: Vec<_> = plugin
        .imports
        .iter()
        .map(|import| import_thunk::import(store, &import.ty, guest, import.target.clone()))
        .collect();
    let (made, parts) = parts::instantiate_with(snapshot.map(|start| &start.snapshot), || {
        wasmer::Instance::new_by_index(store, &plugin.module, &imports)
    });
    let module = made.map_err(|error| match error {
        // A data or element segment that doesn't fit.
        InstantiationError::Link(LinkError::Trap(trap)) | InstantiationError::Start(trap) => {
            trap::runtime_error(trap).in_context("its segments")
        }
        InstantiationError::Link(LinkError::Resource(text)) => {
            Error::new(ErrorKind::Resource, text)
        }
        other => Error::new(ErrorKind::Internal, other.to_string()),
    })?;
    Ok((module, parts))
}

/// Looks up all exported functions, by their index. What wasmer keeps of them is larger than this, and there may be many
/// thousand instances.
fn exported_functions(
    store: &mut Store,
    plugin: &Plugin,
    module: &wasmer::Instance,
) -> Box<[trampoline::Function]> {
    let exports = plugin.exports.iter();
    exports
        .map(|export| {
            let function = module.exports.get_function(&export.name);
            trampoline::Function::new(store, function.expect("the module exports it"))
        })
        .collect()
}

fn no_image(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Resource, format!("no memory for its snapshot: {error}"))
        .with_source(Box::new(error))
}

/// Whether two names are the same. Most are short, and comparing them here is faster than `memcmp`, a call.
#[inline(always)]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    // Two words that overlap where the name isn't as long as both.
    match (
        one.first_chunk::<8>(),
        other.first_chunk::<8>(),
        one.last_chunk::<8>(),
        other.last_chunk::<8>(),
    ) {
        (Some(a), Some(b), Some(c), Some(d)) if one.len() <= 16 => a == b && c == d,
        (None, ..) => one.iter().zip(other).all(|(a, b)| a == b),
        _ => one == other,
    }
}
