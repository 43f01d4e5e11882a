//! How a worker waits for JavaScript's answer to a callback: one at a time.

use crate::value::JsArg;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The place where a worker waits, and JavaScript's thread leaves the answer.
#[derive(Default)]
pub(crate) struct Wait {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Tells a late answer from the one that is waited for.
    ticket: u32,
    step: Step,
}

#[derive(Default)]
enum Step {
    #[default]
    Idle,
    Waiting,
    Answered(JsArg<'static>),
    Stopped,
}

/// What came of waiting.
pub(crate) enum Waited {
    Answer(JsArg<'static>),
    Stopped,
    TooLong,
}

impl Wait {
    pub(crate) fn open(&self) -> u32 {
        let mut state = self.lock();
        state.ticket = state.ticket.wrapping_add(1);
        state.step = Step::Waiting;
        state.ticket
    }

    pub(crate) fn answer(&self, ticket: u32, answer: JsArg<'static>) {
        let mut state = self.lock();
        if state.ticket == ticket && matches!(state.step, Step::Waiting) {
            state.step = Step::Answered(answer);
            self.changed.notify_all();
        }
    }

    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        if matches!(state.step, Step::Waiting) {
            state.step = Step::Stopped;
            self.changed.notify_all();
        }
    }

    pub(crate) fn take(&self, limit: Option<Duration>) -> Waited {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut state = self.lock();
        loop {
            match std::mem::take(&mut state.step) {
                Step::Answered(answer) => return Waited::Answer(answer),
                Step::Stopped | Step::Idle => return Waited::Stopped,
                Step::Waiting => state.step = Step::Waiting,
            }
            state = match deadline {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        state.step = Step::Idle;
                        return Waited::TooLong;
                    }
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
