//! The memory of an instance, for plugins whose functions take and give addresses.

use crate::failure::{Outcome, Plain};
use crate::handle::Held;
use crate::owned::InstanceHandle;
use crate::task::TaskHandle;
use crate::to_js::OwnedValue;
use crate::value::JsArg;
use napi::ValueType;
use napi::bindgen_prelude::{FunctionCallContext, Unknown};
use wasp_core::{Caller, Error, ErrorKind, Instance, LentCaller, Value};

/// Runs one of two: in a callback of the instance's own the first, else the second. The arguments begin with the instance, or the number
/// of a caller, and the handle of the task that it runs in, or nothing.
fn within<R>(
    context: &FunctionCallContext<'_>,
    in_callback: impl FnOnce(&mut Caller<'_>) -> Result<R, Error>,
    else_in: impl FnOnce(&mut Instance) -> Result<R, Error>,
) -> napi::Result<Result<R, Error>> {
    let task: Unknown<'_> = context.get(1)?;
    if task.get_type()? == ValueType::External {
        let task: Held<'_, TaskHandle> = context.get(1)?;
        return Ok(task.0.caller.with(in_callback).unwrap_or_else(|| Err(Error::instance_busy())));
    }
    let owner: Unknown<'_> = context.get(0)?;
    if owner.get_type()? == ValueType::Number {
        let number: f64 = context.get(0)?;
        let over = || Err(Error::from_host(ErrorKind::Invalid, "the callback is over"));
        return Ok(LentCaller::numbered(number as u64, in_callback).unwrap_or_else(over));
    }
    let owned: Held<'_, InstanceHandle> = context.get(0)?;
    let interrupter = owned.interrupter.borrow();
    let lent = interrupter.as_ref().map(|interrupter| LentCaller::of(interrupter, in_callback));
    Ok(lent.flatten().unwrap_or_else(|| owned.enter(else_in)))
}

/// `memorySize(instance, task)`
pub(crate) fn size(context: FunctionCallContext<'_>) -> napi::Result<Outcome<f64>> {
    let size =
        within(&context, |caller| Ok(caller.memory_size()), |instance| Ok(instance.memory_size()))?;
    Ok(Outcome(size.map(|size| size as f64)))
}

/// `memoryUsed(instance)`
pub(crate) fn used(context: FunctionCallContext<'_>) -> napi::Result<Outcome<f64>> {
    let owner: Unknown<'_> = context.get(0)?;
    if owner.get_type()? != ValueType::External {
        return Ok(Outcome(Err(Error::instance_busy())));
    }
    let owned: Held<'_, InstanceHandle> = context.get(0)?;
    Ok(Outcome(owned.enter(|instance| Ok(instance.memory_used() as f64))))
}

/// `callerNumber()`: of the callback that runs on this thread, 0 if none does.
pub(crate) fn caller_number(_: FunctionCallContext<'_>) -> napi::Result<f64> {
    Ok(LentCaller::innermost().unwrap_or_default() as f64)
}

/// `callerPlugin(number, task)`
pub(crate) fn caller_plugin(context: FunctionCallContext<'_>) -> napi::Result<String> {
    let name = |caller: &mut Caller<'_>| Ok(caller.plugin().to_owned());
    let task: Unknown<'_> = context.get(1)?;
    let found: Option<Result<String, Error>> = if task.get_type()? == ValueType::External {
        let task: Held<'_, TaskHandle> = context.get(1)?;
        task.0.caller.with(name)
    } else {
        let number: f64 = context.get(0)?;
        LentCaller::numbered(number as u64, name)
    };
    Ok(found.and_then(Result::ok).unwrap_or_default())
}

/// `readMemory(instance, task, address, length)`
pub(crate) fn read(context: FunctionCallContext<'_>) -> napi::Result<Outcome<OwnedValue>> {
    let (address, length): (u32, f64) = (context.get(2)?, context.get(3)?);
    let length = length as usize;
    let bytes = within(
        &context,
        |caller| caller.read(address, length),
        |instance| instance.read(address, length),
    )?;
    Ok(Outcome(bytes.map(|bytes| OwnedValue::new(Value::Bytes(&bytes)))))
}

/// `writeMemory(instance, task, address, data)`
pub(crate) fn write(context: FunctionCallContext<'_>) -> napi::Result<Plain> {
    let (address, data): (u32, JsArg<'static>) = (context.get(2)?, context.get(3)?);
    let JsArg::Bytes(data) = data else {
        let message = "the data is a Buffer, a typed array, a DataView or an ArrayBuffer";
        return Ok(Outcome(Err(Error::from_host(ErrorKind::Invalid, message))));
    };
    Ok(Outcome::new(within(
        &context,
        |caller| caller.write(address, &data),
        |instance| instance.write(address, &data),
    )?))
}
