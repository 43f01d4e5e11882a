//! Calls of a script's functions (section 7 of the guest ABI).

use crate::base::error::Result;
use crate::base::json;
use crate::base::log::Level;
use crate::base::value::{Kind, Value};
use crate::instance::{Instance, in_context, log_call, log_failure, log_result, misfit, poisoned};
use std::sync::Arc;
use std::time::Duration;

impl Instance {
    /// Calls the function `index` of its script. What it answers is of the kind that it declares, if it declares one, and then of
    /// the one that the caller wants, where nothing is lost.
    #[inline(never)]
    pub(super) fn call_script(
        &mut self,
        timeout: Option<Duration>,
        index: usize,
        args: &[Value<'_>],
        result: Kind,
    ) -> Result<Value<'_>> {
        let plugin = Arc::clone(&self.lease.shard.plugin);
        let function = &plugin.functions()[index];
        let context = |error| in_context(&plugin, &function.name, error);
        if let Some(cause) = &self.poison {
            return Err(context(poisoned(cause)));
        }
        let log = &plugin.log;
        let started = log.enabled(Level::Debug).then(|| log_call(log, &function.name, args));
        if let Err(error) = self.lease.instance.invoke(timeout, index, args) {
            return Err(self.failed(&function.name, error));
        }
        let answer = self.lease.instance.invoked().map_err(|error| {
            let error = context(error);
            log_failure(log, &function.name, &error);
            error
        })?;
        let declared = match function.result {
            // Python's `-> None`, or no word about a result: whatever comes back, if anything.
            Kind::None => Kind::Any,
            kind => kind,
        };
        // JSON stays what it is, so this makes at most one of the two.
        let room = &mut self.json;
        let value = if declared == Kind::Json || result == Kind::Json {
            json::convert(answer, Kind::Json, room)
        } else {
            json::convert(answer, declared, room)
        };
        let fits =
            |value: &Value<'_>| matches!(result, Kind::Any | Kind::Json) || value.kind() == result;
        let value = match value {
            Some(value) if fits(&value) => Some(value),
            Some(value) => json::number(value, result)
                .or_else(|| (result == Kind::None).then_some(Value::None)),
            None => None,
        };
        let value = value.ok_or_else(|| {
            let wanted = if result == Kind::Any { declared } else { result };
            context(misfit(answer, wanted))
        })?;
        if let Some(started) = started {
            log_result(log, &function.name, value, started);
        }
        Ok(value)
    }
}
