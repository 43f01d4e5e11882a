//! Calls of the functions of Extism plugins, whose input and output are in blocks of the host's.

use crate::base::abi_names::HASKELL;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::slots::{self, Slots};
use crate::base::value::{Kind, Value};
use crate::pool::wasm_instance::WasmInstance;
use std::time::Duration;
use wasmer::Type;

impl WasmInstance {
    /// Calls the export at index `at`, one of Extism's, whose output can be [read](Self::extism_output) afterwards. Returns true if it
    /// ended by `proc_exit(0)`: that is success, but the instance must be reset.
    pub(crate) fn call_extism(
        &mut self,
        timeout: Option<Duration>,
        index: usize,
        input: &[u8],
    ) -> Result<bool> {
        self.begin_extism(input)?;
        let mut slots = Slots::default();
        let called = self.call_within(timeout, index, &[], Kind::None, &mut slots);
        let code =
            if self.has_result(index) { slots::raw(slots.first(), Type::I32) as i32 } else { 0 };
        match (called, self.extism_error()) {
            (Ok(()), None) if code == 0 => Ok(false),
            (Ok(()), None) => {
                let message = format!("it returned {code}, and set no error");
                Err(Error::new(ErrorKind::Guest, message))
            }
            (Ok(()), Some(text)) => Err(Error::new(ErrorKind::Guest, text)),
            (Err(error), None) if error.exit_code() == Some(0) => Ok(true),
            (Err(error), None) => Err(error),
            (Err(error), Some(text)) => Err(error.after(format_args!("; its error: {text:?}"))),
        }
    }

    /// Starts the runtime of Haskell, if the plugin has one.
    pub(super) fn start_haskell(&mut self) -> Result<()> {
        let plugin = self.plugin();
        let Some(index) = plugin.find_hidden(HASKELL) else { return Ok(()) };
        if plugin.exports[index].ty.params() != [Type::I32; 2] {
            return Ok(());
        }
        self.call(index, &[Value::I32(0); 2], Kind::None, &mut Slots::default())
            .map_err(|error| error.in_context(format_args!("its start-up {HASKELL:?}")))
    }
}
