//! What an instance's state is made of: linear memory, tables and globals. How they are made and how far they grow, how
//! the host looks into them, and how they go back to the snapshot.
//!
//! One of the rooms that hold `unsafe`: what it hands out points into the instance that owns it.

use crate::base::abi_names::FLAG;
use crate::config::limits::Limits;
use crate::sys::mem_image::{Image, Mapping};
use crate::sys::process;
use parking_lot::{Mutex, MutexGuard};
use std::cell::RefCell;
use std::io;
use std::ptr::NonNull;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use wasmer::sys::{BaseTunables, Tunables};
use wasmer::{ExportIndex, MemoryError, MemoryStyle, MemoryType, ModuleInfo, Mutability, Pages};
use wasmer::{TableStyle, TableType, Type, WASM_PAGE_SIZE};
use wasmer_compiler::LinkError;
use wasmer_types::entity::PrimaryMap;
use wasmer_types::{
    LocalGlobalIndex, LocalMemoryIndex, LocalTableIndex, MemoryIndex, RawValue, TableIndex,
};
use wasmer_vm::{InternalStoreHandle, LinearMemory, StoreObjects, VMGlobal, VMMemory};
use wasmer_vm::{VMGlobalDefinition, VMMemoryDefinition, VMTable, VMTableDefinition};

/// A linear memory of an instance.
#[derive(Clone, Debug)]
pub(crate) struct Memory(Arc<Linear>);

impl Memory {
    /// All of the memory as it is now.
    ///
    /// # Safety
    /// The instance must be alive, and for as long as the slice is used no guest code may run in it and nobody may
    /// hold a slice from [`bytes_mut`](Self::bytes_mut).
    pub(crate) unsafe fn bytes<'a>(&self) -> &'a [u8] {
        // SAFETY: the definition lives as long as the instance; its base and length describe mapped, readable memory,
        // which compiled code relies on too. Exclusion is the caller's promise.
        unsafe {
            let definition = self.0.definition.as_ref();
            slice::from_raw_parts(definition.base, definition.current_length)
        }
    }

    /// An image of the memory as it is now, from which it begins afterwards.
    ///
    /// # Safety
    /// The instance must be alive, and nobody may be in it or hold a slice of the memory.
    unsafe fn take_image(&self) -> io::Result<Image> {
        // SAFETY: nobody is in the instance, so nobody writes.
        let image = Image::new(unsafe { self.bytes() })?;
        // SAFETY: nobody has a slice of it, and it stays as it is.
        unsafe { self.0.mapping().adopt(&image) }?;
        self.0.from_image.store(true, Ordering::Relaxed);
        Ok(image)
    }

    /// All of the memory as it is now, to write to.
    ///
    /// # Safety
    /// As for [`bytes`](Self::bytes), and nobody else may hold a slice of it.
    pub(crate) unsafe fn bytes_mut<'a>(&self) -> &'a mut [u8] {
        // SAFETY: the definition lives as long as the instance; its base and length describe mapped, writable memory; nobody
        // else holds a slice of it, as this function asks.
        unsafe {
            let definition = self.0.definition.as_ref();
            slice::from_raw_parts_mut(definition.base, definition.current_length)
        }
    }
}

/// The pages that the memories of one instance may still grow by.
#[derive(Debug)]
pub(crate) struct Budget {
    pages_left: AtomicU64,
    refused: AtomicBool,
}

impl Budget {
    /// Whether growing was refused since the last time this was asked.
    pub(crate) fn take_refused(&self) -> bool {
        // Asked at each call: the load is cheaper than the swap.
        self.refused.load(Ordering::Relaxed) && self.refused.swap(false, Ordering::Relaxed)
    }
}

/// What the host must reach of one instance.
#[derive(Default)]
pub(crate) struct InstanceParts {
    /// What it exports as `memory`, where the guest ABI's blocks live.
    pub memory: Option<Memory>,
    memories: Vec<Memory>,
    /// What all its memories grow from.
    pub budget: Option<Arc<Budget>>,
    /// The mutable ones, references excepted.
    globals: Vec<NonNull<VMGlobalDefinition>>,
    flag: Option<NonNull<VMGlobalDefinition>>,
}

/// The state that every instance of a plugin starts from: what its start-up left.
pub(crate) struct Snapshot {
    image: Option<Arc<Image>>,
    globals: Vec<RawValue>,
}

impl InstanceParts {
    /// The interrupt flag.
    pub(crate) fn flag(&self) -> *mut i32 {
        self.flag.map_or(std::ptr::null_mut(), |global| global.as_ptr().cast())
    }

    /// This thread makes a call.
    pub(crate) fn entered(&self) {
        if let Some(Memory(linear)) = self.memories.first()
            && linear.thread.load(Ordering::Relaxed) != process::thread()
        {
            linear.thread.store(STRAYED, Ordering::Relaxed);
        }
    }

    /// The state as it is now. The memory begins from its image afterwards.
    ///
    /// # Safety
    /// The instance must be alive, nobody may be in it or hold a slice of its memory, and it must have one memory at most.
    pub(crate) unsafe fn snapshot(&self) -> io::Result<Snapshot> {
        let image = match self.memories.first() {
            // SAFETY: the instance is alive, and nobody is in it or holds a slice, as this function asks.
            Some(memory) => Some(Arc::new(unsafe { memory.take_image() }?)),
            None => None,
        };
        // SAFETY: the globals live as long as the instance.
        let globals = self.globals.iter().map(|global| unsafe { global.as_ref().val }).collect();
        Ok(Snapshot { image, globals })
    }

    /// Brings the state back to `snapshot`, from whose image the memory was made.
    ///
    /// # Safety
    /// The instance must be alive, and nobody may be in it or hold a slice of its memory.
    pub(crate) unsafe fn restore(&self, snapshot: &Snapshot) -> io::Result<()> {
        if let (Some(memory), Some(image)) = (self.memories.first(), &snapshot.image) {
            // SAFETY: nobody is in the instance or holds a slice, as this function asks.
            unsafe { memory.0.restore(image) }?;
        }
        for (global, value) in self.globals.iter().zip(&snapshot.globals) {
            // SAFETY: the globals live as long as the instance, in which nobody is.
            unsafe { (*global.as_ptr()).val = *value };
        }
        Ok(())
    }
}

/// An instance that is being made on this thread.
#[derive(Default)]
struct Instantiation {
    image: Option<Arc<Image>>,
    parts: InstanceParts,
}

thread_local! {
    static INSTANTIATION: RefCell<Instantiation> = RefCell::default();
}

/// Runs `instantiate`, which makes an instance whose memory starts from the snapshot, if there is one. Gives what it
/// made and the instance's parts.
pub(crate) fn instantiate_with<R>(
    snapshot: Option<&Snapshot>,
    instantiate: impl FnOnce() -> R,
) -> (R, InstanceParts) {
    let image = snapshot.and_then(|snapshot| snapshot.image.clone());
    INSTANTIATION.set(Instantiation { image, parts: InstanceParts::default() });
    let made = instantiate();
    let parts = INSTANTIATION.take().parts;
    for memory in &parts.memories {
        memory.0.has_segments.store(false, Ordering::Relaxed);
    }
    (made, parts)
}

/// How wasmer makes the memories, tables and stacks of one plugin: within its limits.
pub(crate) struct PluginTunables {
    limits: Limits,
}

impl PluginTunables {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits }
    }

    fn base(&self) -> BaseTunables {
        BaseTunables::new()
    }
}

impl Tunables for PluginTunables {
    fn memory_style(&self, memory: &MemoryType) -> MemoryStyle {
        self.base().memory_style(memory)
    }

    fn table_style(&self, table: &TableType) -> TableStyle {
        self.base().table_style(table)
    }

    fn create_host_memory(&self, _: &MemoryType, _: &MemoryStyle) -> Result<VMMemory, MemoryError> {
        Err(MemoryError::UnsupportedOperation { message: "memories are never imported".into() })
    }

    unsafe fn create_vm_memory(
        &self,
        _: &MemoryType,
        _: &MemoryStyle,
        _: NonNull<VMMemoryDefinition>,
    ) -> Result<VMMemory, MemoryError> {
        Err(MemoryError::UnsupportedOperation { message: "memories are made together".into() })
    }

    fn create_host_table(&self, _: &TableType, _: &TableStyle) -> Result<VMTable, String> {
        Err("tables are never imported".into())
    }

    unsafe fn create_vm_table(
        &self,
        ty: &TableType,
        style: &TableStyle,
        location: NonNull<VMTableDefinition>,
    ) -> Result<VMTable, String> {
        // SAFETY: the location is wasmer's own, passed through.
        unsafe { self.base().create_vm_table(ty, style, location) }
    }

    unsafe fn create_memories(
        &self,
        context: &mut StoreObjects,
        module: &ModuleInfo,
        styles: &PrimaryMap<MemoryIndex, MemoryStyle>,
        locations: &[NonNull<VMMemoryDefinition>],
    ) -> Result<PrimaryMap<LocalMemoryIndex, InternalStoreHandle<VMMemory>>, LinkError> {
        let limit_pages = self.limits.memory_bytes / WASM_PAGE_SIZE as u64;
        let types = || module.memories.iter().skip(module.num_imported_memories);
        let start_pages: u64 = types().map(|(_, ty)| u64::from(ty.minimum.0)).sum();
        let Some(left) = limit_pages.checked_sub(start_pages) else {
            return Err(LinkError::Resource(format!(
                "it starts with {} bytes of memory, more than its limit of {} bytes",
                start_pages * WASM_PAGE_SIZE as u64,
                self.limits.memory_bytes
            )));
        };
        let budget =
            Arc::new(Budget { pages_left: AtomicU64::new(left), refused: AtomicBool::new(false) });
        let exported = match module.exports.get("memory") {
            Some(ExportIndex::Memory(index)) => Some(*index),
            _ => None,
        };
        INSTANTIATION.with_borrow_mut(|making| {
            making.parts.budget = Some(Arc::clone(&budget));
            let mut memories = PrimaryMap::new();
            for ((index, ty), definition) in types().zip(locations) {
                let image = making.image.as_ref().filter(|_| memories.is_empty());
                let linear = Linear::new(*ty, styles[index], *definition, &budget, image).map_err(
                    |error| {
                        LinkError::Resource(format!("no address space for its memory: {error}"))
                    },
                )?;
                let memory = Memory(Arc::new(linear));
                memories
                    .push(InternalStoreHandle::new(context, VMMemory(Box::new(memory.clone()))));
                if exported == Some(index) {
                    making.parts.memory = Some(memory.clone());
                }
                making.parts.memories.push(memory);
            }
            Ok(memories)
        })
    }

    unsafe fn create_tables(
        &self,
        context: &mut StoreObjects,
        module: &ModuleInfo,
        styles: &PrimaryMap<TableIndex, TableStyle>,
        locations: &[NonNull<VMTableDefinition>],
    ) -> Result<PrimaryMap<LocalTableIndex, InternalStoreHandle<VMTable>>, LinkError> {
        let limit = u64::from(self.limits.table_elements);
        let types = || module.tables.iter().skip(module.num_imported_tables);
        let start: u64 = types().map(|(_, ty)| u64::from(ty.minimum)).sum();
        let Some(mut room) = limit.checked_sub(start) else {
            return Err(LinkError::Resource(format!(
                "it starts with {start} table elements, more than its limit of {limit}"
            )));
        };
        let mut tables = PrimaryMap::new();
        for ((index, ty), definition) in types().zip(locations) {
            // The first tables that can grow get the room: a table can't ask for more later.
            let most = u64::from(ty.maximum.unwrap_or(u32::MAX)).min(u64::from(ty.minimum) + room);
            room -= most - u64::from(ty.minimum);
            let mut ty = *ty;
            ty.maximum = Some(u32::try_from(most).unwrap_or(u32::MAX));
            // SAFETY: the location is wasmer's own, for this table.
            let table = unsafe { self.create_vm_table(&ty, &styles[index], *definition) }
                .map_err(LinkError::Resource)?;
            tables.push(InternalStoreHandle::new(context, table));
        }
        Ok(tables)
    }

    fn create_globals(
        &self,
        context: &mut StoreObjects,
        module: &ModuleInfo,
        locations: &[NonNull<VMGlobalDefinition>],
    ) -> Result<PrimaryMap<LocalGlobalIndex, InternalStoreHandle<VMGlobal>>, LinkError> {
        let flag = match module.exports.get(FLAG) {
            Some(ExportIndex::Global(index)) => Some(*index),
            _ => None,
        };
        INSTANTIATION.with_borrow_mut(|making| {
            let mut globals = PrimaryMap::new();
            let types = module.globals.iter().skip(module.num_imported_globals);
            for ((index, ty), location) in types.zip(locations) {
                // SAFETY: the location is wasmer's own, for this global.
                let global = unsafe { VMGlobal::new_instance(*ty, *location) };
                globals.push(InternalStoreHandle::new(context, global));
                if flag == Some(index) {
                    making.parts.flag = Some(*location);
                } else if ty.mutability == Mutability::Var && !is_reference(ty.ty) {
                    making.parts.globals.push(*location);
                }
            }
            Ok(globals)
        })
    }
}

/// Whether a snapshot can hold the whole state of `module`, as far as its declarations say.
pub(crate) fn restorable(module: &ModuleInfo) -> bool {
    let references =
        module.globals.values().any(|ty| ty.mutability == Mutability::Var && is_reference(ty.ty));
    module.memories.len() <= 1 && !references
}

fn is_reference(ty: Type) -> bool {
    !matches!(ty, Type::I32 | Type::I64 | Type::F32 | Type::F64 | Type::V128)
}

/// A linear memory that grows as long as its instance's budget lasts, and never moves.
#[derive(Debug)]
struct Linear {
    ty: MemoryType,
    style: MemoryStyle,
    definition: NonNull<VMMemoryDefinition>,
    budget: Arc<Budget>,
    from_image: AtomicBool,
    /// Whether the active segments that its instance is being made with are there already: the image has them.
    has_segments: AtomicBool,
    /// The thread that brought it back last, or `STRAYED` when another one was in the instance since then.
    thread: AtomicU64,
    mapping: Mutex<Mapping>,
}

/// No thread's number.
const STRAYED: u64 = u64::MAX;

// SAFETY: the definition belongs to the instance, as this does; one thread at a time is in an instance.
unsafe impl Send for Linear {}
// SAFETY: shared only between the instance's store and its parts, which one thread at a time uses.
unsafe impl Sync for Linear {}

impl Linear {
    fn new(
        ty: MemoryType,
        style: MemoryStyle,
        definition: NonNull<VMMemoryDefinition>,
        budget: &Arc<Budget>,
        image: Option<&Arc<Image>>,
    ) -> io::Result<Self> {
        let guard = usize::try_from(style.offset_guard_size()).map_err(io::Error::other)?;
        let reserved = MemoryStyle::static_bound().bytes().0 + guard;
        let minimum = ty.minimum.bytes().0;
        let len = image.map_or(minimum, |image| image.len());
        let mapping = Mapping::new(reserved, len, image.map(|image| &**image))?;
        let current = VMMemoryDefinition { base: mapping.base().as_ptr(), current_length: len };
        // SAFETY: the location is wasmer's own, for this memory, which nobody uses yet.
        unsafe { definition.write(current) };
        // What start-up grew by is taken already.
        take(&budget.pages_left, ((len - minimum) / WASM_PAGE_SIZE) as u64);
        let budget = Arc::clone(budget);
        let from_image = AtomicBool::new(image.is_some());
        let has_segments = AtomicBool::new(image.is_some());
        let mapping = Mutex::new(mapping);
        let thread = AtomicU64::new(STRAYED);
        Ok(Self { ty, style, definition, budget, from_image, has_segments, thread, mapping })
    }

    fn len(&self) -> usize {
        // SAFETY: the definition lives as long as the instance, and so does whoever asks.
        unsafe { self.definition.as_ref() }.current_length
    }

    /// # Safety
    /// Nobody may be in the instance or hold a slice of the memory.
    unsafe fn restore(&self, image: &Image) -> io::Result<()> {
        if !self.from_image.load(Ordering::Relaxed) {
            return Err(io::Error::other("the memory was not made from an image"));
        }
        let len = self.len();
        let strayed = self.thread.swap(STRAYED, Ordering::Relaxed) != process::thread();
        // SAFETY: nobody holds a slice of the memory, as this function asks.
        unsafe { self.mapping().restore(len, image, strayed) }?;
        self.thread.store(process::thread(), Ordering::Relaxed);
        let grown = (len - image.len()) / WASM_PAGE_SIZE;
        self.budget.pages_left.fetch_add(grown as u64, Ordering::Relaxed);
        self.budget.refused.store(false, Ordering::Relaxed);
        // SAFETY: the definition lives as long as the instance, in which nobody is, as this function asks.
        unsafe { (*self.definition.as_ptr()).current_length = image.len() };
        Ok(())
    }

    fn mapping(&self) -> MutexGuard<'_, Mapping> {
        self.mapping.lock()
    }
}

/// Takes `pages` from a budget, if they are there. One thread at a time is in an instance.
fn take(budget: &AtomicU64, pages: u64) -> bool {
    let left = budget.load(Ordering::Relaxed).checked_sub(pages);
    left.inspect(|left| budget.store(*left, Ordering::Relaxed)).is_some()
}

impl LinearMemory for Memory {
    fn ty(&self) -> MemoryType {
        MemoryType { minimum: self.size(), ..self.0.ty }
    }

    fn size(&self) -> Pages {
        Pages((self.0.len() / WASM_PAGE_SIZE) as u32)
    }

    fn style(&self) -> MemoryStyle {
        self.0.style
    }

    fn grow(&mut self, delta: Pages) -> Result<Pages, MemoryError> {
        let linear = &*self.0;
        let current = self.size();
        let refuse = || MemoryError::CouldNotGrow { current, attempted_delta: delta };
        let new = current.0.checked_add(delta.0).ok_or_else(refuse)?;
        if new > linear.ty.maximum.unwrap_or(Pages::max_value()).0.min(Pages::max_value().0) {
            return Err(refuse());
        }
        if !take(&linear.budget.pages_left, delta.0.into()) {
            linear.budget.refused.store(true, Ordering::Relaxed);
            return Err(refuse());
        }
        let (from, to) = (current.bytes().0, Pages(new).bytes().0);
        linear.mapping().open(from, to).map_err(|error| {
            linear.budget.pages_left.fetch_add(delta.0.into(), Ordering::Relaxed);
            MemoryError::Region(error.to_string())
        })?;
        // SAFETY: the definition lives as long as the instance, and its guest waits for `memory.grow`.
        unsafe { (*linear.definition.as_ptr()).current_length = to };
        Ok(current)
    }

    fn vmmemory(&self) -> NonNull<VMMemoryDefinition> {
        self.0.definition
    }

    fn try_clone(&self) -> Result<Box<dyn LinearMemory + Send + Sync + 'static>, MemoryError> {
        Err(MemoryError::UnsupportedOperation { message: "memories are never shared".into() })
    }

    unsafe fn initialize_with_data(
        &self,
        start: usize,
        data: &[u8],
    ) -> Result<(), wasmer_vm::Trap> {
        // `memory.init` comes here too, later.
        if self.0.has_segments.load(Ordering::Relaxed) {
            return Ok(());
        }
        // SAFETY: an instance that is being made runs no code, a guest waits for its `memory.init`, and nobody else has
        // the memory.
        unsafe { wasmer_vm::initialize_memory_with_data(self.0.definition.as_ref(), start, data) }
    }

    fn copy(&self) -> Result<Box<dyn LinearMemory + Send + Sync + 'static>, MemoryError> {
        Err(MemoryError::UnsupportedOperation { message: "memories are never copied".into() })
    }
}
