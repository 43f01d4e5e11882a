//! Log lines, kept until `index.js` takes them: plugins may run where no JavaScript can.

use napi::Env;
use napi::bindgen_prelude::Object;
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

    pub(crate) fn take<'env>(&self, env: &'env Env) -> napi::Result<Vec<Object<'env>>> {
        let lines = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let record = |line: Line| {
            let mut fields = Object::new(env)?;
            for (name, value) in &line.fields {
                fields.set(name, value.as_str())?;
            }
            let mut record = Object::new(env)?;
            record.set("level", name(line.level))?;
            record.set("message", line.message)?;
            record.set("fields", fields)?;
            Ok(record)
        };
        lines.into_iter().map(record).collect()
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
