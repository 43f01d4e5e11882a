//! System calls that fail, as under a host's seccomp filter. What is refused stays refused, so tests use it by `alone`.

/// A system call that a filter refuses.
#[derive(Clone, Copy)]
pub struct Refused {
    pub number: libc::c_long,
    /// Only with this value, in its lower half, as its argument of this index.
    pub argument: Option<(u32, u32)>,
    /// The error, or 0 to answer for the kernel that all is well.
    pub error: u32,
}

impl Refused {
    pub fn always(number: libc::c_long, error: i32) -> Self {
        Self { number, argument: None, error: error as u32 }
    }

    pub fn with(number: libc::c_long, index: u32, value: u32, error: i32) -> Self {
        Self { number, argument: Some((index, value)), error: error as u32 }
    }
}

/// Refuses `calls` in all threads of this process from now on.
pub fn refuse(calls: &[Refused]) {
    const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const JUMP: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut program = Vec::new();
    for refused in calls {
        let rest = if refused.argument.is_some() { 3 } else { 1 };
        program.push(step(LOAD, 0, 0, 0));
        program.push(step(JUMP, 0, rest, refused.number as u32));
        if let Some((index, value)) = refused.argument {
            program.push(step(LOAD, 0, 0, 16 + 8 * index));
            program.push(step(JUMP, 0, 1, value));
        }
        program.push(step(RETURN, 0, 0, libc::SECCOMP_RET_ERRNO | refused.error));
    }
    program.push(step(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW));
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the program and its description live as long as the call.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        let set = libc::SECCOMP_SET_MODE_FILTER;
        let all = libc::SECCOMP_FILTER_FLAG_TSYNC;
        assert_eq!(libc::syscall(libc::SYS_seccomp, set, all, &raw const filter), 0);
    }
}
