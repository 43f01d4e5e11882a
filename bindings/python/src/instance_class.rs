//! The classes of instances: one for each plugin, whose methods are its functions.

use crate::call;
use crate::instance::Instance;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// The class of the instances of one plugin.
pub struct InstanceClass(Py<PyType>);

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
        Ok(Self(class.unbind()))
    }

    pub fn clone_ref(&self, py: Python<'_>) -> Self {
        Self(self.0.clone_ref(py))
    }

    /// Makes an instance one of this class, as assigning to `__class__` would, which takes ten times as long.
    pub fn adopt(self, instance: &Bound<'_, Instance>) {
        let object = instance.as_ptr();
        // SAFETY: nobody else has the instance yet, and both types are on the heap, so that an instance owns a reference to its
        // own. Python has found that their layouts are the same, in `new`.
        unsafe {
            let before = (*object).ob_type;
            (*object).ob_type = self.0.into_ptr().cast();
            ffi::Py_DECREF(before.cast());
        }
    }
}
