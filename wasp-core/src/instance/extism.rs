//! Calls of the functions of Extism plugins.

use crate::base::error::Result;
use crate::base::log::Level;
use crate::base::value::{Kind, Value};
use crate::instance::{Instance, in_context, log_call, log_failure, log_result, poisoned};
use crate::plugin::extism;
use std::time::Duration;

impl Instance {
    /// Calls the export at `index`, which has at most one argument and gives what it has set as its output: bytes, or as what the
    /// caller wants it.
    #[inline(never)]
    pub(super) fn call_extism(
        &mut self,
        timeout: Option<Duration>,
        index: usize,
        args: &[Value<'_>],
        result: Kind,
    ) -> Result<Value<'_>> {
        if self.exited {
            self.reset()?;
        }
        let plugin = &*self.lease.shard.plugin;
        let name = &plugin.exports[index].name;
        let context = |error| in_context(plugin, name, error);
        let input = extism::check_result(result).and_then(|()| extism::input(args));
        let input = input.map_err(context)?;
        if let Some(cause) = &self.poison {
            return Err(context(poisoned(cause)));
        }
        let log = &plugin.log;
        let started = log.enabled(Level::Debug).then(|| log_call(log, name, args));
        match self.lease.instance.call_extism(timeout, index, input) {
            Ok(false) => {}
            Ok(true) => {
                self.exited = true;
                self.poison = Some("it exited with code 0".to_owned());
            }
            Err(error) => {
                let name = name.clone();
                return Err(self.failed(&name, error));
            }
        }
        let value = self.lease.instance.extism_output(result).map_err(|error| {
            let error = context(error);
            log_failure(log, name, &error);
            error
        })?;
        if let Some(started) = started {
            log_result(log, name, value, started);
        }
        Ok(value)
    }
}
