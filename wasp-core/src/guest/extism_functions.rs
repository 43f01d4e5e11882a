//! The functions of `extism:host/env` that may fail, allocate, or call the host; and callbacks of plugins of Extism, to which strings,
//! bytes and JSON travel as offsets of blocks.

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::json;
use crate::base::log::{Level, Log};
use crate::base::slots;
use crate::base::text;
use crate::base::value::{Kind, Value};
use crate::base::visible::visible_line;
use crate::config::callback::{Answer, Callback};
use crate::extism::functions::{Function, MODULE};
use crate::extism::http::{self, Response};
use crate::extism::kernel::Kernel;
use crate::guest::guest_state::{Guest, abi};
use crate::vm::memory::Budget;
use crate::vm::turn::HostTurn;
use smallvec::SmallVec;
use wasmer_types::RawValue;

/// The levels of Extism's log: what a plugin calls them, what they are here, and their numbers there.
const LEVELS: [(Function, &str, Level, i32); 5] = [
    (Function::LogTrace, "trace", Level::Trace, 0),
    (Function::LogDebug, "debug", Level::Debug, 1),
    (Function::LogInfo, "info", Level::Info, 2),
    (Function::LogWarn, "warn", Level::Info, 3),
    (Function::LogError, "error", Level::Error, 4),
];

impl Guest {
    /// Begins a call of a function of an Extism plugin, with its input.
    ///
    /// # Errors
    /// [`ErrorKind::Resource`] if there is no memory for it.
    pub(crate) fn begin_extism(&self, input: &[u8], turn: &mut HostTurn) -> Result<()> {
        let budget = self.budget();
        let kernel = self.kernel_mut(turn).ok_or_else(no_kernel)?;
        if kernel.begin(input, |pages| take(budget, pages)) {
            return Ok(());
        }
        let (length, limit) = (input.len(), self.plugin.limits.memory_bytes);
        let message =
            format!("no memory for an input of {length} bytes, with a limit of {limit} bytes");
        Err(Error::new(ErrorKind::Resource, message))
    }

    /// Returns the output of the last call of a function of an Extism plugin, as one of `kind`.
    ///
    /// # Errors
    /// [`ErrorKind::Abi`] if it is none.
    pub(crate) fn extism_output<'a>(&'a self, kind: Kind, turn: &'a HostTurn) -> Result<Value<'a>> {
        let kernel = self.kernel(turn).ok_or_else(no_kernel)?;
        let output = kernel.output().ok_or_else(|| {
            let (offset, length) = (kernel.output.offset, kernel.output.length);
            abi(format!("its output of {length} bytes at {offset:#x} is in no block any more"))
        })?;
        as_kind(output, kind, "its output")
    }

    /// Runs a function of `extism:host/env`, with its arguments in `slots` and its result there afterwards.
    pub(super) fn call_extism(
        &self,
        function: Function,
        slots: &mut [RawValue],
        turn: &mut HostTurn,
    ) -> Result<()> {
        let budget = self.budget();
        let grow = |pages| take(budget, pages);
        let config = self.plugin.extism.as_ref();
        let log = &self.plugin.log;
        let kernel = self.kernel_mut(turn).ok_or_else(no_kernel)?;
        let arg = |index: usize| slots.get(index).map_or(0, offset);
        let first = arg(0);
        let result = match function {
            Function::Alloc => kernel.blocks.allocate(first, grow),
            Function::Free => {
                kernel.free(first);
                return Ok(());
            }
            Function::Reset => {
                kernel.clear();
                return Ok(());
            }
            Function::ConfigGet => {
                let key = text_of(kernel, first, function, "key")?;
                let value = config.and_then(|extism| extism.config.get(key));
                kernel.free(first);
                value.map_or(0, |value| kernel.blocks.allocate_with(value.as_bytes(), grow))
            }
            Function::VarGet => {
                let key = text_of(kernel, first, function, "key")?.to_owned();
                kernel.free(first);
                let Kernel { blocks, variables, .. } = kernel;
                variables.get(&key).map_or(0, |value| blocks.allocate_with(value, grow))
            }
            Function::VarSet => return set_variable(kernel, first, arg(1)),
            Function::GetLogLevel => {
                slots[0].i32 = log_level(log);
                return Ok(());
            }
            Function::HttpRequest => return Err(refuse_http(kernel, first)),
            Function::HttpStatusCode => {
                slots[0].i32 = kernel.http_status.into();
                return Ok(());
            }
            Function::HttpHeaders => {
                let Kernel { blocks, http_headers, .. } = kernel;
                blocks.allocate_with(http_headers.as_bytes(), grow)
            }
            other => return write_log(kernel, other, first, &self.plugin.name, log),
        };
        slots[0].u64 = result;
        Ok(())
    }

    /// Has `callback` make the HTTP request that the guest asks for.
    pub(super) fn request_http(
        &self,
        callback: &Callback,
        slots: &mut [RawValue],
        turn: &mut HostTurn,
    ) -> Result<()> {
        let [request, body] = [0, 1].map(|at| offset(&slots[at]));
        let kernel = self.kernel(turn).ok_or_else(no_kernel)?;
        let text = text_of(kernel, request, Function::HttpRequest, "request")?;
        let data = data_of(kernel, body, Function::HttpRequest, "body")?;
        let as_text = if callback.params[0] == Kind::Json { Value::Json } else { Value::String };
        let answer = callback.answer(&[as_text(text), Value::Bytes(data)], self, NOTHING)?;
        let response =
            Response::read(answer.value()).map_err(|what| callback.refuse_answer(what))?;
        let budget = self.budget();
        let kernel = self.kernel_mut(turn).ok_or_else(no_kernel)?;
        kernel.free(request);
        kernel.free(body);
        kernel.note_response(&response);
        slots[0].u64 = place(kernel, &response.body, budget, callback)?;
        Ok(())
    }

    /// Calls a callback of the Config, whose strings and bytes are in blocks.
    pub(super) fn call_with_blocks(
        &self,
        callback: &Callback,
        slots: &mut [RawValue],
        turn: &mut HostTurn,
    ) -> Result<()> {
        let kernel = self.kernel(turn).ok_or_else(no_kernel)?;
        let mut args: SmallVec<[Value<'_>; 8]> = SmallVec::new();
        for (index, (slot, kind)) in slots.iter().zip(&*callback.params).enumerate() {
            let mut arg = Value::None;
            if kind.is_block() {
                let offset = offset(slot);
                let what = format_args!("argument {}", index + 1);
                let data = kernel.blocks.data(offset).ok_or_else(|| {
                    abi(format!("{callback}: {what} is offset {offset:#x}, where no block is"))
                })?;
                arg = as_kind(data, *kind, what).map_err(|error| error.in_context(callback))?;
            } else {
                slots::read(slot, *kind, &mut arg);
            }
            args.push(arg);
        }
        let mut answer = callback.answer(&args, self, NOTHING)?;
        drop(args);
        if !callback.result.is_block() {
            let Some(ty) = slots::wasm_type(callback.result) else { return Ok(()) };
            let (value, kind) = (answer.value(), callback.result);
            return self
                .lower(&value, kind, ty, &mut slots[0], turn)
                .map_err(|error| callback.refuse(error));
        }
        let given = answer.kind();
        let data = encoded(&mut answer, callback.result)
            .ok_or_else(|| callback.refuse_answer(format!("{given} is not {}", callback.result)))?;
        let budget = self.budget();
        let kernel = self.kernel_mut(turn).ok_or_else(no_kernel)?;
        slots[0].u64 = place(kernel, data, budget, callback)?;
        Ok(())
    }
}

/// That nothing of guest memory is lent to a callback.
const NOTHING: std::ops::Range<*const u8> = std::ptr::null()..std::ptr::null();

fn take(budget: Option<&Budget>, pages: u64) -> bool {
    budget.is_some_and(|budget| budget.take_or_refuse(pages))
}

fn offset(slot: &RawValue) -> u64 {
    slots::raw(slot, wasmer::Type::I64)
}

#[cold]
fn no_kernel() -> Error {
    Error::new(ErrorKind::Internal, "the plugin is none of Extism")
}

fn name(function: Function) -> String {
    format!("host function {MODULE:?}.{:?}", function.name())
}

/// Returns what is in the block at `offset`, which `function` was given as its `what`.
fn data_of<'a>(
    kernel: &'a Kernel,
    offset: u64,
    function: Function,
    what: &str,
) -> Result<&'a [u8]> {
    kernel.blocks.data(offset).ok_or_else(|| {
        let name = name(function);
        abi(format!("{name}: its {what} is offset {offset:#x}, where no block is"))
    })
}

/// The same where it is text.
fn text_of<'a>(kernel: &'a Kernel, offset: u64, function: Function, what: &str) -> Result<&'a str> {
    let data = data_of(kernel, offset, function, what)?;
    text::utf8(data).map_err(|_| abi(format!("{}: its {what} is not UTF-8", name(function))))
}

/// Returns the bytes of a block as a value of `kind`: bytes where any would do.
fn as_kind(data: &[u8], kind: Kind, what: impl std::fmt::Display) -> Result<Value<'_>> {
    let text = || text::utf8(data).map_err(|_| abi(format!("{what} is not UTF-8")));
    match kind {
        Kind::String => text().map(Value::String),
        Kind::Json => text().map(Value::Json),
        Kind::None => Ok(Value::None),
        _ => Ok(Value::Bytes(data)),
    }
}

/// Returns the bytes of an answer that is of `kind`, or becomes it; none where it can't.
fn encoded(answer: &mut Answer, kind: Kind) -> Option<&[u8]> {
    if kind == Kind::Json && !matches!(answer, Answer::Json(_)) {
        *answer = Answer::Json(json::encode(answer.value())?);
    }
    match (answer, kind) {
        (Answer::Text(text), Kind::String) | (Answer::Json(text), Kind::Json) => {
            Some(text.as_bytes())
        }
        (Answer::Data(data), Kind::Bytes) => Some(data),
        _ => None,
    }
}

/// Puts what a callback answered into a block.
fn place(
    kernel: &mut Kernel,
    data: &[u8],
    budget: Option<&Budget>,
    callback: &Callback,
) -> Result<u64> {
    let offset = kernel.blocks.allocate_with(data, |pages| take(budget, pages));
    if offset == 0 && !data.is_empty() {
        let message = format!("{} bytes, for which it has no memory", data.len());
        return Err(callback.refuse(Error::new(ErrorKind::Resource, message)));
    }
    Ok(offset)
}

fn set_variable(kernel: &mut Kernel, key: u64, value: u64) -> Result<()> {
    let name = text_of(kernel, key, Function::VarSet, "key")?.to_owned();
    if value == 0 {
        kernel.variables.remove(&name);
    } else {
        data_of(kernel, value, Function::VarSet, "value")?;
        let Kernel { blocks, variables, .. } = kernel;
        let data = blocks.data(value).unwrap_or_default();
        variables.set(&name, data).map_err(|most| {
            let (function, length) = (self::name(Function::VarSet), data.len());
            let message = format!(
                "{function}: no room for {length} bytes as {name:?}: the variables of an instance have {most} bytes at most"
            );
            Error::new(ErrorKind::Resource, message)
        })?;
        kernel.free(value);
    }
    kernel.free(key);
    Ok(())
}

/// The error for an HTTP request that no callback makes.
#[cold]
fn refuse_http(kernel: &Kernel, request: u64) -> Error {
    let url = text_of(kernel, request, Function::HttpRequest, "request").map(http::url);
    match url {
        Err(error) => error,
        Ok(url) => {
            let (url, function) = (url.unwrap_or_default(), name(Function::HttpRequest));
            let message =
                format!("{function}: HTTP request to {url:?} is not allowed: no callback makes it");
            Error::new(ErrorKind::Callback, message)
        }
    }
}

/// Returns the number of the least important level that the log takes, as Extism has it.
fn log_level(log: &Log) -> i32 {
    let enabled = LEVELS.iter().find(|(_, _, level, _)| log.enabled(*level));
    enabled.map_or(i32::MAX, |(.., number)| *number)
}

fn write_log(
    kernel: &mut Kernel,
    function: Function,
    text: u64,
    plugin: &str,
    log: &Log,
) -> Result<()> {
    let Some((_, name, level, _)) = LEVELS.iter().find(|(known, ..)| *known == function) else {
        let message = format!("{} has no code", self::name(function));
        return Err(Error::new(ErrorKind::Internal, message));
    };
    if log.enabled(*level) {
        let data = data_of(kernel, text, function, "text")?;
        let text = String::from_utf8_lossy(data);
        let text = visible_line(&text);
        log.write(
            *level,
            "Plugin log",
            &[("plugin", &plugin), ("level", name), ("message", &text)],
        );
    }
    kernel.free(text);
    Ok(())
}
