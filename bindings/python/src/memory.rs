//! The memory of an instance, for plugins whose functions take and give addresses.

use crate::buffer::Buffer;
use crate::error;
use crate::instance::{Instance, closed};
use crate::lease::Lease;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};
use wasp_core::{Error, ErrorKind, LentCaller};

/// The memory of an instance, for plugins whose functions take and give addresses. Copies what is read and written.
#[pyclass(module = "wasp", frozen)]
pub struct Memory(Owner);

/// Whose memory it is.
enum Owner {
    Instance(Py<Instance>),
    Caller(Lease),
}

/// Gives `ty`, which is that of [`Instance`], its property `memory`.
pub(crate) fn add_to(ty: &Bound<'_, PyType>) -> PyResult<()> {
    let py = ty.py();
    let doc = "Its memory, for plugins whose functions take and give addresses.";
    let (get, none) = (py.get_type::<Memory>(), py.None());
    let property = py.import("builtins")?.getattr("property")?.call1((get, &none, &none, doc))?;
    ty.setattr("memory", property)
}

impl Memory {
    /// That of the caller of a callback.
    pub(crate) fn of_caller(lease: Lease) -> Self {
        Self(Owner::Caller(lease))
    }

    /// Runs one of two: in a callback of the instance's own the first, else the second.
    fn with<R>(
        &self,
        py: Python<'_>,
        in_callback: impl FnOnce(&mut wasp_core::Caller<'_>) -> Result<R, Error>,
        else_in: impl FnOnce(&mut wasp_core::Instance) -> Result<R, Error>,
    ) -> PyResult<R> {
        // One of the two runs.
        let outcome = match &self.0 {
            Owner::Caller(lease) => lease.with(in_callback),
            Owner::Instance(instance) => {
                let instance = instance.get();
                match LentCaller::of(&instance.interrupter, in_callback) {
                    Some(outcome) => outcome,
                    None => else_in(instance.lock(py)?.as_mut().ok_or_else(|| closed(py))?),
                }
            }
        };
        outcome.map_err(|error| error::raise(py, &error))
    }
}

#[pymethods]
impl Memory {
    /// That of an instance; Instance.memory is the same.
    #[new]
    #[pyo3(signature = (instance, /))]
    fn new(instance: Py<Instance>) -> Self {
        Self(Owner::Instance(instance))
    }

    /// Returns a copy of length bytes from address on. An address is an int from 0 on, or what a plugin gives as an i32.
    ///
    /// Raises Error of kind "invalid" if they are not in the memory, and "busy" while a call runs elsewhere; in a callback of the
    /// instance's own it works.
    #[pyo3(signature = (address, length, /))]
    fn read<'py>(
        &self,
        py: Python<'py>,
        address: i64,
        length: i64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let address = place(py, address)?;
        let length = usize::try_from(length).map_err(|_| {
            error::new(
                py,
                ErrorKind::Invalid,
                &format!("the length is {length}, less than nothing"),
            )
        })?;
        let bytes = self.with(
            py,
            |caller| caller.read(address, length),
            |instance| instance.read(address, length),
        )?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Copies data, anything with contiguous bytes, to address.
    ///
    /// Raises Error as read does, and of kind "invalid" in a callback, where a str or bytes that it was given came from.
    #[pyo3(signature = (address, data, /))]
    fn write(&self, py: Python<'_>, address: i64, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let address = place(py, address)?;
        let buffer = Buffer::of(data)?;
        // SAFETY: the bytes are out of use before the buffer is dropped.
        let data = unsafe { buffer.bytes() };
        self.with(
            py,
            |caller| caller.write(address, data),
            |instance| instance.write(address, data),
        )
    }

    /// How many of its bytes are its own: those of the pages that it has written to, whereas all others are shared with the
    /// plugin's snapshot. All of them where the kernel can't say, as before Linux 6.7.
    ///
    /// Raises Error of kind "busy" while a call runs.
    #[getter]
    fn used(&self, py: Python<'_>) -> PyResult<usize> {
        let Owner::Instance(instance) = &self.0 else {
            return Err(error::raise(py, &Error::instance_busy()));
        };
        let guard = instance.get().lock(py)?;
        guard.as_ref().map(wasp_core::Instance::memory_used).ok_or_else(|| closed(py))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let size = self.__len__(py).map_or_else(|_| "?".to_owned(), |size| size.to_string());
        let plugin = match &self.0 {
            Owner::Instance(instance) => instance.get().functions.plugin(),
            Owner::Caller(lease) => lease.plugin(),
        };
        format!("<wasp.Memory of {plugin:?}, {size} bytes>")
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.with(py, |caller| Ok(caller.memory_size()), |instance| Ok(instance.memory_size()))
    }
}

/// Returns an address, which plugins give as an i32 with a sign.
fn place(py: Python<'_>, address: i64) -> PyResult<u32> {
    let unsigned = u32::try_from(address).ok();
    let signed = || i32::try_from(address).ok().map(i32::cast_unsigned);
    unsigned.or_else(signed).ok_or_else(|| {
        let message = format!("{address} is no address: these have 32 bits");
        error::new(py, ErrorKind::Invalid, &message)
    })
}
