//! Limits of the test's own process. They stay, so tests use them by `alone`.

/// Limits this process to so much of `what`, one of the RLIMIT constants.
#[track_caller]
pub fn limit(what: libc::__rlimit_resource_t, to: u64) {
    let limit = libc::rlimit { rlim_cur: to, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: a limit of this process.
    assert_eq!(unsafe { libc::setrlimit(what, &raw const limit) }, 0);
}
