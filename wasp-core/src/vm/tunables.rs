//! How wasmer makes the memories, tables and globals of an instance: within its limits, from the snapshot, and noted for
//! the host.
//!
//! One of the modules that hold `unsafe`: wasmer hands it the places of an instance's definitions.

use crate::base::abi_names::FLAG;
use crate::base::error::{Error, ErrorKind, Result};
use crate::config::limits::Limits;
use crate::sys::mmap;
use crate::vm::bounds::Bounds;
use crate::vm::memory::{Budget, Memory};
use crate::vm::parts;
use std::ptr::NonNull;
use std::sync::Arc;
use wasmer::sys::{BaseTunables, Tunables};
use wasmer::{ExportIndex, MemoryError, MemoryStyle, MemoryType, ModuleInfo, Mutability};
use wasmer::{TableStyle, TableType, Type, WASM_PAGE_SIZE};
use wasmer_compiler::LinkError;
use wasmer_types::entity::PrimaryMap;
use wasmer_types::{LocalGlobalIndex, LocalMemoryIndex, LocalTableIndex, MemoryIndex, TableIndex};
use wasmer_vm::{InternalStoreHandle, StoreObjects, VMGlobal, VMMemory};
use wasmer_vm::{VMGlobalDefinition, VMMemoryDefinition, VMTable, VMTableDefinition};

/// How wasmer makes the memories, tables and stacks of one plugin: within its limits.
pub(crate) struct PluginTunables {
    limits: Limits,
    bounds: Bounds,
}

impl PluginTunables {
    pub(crate) fn new(limits: Limits, bounds: Bounds) -> Self {
        Self { limits, bounds }
    }

    fn base(&self) -> BaseTunables {
        BaseTunables::new()
    }
}

impl Tunables for PluginTunables {
    fn memory_style(&self, _: &MemoryType) -> MemoryStyle {
        self.bounds.style()
    }

    fn table_style(&self, table: &TableType) -> TableStyle {
        self.base().table_style(table)
    }

    fn create_host_memory(
        &self,
        _: &MemoryType,
        _: &MemoryStyle,
    ) -> std::result::Result<VMMemory, MemoryError> {
        Err(MemoryError::UnsupportedOperation { message: "memories are never imported".into() })
    }

    unsafe fn create_vm_memory(
        &self,
        _: &MemoryType,
        _: &MemoryStyle,
        _: NonNull<VMMemoryDefinition>,
    ) -> std::result::Result<VMMemory, MemoryError> {
        Err(MemoryError::UnsupportedOperation { message: "memories are made together".into() })
    }

    fn create_host_table(
        &self,
        _: &TableType,
        _: &TableStyle,
    ) -> std::result::Result<VMTable, String> {
        Err("tables are never imported".into())
    }

    unsafe fn create_vm_table(
        &self,
        ty: &TableType,
        style: &TableStyle,
        location: NonNull<VMTableDefinition>,
    ) -> std::result::Result<VMTable, String> {
        // SAFETY: the location is wasmer's own, passed through.
        unsafe { self.base().create_vm_table(ty, style, location) }
    }

    unsafe fn create_memories(
        &self,
        context: &mut StoreObjects,
        module: &ModuleInfo,
        styles: &PrimaryMap<MemoryIndex, MemoryStyle>,
        locations: &[NonNull<VMMemoryDefinition>],
    ) -> std::result::Result<PrimaryMap<LocalMemoryIndex, InternalStoreHandle<VMMemory>>, LinkError>
    {
        let limit_pages = self.limits.memory_bytes / WASM_PAGE_SIZE as u64;
        let types = || module.memories.iter().skip(module.num_imported_memories);
        let left = limit_pages.checked_sub(start_pages(module)).ok_or_else(beyond)?;
        let budget = Arc::new(Budget::new(left));
        let exported = match module.exports.get("memory") {
            Some(ExportIndex::Memory(index)) => Some(*index),
            _ => None,
        };
        parts::INSTANTIATION.with_borrow_mut(|making| {
            making.parts.budget = Some(Arc::clone(&budget));
            let mut memories = PrimaryMap::new();
            for ((index, ty), definition) in types().zip(locations) {
                let image = making.image.as_ref().filter(|_| memories.is_empty());
                let memory = Memory::new(*ty, styles[index], *definition, &budget, image).map_err(
                    |error| {
                        LinkError::Resource(format!("no address space for its memory: {error}; a lower limit of memory needs less"))
                    },
                )?;
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
    ) -> std::result::Result<PrimaryMap<LocalTableIndex, InternalStoreHandle<VMTable>>, LinkError>
    {
        let types = || module.tables.iter().skip(module.num_imported_tables);
        let limit = self.limits.table_elements;
        let start = u32::try_from(start_elements(module)).ok().filter(|start| *start <= limit);
        let start = start.ok_or_else(beyond)?;
        parts::INSTANTIATION.with_borrow_mut(|making| {
            (making.parts.elements, making.parts.elements_limit) = (start, limit);
        });
        let mut tables = PrimaryMap::new();
        for ((index, ty), definition) in types().zip(locations) {
            // wasmer refuses a larger one, also where the limit comes before it.
            let maximum = ty.maximum.map(|maximum| maximum.min(MOST_ELEMENTS));
            let ty = TableType { maximum, ..*ty };
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
    ) -> std::result::Result<PrimaryMap<LocalGlobalIndex, InternalStoreHandle<VMGlobal>>, LinkError>
    {
        // The first of wasp's own globals, which are the last ones: how many these are depends on the compiler.
        let flag = match module.exports.get(FLAG) {
            Some(ExportIndex::Global(index)) => Some(*index),
            _ => None,
        };
        parts::INSTANTIATION.with_borrow_mut(|making| {
            let mut globals = PrimaryMap::new();
            let types = module.globals.iter().skip(module.num_imported_globals);
            for ((index, ty), location) in types.zip(locations) {
                // SAFETY: the location is wasmer's own, for this global.
                let global = unsafe { VMGlobal::new_instance(*ty, *location) };
                globals.push(InternalStoreHandle::new(context, global));
                let is_own = flag.is_some_and(|flag| index >= flag);
                if flag == Some(index) {
                    making.parts.flag = Some(*location);
                } else if !is_own && ty.mutability == Mutability::Var && !is_reference(ty.ty) {
                    making.parts.globals.push(*location);
                }
            }
            Ok(globals)
        })
    }
}

/// The pages of linear memory that an instance of `module` starts with.
fn start_pages(module: &ModuleInfo) -> u64 {
    let types = module.memories.values().skip(module.num_imported_memories);
    types.map(|ty| u64::from(ty.minimum.0)).sum()
}

/// The elements that its tables start with.
fn start_elements(module: &ModuleInfo) -> u64 {
    let types = module.tables.values().skip(module.num_imported_tables);
    types.map(|ty| u64::from(ty.minimum)).sum()
}

/// That [`check_start`] was not asked.
fn beyond() -> LinkError {
    LinkError::Resource("it starts beyond its limits".into())
}

/// How many memories a module may have. Each takes address space and, of the kernel, mappings, of which a process has some
/// 65,000.
const MOST_MEMORIES: usize = 16;

/// How many elements a table may have.
const MOST_ELEMENTS: u32 = 128 << 20;

/// How many bytes of the host's memory an element of a table takes.
const ELEMENT: u64 = 32;

/// Refuses a module that starts beyond `limits`. Asked before wasmer makes anything for it: it takes the memory for tables at once, and
/// ends the process where there is none.
pub(crate) fn check_start(module: &ModuleInfo, limits: &Limits) -> Result<()> {
    let refuse = |message: String| Err(Error::new(ErrorKind::Resource, message));
    if module.memories.len() > MOST_MEMORIES {
        let count = module.memories.len();
        return refuse(format!("it has {count} memories, and {MOST_MEMORIES} are the most"));
    }
    let (bytes, limit) = (start_pages(module) * WASM_PAGE_SIZE as u64, limits.memory_bytes);
    if start_pages(module) > limit / WASM_PAGE_SIZE as u64 {
        return refuse(format!(
            "it starts with {bytes} bytes of memory, more than its limit of {limit} bytes"
        ));
    }
    let (elements, limit) = (start_elements(module), u64::from(limits.table_elements));
    if elements > limit {
        return refuse(format!(
            "it starts with {elements} table elements, more than its limit of {limit}"
        ));
    }
    mmap::try_map(table_bytes(elements)).or_else(|error| {
        refuse(format!("no memory for the {elements} table elements that it starts with: {error}"))
    })
}

/// Returns how many bytes of the host's memory so many elements of a table may take, the growing itself included.
pub(super) fn table_bytes(elements: u64) -> usize {
    usize::try_from(elements * ELEMENT).unwrap_or(usize::MAX)
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
