//! A host that installs signal handlers after wasp did: a guest's trap is an error all the same.

use crate::alone::alone;
use wasp_core::ErrorKind::Trap;
use wasp_core::{Compiler, Config, Engine, Kind, Options, claim_signals};

extern "C" fn crash(_: i32) {
    // SAFETY: ends the process at once, as a crash reporter does.
    unsafe { libc::_exit(3) }
}

#[test]
fn handlers_that_came_later_do_not_get_a_guests_traps() {
    alone("signals::handlers_that_came_later");
}

#[test]
#[ignore = "its handlers end the process: run by handlers_that_came_later_do_not_get_a_guests_traps"]
fn handlers_that_came_later() {
    for compiler in [Compiler::Cranelift, Compiler::Singlepass] {
        let mut options = Options::default();
        options.compiler = compiler;
        let engine = Engine::with_options(options);
        let wat = br#"(module (memory (export "memory") 1)
            (func (export "unreachable") unreachable)
            (func (export "bounds") (drop (i32.load (i32.const -1))))
            (func (export "zero") (param i32) (drop (i32.div_u (i32.const 1) (local.get 0)))))"#;
        engine.register("p", wat, &Config::new()).unwrap();
        let mut p = engine.instance("p", None).unwrap();
        for _ in 0..2 {
            for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE] {
                // SAFETY: the handler does nothing but end the process.
                unsafe { libc::signal(signal, crash as *const () as libc::sighandler_t) };
            }
            claim_signals();
            for (name, args) in [("unreachable", &[][..]), ("bounds", &[]), ("zero", &[0.into()])] {
                assert_eq!(p.call(name, args, Kind::None).unwrap_err().kind(), Trap);
                p.reset().unwrap();
            }
        }
    }
}
