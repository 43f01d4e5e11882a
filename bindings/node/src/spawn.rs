//! Tasks as JavaScript starts, answers and stops them.

use crate::frame::{self, Frame};
use crate::handle::{Handle, Held};
use crate::message::Done;
use crate::task::{AsyncTask, TaskHandle};
use crate::workers;
use napi::bindgen_prelude::FunctionCallContext;
use std::sync::Arc;
use wasp_core::{Error, ErrorKind};

/// Has a worker run `job`, whose guest may call back, and delivers what comes of it. Returns what JavaScript holds.
pub(crate) fn spawn(
    task: Arc<AsyncTask>,
    job: impl FnOnce() -> Result<Done, Error> + Send + 'static,
) -> Result<Handle<TaskHandle>, Error> {
    let handle = Handle(TaskHandle(Arc::clone(&task)));
    let started = workers::run(move || {
        if task.begin() {
            let outcome = frame::within(&Frame::OnWorker(Arc::clone(&task)), job);
            task.finish(outcome);
        }
    });
    started.map(|()| handle).map_err(|error| {
        Error::from_host(ErrorKind::Resource, format!("no thread to run on: {error}"))
    })
}

/// `answer(task, ticket, value)`: what a callback of a task gives.
pub(crate) fn answer(context: FunctionCallContext<'_>) -> napi::Result<()> {
    let handle: Held<'_, TaskHandle> = context.get(0)?;
    handle.0.answer(context.get(1)?, context.get(2)?);
    Ok(())
}

/// `stop(task)`
pub(crate) fn stop(context: FunctionCallContext<'_>) -> napi::Result<()> {
    context.get::<Held<'_, TaskHandle>>(0)?.0.stop();
    Ok(())
}
