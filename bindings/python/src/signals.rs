//! Ctrl-C while a guest runs in the main thread.
//!
//! Python runs its signal handlers between two steps of Python, and there is none while a guest runs. So a helper thread
//! looks every 20 ms whether the main thread is in a guest. If it is, the helper puts a handler of SIGINT in front of
//! Python's, which takes a note, and when it finds that note, it interrupts the guest: the call returns, and Python sees
//! to its signal. A call costs two uncontended locks; one that is over before the helper looks, nothing more.

use crate::fork;
use pyo3::Python;
use std::cell::Cell;
use std::ffi::c_void;
use std::mem::{self, MaybeUninit};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wasp_core::Interrupter;

const LOOK: Duration = Duration::from_millis(20);
/// After so many looks at an idle main thread, the helper waits to be woken.
const PATIENCE: u32 = 50;

/// SIGINT came since the main thread last asked Python about signals.
static PENDING: AtomicBool = AtomicBool::new(false);

/// The helper of this process, made with its first call in the main thread. A fork leaves it behind.
static HELPER: AtomicPtr<Helper> = AtomicPtr::new(ptr::null_mut());

struct Helper {
    watched: Mutex<Watched>,
    woken: Condvar,
}

#[derive(Default)]
struct Watched {
    /// Stops the guest that the main thread is in.
    interrupter: Option<Interrupter>,
    /// Whether the helper waits to be woken.
    asleep: bool,
}

/// As long as it lives, the main thread is in the guest that it was made for, or in none.
pub(crate) struct Watch {
    helper: &'static Helper,
    outer: Option<Interrupter>,
}

/// The main thread enters the guest of `interrupter`; nothing happens on other threads. Look for signals first: those
/// that came before this are not noticed.
pub(crate) fn watch(interrupter: &Interrupter) -> Option<Watch> {
    is_main_thread().then(|| Watch::new(Some(interrupter.clone())))
}

/// The main thread leaves the guest for a while; nothing happens on other threads.
pub(crate) fn pause() -> Option<Watch> {
    is_main_thread().then(|| Watch::new(None))
}

/// Lets Python see to its signals, and raises what their handlers raise.
pub(crate) fn check(py: Python<'_>) -> pyo3::PyResult<()> {
    if PENDING.load(Ordering::Relaxed) && is_main_thread() {
        // First: what comes now is seen below or noted anew.
        PENDING.store(false, Ordering::SeqCst);
        return py.check_signals();
    }
    Ok(())
}

/// This process is a new child, and this its only thread.
pub(crate) fn forked() {
    // The parent's helper may have held its lock: the child makes one of its own.
    HELPER.store(ptr::null_mut(), Ordering::Relaxed);
}

impl Watch {
    fn new(interrupter: Option<Interrupter>) -> Self {
        let helper = Helper::get();
        let outer = helper.swap(interrupter);
        Self { helper, outer }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.helper.swap(self.outer.take());
    }
}

impl Helper {
    fn get() -> &'static Self {
        let known = HELPER.load(Ordering::Acquire);
        // SAFETY: null, or leaked below.
        if let Some(helper) = unsafe { known.as_ref() } {
            return helper;
        }
        // Only the main thread comes here, so there is no race for it.
        let helper: &'static Self =
            Box::leak(Box::new(Self { watched: Mutex::default(), woken: Condvar::new() }));
        HELPER.store(ptr::from_ref(helper).cast_mut(), Ordering::Release);
        let thread = std::thread::Builder::new().name("wasp-signals".to_owned());
        // Without it, Ctrl-C waits for the guest.
        let _ = thread.spawn(|| helper.run());
        helper
    }

    fn swap(&self, interrupter: Option<Interrupter>) -> Option<Interrupter> {
        let mut watched = self.lock();
        let before = mem::replace(&mut watched.interrupter, interrupter);
        if watched.asleep && watched.interrupter.is_some() {
            watched.asleep = false;
            self.woken.notify_one();
        }
        before
    }

    fn run(&self) {
        let mut watched = self.lock();
        let mut quiet = 0;
        loop {
            match &watched.interrupter {
                Some(interrupter) => {
                    quiet = 0;
                    stand_in_front();
                    if PENDING.load(Ordering::SeqCst) {
                        interrupter.interrupt();
                    }
                }
                None => quiet += 1,
            }
            watched = if quiet > PATIENCE {
                quiet = 0;
                watched.asleep = true;
                self.woken.wait(watched).unwrap_or_else(PoisonError::into_inner)
            } else {
                self.woken.wait_timeout(watched, LOOK).unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_main_thread() -> bool {
    thread_local! {
        // In which process it was asked last, and the answer.
        static KNOWN: Cell<(u64, bool)> = const { Cell::new((u64::MAX, false)) };
    }
    let process = fork::generation();
    let (asked, answer) = KNOWN.get();
    if asked == process {
        return answer;
    }
    #[cfg(target_os = "linux")]
    // SAFETY: neither has a condition.
    let answer = unsafe { libc::gettid() == libc::getpid() };
    #[cfg(not(target_os = "linux"))]
    // SAFETY: it has no condition.
    let answer = unsafe { libc::pthread_main_np() != 0 };
    KNOWN.set((process, answer));
    answer
}

/// The handler that was there before ours, and whether it takes three arguments.
static NEXT: AtomicUsize = AtomicUsize::new(0);
static NEXT_TAKES_INFO: AtomicBool = AtomicBool::new(false);

/// Puts [`note`] in front of the handler of SIGINT, if there is one.
fn stand_in_front() {
    let ours = note as *const () as usize;
    let mut now = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the call only asks, and zeros are a `sigaction` too.
    let mut action = unsafe {
        libc::sigaction(libc::SIGINT, ptr::null(), now.as_mut_ptr());
        now.assume_init()
    };
    let there = action.sa_sigaction;
    if there == ours || there == libc::SIG_DFL || there == libc::SIG_IGN {
        return;
    }
    NEXT.store(there, Ordering::Relaxed);
    NEXT_TAKES_INFO.store(action.sa_flags & libc::SA_SIGINFO != 0, Ordering::Relaxed);
    action.sa_sigaction = ours;
    action.sa_flags |= libc::SA_SIGINFO;
    // SAFETY: `note` is a handler with three arguments that only does what a handler may.
    unsafe { libc::sigaction(libc::SIGINT, &raw const action, ptr::null_mut()) };
}

/// Notes SIGINT, and hands it on.
extern "C" fn note(signal: i32, info: *mut libc::siginfo_t, context: *mut c_void) {
    PENDING.store(true, Ordering::SeqCst);
    let next = NEXT.load(Ordering::Relaxed);
    // SAFETY: the address was a handler with so many arguments, and not one of the two special values.
    unsafe {
        if NEXT_TAKES_INFO.load(Ordering::Relaxed) {
            let next: extern "C" fn(i32, *mut libc::siginfo_t, *mut c_void) = mem::transmute(next);
            next(signal, info, context);
        } else {
            let next: extern "C" fn(i32) = mem::transmute(next);
            next(signal);
        }
    }
}
