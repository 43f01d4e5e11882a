//! Log lines, kept until `lib/engine.js` takes them: plugins may run where no JavaScript can.

use napi::bindgen_prelude::{Object, ToNapiValue};
use napi::{Env, sys};
use std::sync::{Arc, Mutex, PoisonError};
use wasp_core::{Level, Log};

/// The lines of one engine that its logger has not heard yet.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<Line>>>);

struct Line {
    level: Level,
    message: String,
    fields: Vec<(String, String)>,
}

impl Lines {
    pub(crate) fn log(&self, level: Level) -> Log {
        let lines = self.clone();
        Log::new(level, move |record| {
            let field = |(name, value): &(&str, &dyn std::fmt::Display)| {
                ((*name).to_owned(), value.to_string())
            };
            let line = Line {
                level: record.level,
                message: record.message.to_owned(),
                fields: record.fields.iter().map(field).collect(),
            };
            lines.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        })
    }

    pub(crate) fn take(&self) -> Records {
        Records(std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Lines for JavaScript.
pub(crate) struct Records(Vec<Line>);

impl ToNapiValue for Records {
    unsafe fn to_napi_value(env: sys::napi_env, records: Self) -> napi::Result<sys::napi_value> {
        let scope = Env::from_raw(env);
        let record = |line: Line| {
            let mut fields = Object::new(&scope)?;
            for (name, value) in &line.fields {
                fields.set(name, value.as_str())?;
            }
            let mut record = Object::new(&scope)?;
            record.set("level", name(line.level))?;
            record.set("message", line.message)?;
            record.set("fields", fields)?;
            Ok(record)
        };
        let list: Vec<Object<'_>> =
            records.0.into_iter().map(record).collect::<napi::Result<_>>()?;
        // SAFETY: `env` and its values are of the call that runs, as this function asks.
        unsafe { ToNapiValue::to_napi_value(env, list) }
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    }
}

/// The level of that name.
pub(crate) fn level(name: &str) -> Option<Level> {
    [Level::Error, Level::Info, Level::Debug, Level::Trace]
        .into_iter()
        .find(|level| self::name(*level) == name)
}
