//! Linear memory and tables: how they are made, how far they grow, and how the host looks into them.
//!
//! One of the rooms that hold `unsafe`: a [`Memory`] points into the instance that owns it.

use crate::config::Limits;
use std::cell::RefCell;
use std::ptr::NonNull;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use wasmer::sys::{BaseTunables, Tunables};
use wasmer::{ExportIndex, MemoryError, MemoryStyle, MemoryType, ModuleInfo, Pages, TableStyle};
use wasmer::{TableType, WASM_PAGE_SIZE};
use wasmer_compiler::LinkError;
use wasmer_types::entity::PrimaryMap;
use wasmer_types::{LocalMemoryIndex, LocalTableIndex, MemoryIndex, TableIndex};
use wasmer_vm::{
    InternalStoreHandle, LinearMemory, StoreObjects, VMConfig, VMMemory, VMOwnedMemory,
};
use wasmer_vm::{VMMemoryDefinition, VMTable, VMTableDefinition};

/// The memory that an instance exports as `memory`, where the guest ABI's blocks live.
#[derive(Clone)]
pub(crate) struct Memory {
    definition: NonNull<VMMemoryDefinition>,
    budget: Arc<Budget>,
}

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
            let definition = self.definition.as_ref();
            slice::from_raw_parts(definition.base, definition.current_length)
        }
    }

    /// All of the memory as it is now, to write to.
    ///
    /// # Safety
    /// As for [`bytes`](Self::bytes), and nobody else may hold a slice of it.
    pub(crate) unsafe fn bytes_mut<'a>(&self) -> &'a mut [u8] {
        // SAFETY: as in `bytes`; the whole length is writable.
        unsafe {
            let definition = self.definition.as_ref();
            slice::from_raw_parts_mut(definition.base, definition.current_length)
        }
    }

    /// Whether growing was refused since the last time this was asked.
    pub(crate) fn take_refused(&self) -> bool {
        self.budget.refused.swap(false, Ordering::Relaxed)
    }
}

/// The pages that the memories of one instance may still grow by.
#[derive(Debug)]
struct Budget {
    pages_left: AtomicU64,
    refused: AtomicBool,
}

thread_local! {
    /// The exported memory of the instance that is being made on this thread. A start function runs before wasmer
    /// hands the instance out, and the host functions that it calls must see its memory.
    static NEWEST: RefCell<Option<Memory>> = const { RefCell::new(None) };
}

/// Runs `instantiate` and gives what it made, with the memory that the new instance exports as `memory`.
pub(crate) fn capture<R>(instantiate: impl FnOnce() -> R) -> (R, Option<Memory>) {
    // Put back even if a panic goes through: a callback of the start function may make instances of its own.
    struct Restore(Option<Memory>);
    impl Drop for Restore {
        fn drop(&mut self) {
            NEWEST.set(self.0.take());
        }
    }
    let _restore = Restore(NEWEST.take());
    let made = instantiate();
    (made, NEWEST.take())
}

/// The exported memory of the instance that is being made on this thread.
pub(crate) fn newest() -> Option<Memory> {
    NEWEST.with_borrow(|memory| memory.clone())
}

/// How wasmer makes the memories, tables and stacks of one plugin: within its limits.
pub(crate) struct PluginTunables {
    limits: Limits,
    vmconfig: VMConfig,
}

impl PluginTunables {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, vmconfig: VMConfig { wasm_stack_size: Some(limits.stack_bytes) } }
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
        let mut memories = PrimaryMap::new();
        for ((index, ty), definition) in types().zip(locations) {
            // SAFETY: the location is wasmer's own, for this memory.
            let owned = unsafe { VMOwnedMemory::from_definition(ty, &styles[index], *definition) }
                .map_err(|error| LinkError::Resource(error.to_string()))?;
            let memory = LimitedMemory { owned, budget: Arc::clone(&budget) };
            memories.push(InternalStoreHandle::new(context, VMMemory(Box::new(memory))));
            if exported == Some(index) {
                NEWEST.set(Some(Memory { definition: *definition, budget: Arc::clone(&budget) }));
            }
        }
        Ok(memories)
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

    fn vmconfig(&self) -> &VMConfig {
        &self.vmconfig
    }
}

/// A linear memory that grows as long as its instance's budget lasts.
#[derive(Debug)]
struct LimitedMemory {
    owned: VMOwnedMemory,
    budget: Arc<Budget>,
}

impl LimitedMemory {
    fn copied(&self) -> Result<Box<dyn LinearMemory + Send + Sync + 'static>, MemoryError> {
        Err(MemoryError::UnsupportedOperation { message: "memories are never copied".into() })
    }
}

impl LinearMemory for LimitedMemory {
    fn ty(&self) -> MemoryType {
        self.owned.ty()
    }

    fn size(&self) -> Pages {
        self.owned.size()
    }

    fn style(&self) -> MemoryStyle {
        self.owned.style()
    }

    fn grow(&mut self, delta: Pages) -> Result<Pages, MemoryError> {
        let current = self.owned.size();
        let left = self.budget.pages_left.load(Ordering::Relaxed);
        let Some(rest) = left.checked_sub(u64::from(delta.0)) else {
            self.budget.refused.store(true, Ordering::Relaxed);
            return Err(MemoryError::CouldNotGrow { current, attempted_delta: delta });
        };
        let before = self.owned.grow(delta)?;
        // One thread at a time is in an instance, so nobody took from the budget in between.
        self.budget.pages_left.store(rest, Ordering::Relaxed);
        Ok(before)
    }

    fn vmmemory(&self) -> NonNull<VMMemoryDefinition> {
        self.owned.vmmemory()
    }

    fn try_clone(&self) -> Result<Box<dyn LinearMemory + Send + Sync + 'static>, MemoryError> {
        self.copied()
    }

    fn copy(&self) -> Result<Box<dyn LinearMemory + Send + Sync + 'static>, MemoryError> {
        self.copied()
    }
}
