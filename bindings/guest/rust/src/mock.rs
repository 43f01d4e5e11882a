//! What a function of the host answers in a native test.

use std::cell::RefCell;

/// The mock of a function, in one thread.
pub struct Mock<F: ?Sized> {
    answer: RefCell<Option<Box<F>>>,
    /// What a call says that finds none.
    missing: &'static str,
}

impl<F: ?Sized> Mock<F> {
    /// Returns that of a function that has none yet.
    pub const fn new(missing: &'static str) -> Self {
        Self { answer: RefCell::new(None), missing }
    }

    /// Has the function answer so.
    pub fn set(&self, answer: Box<F>) {
        *self.answer.borrow_mut() = Some(answer);
    }

    /// Calls it.
    pub fn call<R>(&self, call: impl FnOnce(&mut F) -> R) -> R {
        match self.answer.try_borrow_mut() {
            Ok(mut answer) => {
                call(answer.as_deref_mut().unwrap_or_else(|| panic!("{}", self.missing)))
            }
            Err(_) => panic!("a mock calls the function that it stands for"),
        }
    }
}
