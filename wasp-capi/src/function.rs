//! A plugin's functions as C sees them.

use crate::slice::{first, wasp_slice};
use crate::value::wasp_kind;
use wasp_core::Function;

/// A function that a plugin offers: its name and the kinds of its parameters and result.
///
/// Where the plugin doesn't declare its signature, `declared` is false and WASP_I32 may stand for a string or bytes. `param_names` are as
/// many as `params`, and `docs` is what the plugin says about the function, on one line: each empty where it declares none.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wasp_function {
    pub name: wasp_slice,
    pub params: *const wasp_kind,
    pub param_count: usize,
    pub result: wasp_kind,
    pub declared: bool,
    pub param_names: *const wasp_slice,
    pub docs: wasp_slice,
}

/// A plugin's functions, and what their C form points to.
pub(crate) struct Listing {
    listed: Vec<wasp_function>,
    _functions: Vec<Function>,
    _params: Vec<Vec<wasp_kind>>,
    _param_names: Vec<Vec<wasp_slice>>,
}

// SAFETY: the pointers go to the vectors beside them, which never change.
unsafe impl Send for Listing {}
// SAFETY: all that `&Listing` reaches is read-only.
unsafe impl Sync for Listing {}

impl Listing {
    pub(crate) fn new(functions: &[Function]) -> Self {
        let functions = functions.to_vec();
        let text = |text: &String| wasp_slice::of(text.as_bytes());
        let params: Vec<Vec<wasp_kind>> = functions
            .iter()
            .map(|function| function.params.iter().map(|kind| *kind as wasp_kind).collect())
            .collect();
        let param_names: Vec<Vec<wasp_slice>> = functions
            .iter()
            .map(|function| function.param_names.iter().map(text).collect())
            .collect();
        let listed = functions
            .iter()
            .zip(params.iter().zip(&param_names))
            .map(|(function, (params, param_names))| wasp_function {
                name: text(&function.name),
                params: first(params),
                param_count: params.len(),
                result: function.result as wasp_kind,
                declared: function.declared,
                param_names: first(param_names),
                docs: text(&function.docs),
            })
            .collect();
        Self { listed, _functions: functions, _params: params, _param_names: param_names }
    }

    /// Returns them as C takes them, valid as long as this.
    pub(crate) fn functions(&self) -> &[wasp_function] {
        &self.listed
    }
}
