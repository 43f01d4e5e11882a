//! The classes of instances: one for each plugin, whose methods are its functions.

use crate::call;
use crate::instance::Instance;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyType;
use std::ptr;
use wasp_core::Functions;

/// The class of the instances of one plugin.
pub struct InstanceClass {
    class: Py<PyType>,
    /// Those of its plugin, which are kept so that no other plugin's can come to lie where they are.
    functions: Functions,
}

impl InstanceClass {
    /// Makes the class of the plugin that this instance is of, and makes the instance one of it.
    pub fn new(instance: &Bound<'_, Instance>) -> PyResult<Self> {
        let py = instance.py();
        let class = py.import("wasp._function")?.getattr("instance_class")?.call1((instance,))?;
        let class = class.cast_into::<PyType>()?;
        // Python's shortest way to a method is for one of the object's own class.
        call::add_to(&class)?;
        // Python refuses it if the layouts differ.
        instance.setattr(intern!(py, "__class__"), &class)?;
        Ok(Self { class: class.unbind(), functions: instance.get().functions.clone() })
    }

    /// Returns the class if it is that of this instance's plugin: another one may have been registered under the name since.
    pub fn of(&self, instance: &Bound<'_, Instance>) -> Option<Py<PyType>> {
        let is_same = ptr::eq(&*self.functions, &*instance.get().functions);
        is_same.then(|| self.class.clone_ref(instance.py()))
    }

    /// Makes an instance one of a class that [`of`](Self::of) gave, as assigning to `__class__` would, which takes ten times as long.
    pub fn adopt(class: Py<PyType>, instance: &Bound<'_, Instance>) {
        let object = instance.as_ptr();
        // SAFETY: nobody else has the instance yet, and both types are on the heap, so that an instance owns a reference to its
        // own. Python has found that their layouts are the same, in `new`.
        unsafe {
            let before = (*object).ob_type;
            (*object).ob_type = class.into_ptr().cast();
            ffi::Py_DECREF(before.cast());
        }
    }
}
