//! Ctrl-C while a guest runs in the main thread.
//!
//! Python runs its signal handlers between two steps of Python, and there is none while a guest runs. So a helper thread
//! looks every 20 ms whether the main thread is in a guest. If it is, the helper keeps a handler of SIGINT in front of
//! Python's, which counts, and when that has counted one, it interrupts the guest: the call returns, and Python sees to
//! its signal. What a guest did half-way can't be resumed, so that happens only where Python's own handler is set, which
//! raises. Another one may be content with a note: the call goes on, the handler runs when it returns, and only a second
//! Ctrl-C interrupts.
//!
//! A call pays for two plain stores: the main thread says where it is and asks nobody. What makes that safe is that the
//! helper announces itself before it looks, and that whoever takes away what it may have seen waits for it: [`retire`]
//! before an instance goes, [`check`] before the next call could be hit by an old Ctrl-C.

use crate::fork;
use pyo3::Python;
use pyo3::prelude::*;
use std::cell::Cell;
use std::ffi::c_void;
use std::mem::{self, MaybeUninit};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering, fence};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wasp_core::Interrupter;

/// How often the helper looks whether the main thread is in a guest.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// After so many polls of an idle main thread, the helper waits to be woken.
const IDLE_POLLS: u32 = 50;

/// What stops the guest that the main thread is in; null where it is in none. Only the main thread writes it.
static CURRENT: AtomicPtr<Interrupter> = AtomicPtr::new(ptr::null_mut());
/// Nobody looks: the helper waits to be woken, or there is none.
static UNWATCHED: AtomicBool = AtomicBool::new(true);
/// How often SIGINT came since the main thread last asked Python about signals.
static PENDING: AtomicU32 = AtomicU32::new(0);
/// The helper uses what it found in `CURRENT`.
static DELIVERING: AtomicBool = AtomicBool::new(false);

/// The helper of this process, made with its first call in the main thread. A fork leaves it behind.
static HELPER: AtomicPtr<Helper> = AtomicPtr::new(ptr::null_mut());

#[derive(Default)]
struct Helper {
    /// Held while it sees whether it has to go on looking.
    asleep: Mutex<()>,
    woken: Condvar,
    /// Held while `DELIVERING`.
    delivery: Mutex<()>,
}

/// As long as it lives, the main thread is in the guest that it was made for, or in none.
pub(crate) struct Watch {
    outer: *mut Interrupter,
}

/// The main thread enters the guest of `interrupter`; nothing happens on other threads. Look for signals first: those
/// that came before this are not noticed. Whoever frees the interrupter calls [`retire`] first.
#[inline]
pub(crate) fn watch(interrupter: &Interrupter) -> Option<Watch> {
    is_main_thread().then(|| Watch::new(ptr::from_ref(interrupter).cast_mut()))
}

/// The main thread leaves the guest for a while; nothing happens on other threads.
pub(crate) fn pause() -> Option<Watch> {
    is_main_thread().then(|| Watch::new(ptr::null_mut()))
}

/// Lets Python handle its signals, and raises what their handlers raise.
#[inline]
pub(crate) fn check(py: Python<'_>) -> PyResult<()> {
    if PENDING.load(Ordering::Relaxed) != 0 && is_main_thread() {
        handle_pending(py)
    } else {
        Ok(())
    }
}

#[cold]
fn handle_pending(py: Python<'_>) -> PyResult<()> {
    // First: what comes now is seen below or counted anew.
    PENDING.store(0, Ordering::SeqCst);
    wait_for_helper();
    py.check_signals()
}

/// The interrupter of an instance, which no call uses any more, is about to go.
pub(crate) fn retire() {
    wait_for_helper();
}

/// Afterwards the helper knows nothing of what this thread has overwritten before.
fn wait_for_helper() {
    // With the one in `deliver`: either it is seen to deliver, or it sees what was written.
    fence(Ordering::SeqCst);
    if DELIVERING.load(Ordering::SeqCst)
        && let Some(helper) = Helper::known()
    {
        drop(lock(&helper.delivery));
    }
}

/// Starts over: this process is a new child, and this its only thread.
pub(crate) fn reinit_after_fork() {
    // The parent's helper may have held its locks: the child makes one of its own.
    HELPER.store(ptr::null_mut(), Ordering::Relaxed);
    DELIVERING.store(false, Ordering::Relaxed);
    UNWATCHED.store(true, Ordering::Relaxed);
    // This is the main thread now, and it runs Python.
    CURRENT.store(ptr::null_mut(), Ordering::Relaxed);
    PENDING.store(0, Ordering::Relaxed);
}

impl Watch {
    #[inline]
    fn new(interrupter: *mut Interrupter) -> Self {
        let outer = CURRENT.load(Ordering::Relaxed);
        CURRENT.store(interrupter, Ordering::Release);
        // This may still say that somebody looks when nobody will: see `Helper::sleep`.
        if UNWATCHED.load(Ordering::Relaxed) && !interrupter.is_null() {
            Helper::wake();
        }
        Self { outer }
    }
}

impl Drop for Watch {
    #[inline]
    fn drop(&mut self) {
        CURRENT.store(self.outer, Ordering::Release);
    }
}

impl Helper {
    fn known() -> Option<&'static Self> {
        // SAFETY: null, or leaked below.
        unsafe { HELPER.load(Ordering::Acquire).as_ref() }
    }

    #[cold]
    fn wake() {
        // Before the guest runs: what comes right after is noticed.
        stand_in_front();
        match Self::known() {
            Some(helper) => {
                let _asleep = lock(&helper.asleep);
                UNWATCHED.store(false, Ordering::SeqCst);
                helper.woken.notify_one();
            }
            None => {
                // Only the main thread comes here, so there is no race for it.
                let helper: &'static Self = Box::leak(Box::default());
                HELPER.store(ptr::from_ref(helper).cast_mut(), Ordering::Release);
                UNWATCHED.store(false, Ordering::SeqCst);
                let thread = std::thread::Builder::new().name("wasp-signals".to_owned());
                // Without it, Ctrl-C waits for the guest.
                let _ = thread.spawn(|| helper.run());
            }
        }
    }

    fn run(&self) {
        let mut quiet = 0;
        // How many signals were found to be no reason to stop a guest.
        let mut passed_over = 0;
        loop {
            let pending = PENDING.load(Ordering::SeqCst);
            if in_guest() {
                quiet = 0;
                stand_in_front();
                if pending == 0 {
                    passed_over = 0;
                } else if pending > 1 || pending != passed_over && stops_at_once() {
                    self.deliver();
                } else {
                    passed_over = pending;
                }
            } else {
                quiet += 1;
            }
            if quiet > IDLE_POLLS {
                quiet = 0;
                self.sleep();
            } else {
                std::thread::sleep(POLL_INTERVAL);
            }
        }
    }

    fn deliver(&self) {
        let _delivery = lock(&self.delivery);
        DELIVERING.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if PENDING.load(Ordering::SeqCst) > 0 {
            // SAFETY: null, or of an instance that is in a call or was lately; while `DELIVERING`, `retire` keeps it.
            if let Some(interrupter) = unsafe { CURRENT.load(Ordering::SeqCst).as_ref() } {
                interrupter.interrupt();
            }
        }
        DELIVERING.store(false, Ordering::SeqCst);
    }

    fn sleep(&self) {
        UNWATCHED.store(true, Ordering::SeqCst);
        // The main thread enters a guest without a fence, and may have missed that. After this it is seen there.
        std::thread::sleep(POLL_INTERVAL);
        let mut asleep = lock(&self.asleep);
        if in_guest() {
            UNWATCHED.store(false, Ordering::SeqCst);
        }
        while UNWATCHED.load(Ordering::SeqCst) {
            asleep = self.woken.wait(asleep).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn in_guest() -> bool {
    !CURRENT.load(Ordering::SeqCst).is_null()
}

/// Whether the handler of SIGINT is Python's own, which raises. It takes the GIL, which the main thread doesn't have
/// while it is in a guest, so no lock may be held.
fn stops_at_once() -> bool {
    let ask = |py: Python<'_>| {
        let signal = py.import("signal")?;
        let handler = signal.call_method1("getsignal", (libc::SIGINT,))?;
        Ok::<_, PyErr>(handler.is(&signal.getattr("default_int_handler")?))
    };
    Python::try_attach(ask).is_some_and(|answer| answer.unwrap_or(true))
}

fn lock(mutex: &Mutex<()>) -> MutexGuard<'_, ()> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[inline]
fn is_main_thread() -> bool {
    thread_local! {
        // In which process it was asked last, and the answer.
        static KNOWN: Cell<(u64, bool)> = const { Cell::new((u64::MAX, false)) };
    }
    let process = fork::count();
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

/// Puts [`on_sigint`] in front of the handler of SIGINT, if there is one.
fn stand_in_front() {
    let ours = on_sigint as *const () as usize;
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
    // SAFETY: `on_sigint` is a handler with three arguments that only does what a handler may.
    unsafe { libc::sigaction(libc::SIGINT, &raw const action, ptr::null_mut()) };
}

/// Counts SIGINT, and hands it on.
extern "C" fn on_sigint(signal: i32, info: *mut libc::siginfo_t, context: *mut c_void) {
    PENDING.fetch_add(1, Ordering::SeqCst);
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
