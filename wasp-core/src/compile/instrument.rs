//! What wasp adds to every module before it is compiled.
//!
//! - A hidden global, the interrupt flag, and a check of it at each function entry and loop head and behind each bulk
//!   instruction: the way to stop a guest that doesn't stop by itself. An `unreachable` behind a load and a branch costs
//!   nothing measurable under Cranelift.
//! - The start function becomes a hidden export: wasp runs it as the first part of start-up, under the time limit, and
//!   not again for instances that start from the snapshot.
//! - A note of what the code does that matters later: see [`Seen`].

use crate::base::abi_names::{FLAG, HIDDEN, START};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use wasmer::sys::wasmparser::{BlockType, Catch, Operator};
use wasmer::sys::{FunctionMiddleware, MiddlewareError, MiddlewareReaderState, ModuleMiddleware};
use wasmer::{
    ExportIndex, GlobalInit, GlobalType, LocalFunctionIndex, ModuleInfo, Mutability, Type,
};

/// The middleware for one module.
#[derive(Debug)]
pub(crate) struct Instrument {
    /// Cranelift folds a loop's load of the flag into the one at the function's entry unless something in the loop may
    /// change it: a store to a second hidden global is enough. Singlepass folds nothing.
    fenced: bool,
    globals: OnceLock<Globals>,
    /// The tables that don't hold functions.
    externs: OnceLock<Arc<HashSet<u32>>>,
    notes: Arc<Notes>,
}

/// What a module's code does, besides computing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// It changes tables or drops segments, which a reset of memory and globals doesn't undo.
    pub unrestorable: bool,
    /// It catches references to exceptions, so that one may be alive after the next is thrown.
    pub exception_references: bool,
}

/// The same, while functions are compiled on several threads.
#[derive(Debug, Default)]
struct Notes {
    unrestorable: AtomicBool,
    exception_references: AtomicBool,
}

#[derive(Clone, Copy, Debug)]
struct Globals {
    flag: u32,
    fence: Option<u32>,
}

impl Instrument {
    pub(crate) fn new(fenced: bool) -> Self {
        Self { fenced, globals: OnceLock::new(), externs: OnceLock::new(), notes: Arc::default() }
    }

    /// Returns what was seen of the module's code.
    pub(crate) fn seen(&self) -> Seen {
        let Notes { unrestorable, exception_references } = &*self.notes;
        Seen {
            unrestorable: unrestorable.load(Ordering::Relaxed),
            exception_references: exception_references.load(Ordering::Relaxed),
        }
    }
}

impl ModuleMiddleware for Instrument {
    fn generate_function_middleware<'a>(
        &self,
        _: LocalFunctionIndex,
    ) -> Box<dyn FunctionMiddleware<'a> + 'a> {
        let globals =
            *self.globals.get().expect("the module's info is transformed before its functions");
        let externs = self.externs.get().map(Arc::clone).unwrap_or_default();
        let notes = Arc::clone(&self.notes);
        Box::new(Checks { globals, externs, entered: false, notes })
    }

    fn transform_module_info(&self, module: &mut ModuleInfo) -> Result<(), MiddlewareError> {
        if let Some(name) = module.exports.keys().find(|name| name.starts_with(HIDDEN)) {
            let message = format!("it exports {name:?}, and names like that are wasp's own");
            return Err(MiddlewareError::new("wasp", message));
        }
        let mut hide = || {
            module.global_initializers.push(GlobalInit::I32Const(0));
            module.globals.push(GlobalType::new(Type::I32, Mutability::Var))
        };
        let flag = hide();
        let fence = self.fenced.then(&mut hide);
        let globals = Globals { flag: flag.as_u32(), fence: fence.map(|index| index.as_u32()) };
        self.globals.set(globals).expect("a middleware is made for one module");
        let externs = module.tables.iter().filter(|(_, table)| table.ty != Type::FuncRef);
        let externs: HashSet<u32> = externs.map(|(index, _)| index.as_u32()).collect();
        self.externs.get_or_init(|| Arc::new(externs));
        module.exports.insert(FLAG.to_owned(), ExportIndex::Global(flag));
        if let Some(start) = module.start_function.take() {
            module.exports.insert(START.to_owned(), ExportIndex::Function(start));
        }
        Ok(())
    }
}

/// The middleware for one function.
#[derive(Debug)]
struct Checks {
    globals: Globals,
    externs: Arc<HashSet<u32>>,
    entered: bool,
    notes: Arc<Notes>,
}

impl Checks {
    fn push<'a>(&self, state: &mut MiddlewareReaderState<'a>) {
        if let Some(global_index) = self.globals.fence {
            state.extend(
                [Operator::I32Const { value: 0 }, Operator::GlobalSet { global_index }].iter(),
            );
        }
        state.extend(&[
            Operator::GlobalGet { global_index: self.globals.flag },
            Operator::If { blockty: BlockType::Empty },
            Operator::Unreachable,
            Operator::End,
        ]);
    }
}

impl<'a> FunctionMiddleware<'a> for Checks {
    fn feed(
        &mut self,
        operator: Operator<'a>,
        state: &mut MiddlewareReaderState<'a>,
    ) -> Result<(), MiddlewareError> {
        // Behind a function's first operator, not before it: operators that stand behind pushed ones lose their offset
        // in the module, which traces show. But not behind a call: there must be a check on the way of all recursion.
        let is_first = !self.entered;
        self.entered = true;
        let is_call = matches!(operator, Operator::Call { .. } | Operator::CallIndirect { .. });
        if is_first && is_call {
            self.push(state);
        }
        let behind = is_first && !is_call && !matches!(operator, Operator::End);
        let is_loop = matches!(operator, Operator::Loop { .. });
        // Each may take as long as a loop over memory or a table, and there may be many in a row.
        let is_bulk = matches!(
            operator,
            Operator::MemoryFill { .. }
                | Operator::MemoryCopy { .. }
                | Operator::MemoryInit { .. }
                | Operator::TableGrow { .. }
                | Operator::TableFill { .. }
                | Operator::TableCopy { .. }
                | Operator::TableInit { .. }
        );
        if let Operator::TableInit { table, .. } = operator
            && self.externs.contains(&table)
        {
            // wasmer takes every segment for functions, panics where the table isn't of those, and that ends the process.
            let message = "it has a table.init of a table of externref, which wasmer can't do";
            return Err(MiddlewareError::new("wasp", message));
        }
        if matches!(
            operator,
            Operator::TableSet { .. }
                | Operator::TableGrow { .. }
                | Operator::TableFill { .. }
                | Operator::TableCopy { .. }
                | Operator::TableInit { .. }
                | Operator::ElemDrop { .. }
                | Operator::DataDrop { .. }
        ) {
            self.notes.unrestorable.store(true, Ordering::Relaxed);
        }
        if let Operator::TryTable { try_table } = &operator
            && try_table.catches.iter().any(is_of_reference)
        {
            self.notes.exception_references.store(true, Ordering::Relaxed);
        }
        state.push_operator(operator);
        if behind || is_loop || is_bulk {
            self.push(state);
        }
        Ok(())
    }
}

/// Whether a handler gets a reference to the exception, not only what it carries.
fn is_of_reference(handler: &Catch) -> bool {
    matches!(handler, Catch::OneRef { .. } | Catch::AllRef { .. })
}
