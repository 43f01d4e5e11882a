"""A small host under each condition that a host may set itself: plugins work, or there is an error that says why.

Each runs in a process of its own. docs/processes.md is what is promised.
"""

import subprocess
import sys
import textwrap

import pytest

GUEST = r"""
import ctypes, errno, faulthandler, os, resource, signal, struct, threading, wasp

GUEST = '''(module (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "allocate") (param $n i32) (result i32) (global.get $next)
      (global.set $next (i32.add (global.get $next) (local.get $n))))
    (func (export "same") (param i32) (result i32) (local.get 0))
    (func (export "grow") (result i32) (memory.grow (i32.const 3)))
    (func (export "bounds") (drop (i32.load (i32.const 1000000))))
    (func $deep (export "deep") (call $deep) (call $deep))
    (func (export "loop") (loop (br 0))))'''
libc = ctypes.CDLL(None, use_errno=True)


def try_all(compiler, timeout=0.1):
    engine = wasp.Engine(compiler=compiler, stdio="none")
    memory = 16 << 20 if timeout else None
    engine.register("it", GUEST.encode(), limits=wasp.Limits(timeout=timeout, memory_bytes=memory))
    for _ in range(3):
        with engine.instance("it") as it:
            assert it.call("same", "Grüße", returns=str) == "Grüße"
            assert it.call("grow", returns=int) == 1
            for fault in ["bounds", "deep"] + ["loop"] * (timeout is not None):
                try:
                    it.call(fault)
                    raise SystemExit(f"{fault} ended well")
                except wasp.Error as error:
                    assert error.kind == ("timeout" if fault == "loop" else "trap"), error
                it.reset()
                assert it.call("grow", returns=int) == 1


def works(timeout=0.1):
    try_all("cranelift", timeout)
    try_all("singlepass", timeout)


def fails(words, timeout=None):
    for compiler in ["cranelift", "singlepass"]:
        try:
            try_all(compiler, timeout)
            raise SystemExit("it works")
        except wasp.Error as error:
            assert error.kind == "resource" and words in str(error), error


def limit(what, to):
    resource.setrlimit(what, (to, resource.getrlimit(what)[1]))


def refuse(calls, error):
    # Refuses these system calls of x86-64 in all threads from now on.
    load, jump, answer = 0x20, 0x15, 0x06
    program = struct.pack("HBBI", load, 0, 0, 0)
    for call in calls:
        program += struct.pack("HBBI", jump, 0, 1, call) + struct.pack("HBBI", answer, 0, 0, 0x50000 | error)
    program += struct.pack("HBBI", answer, 0, 0, 0x7FFF0000)
    buffer = ctypes.create_string_buffer(program)
    filter = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer)))
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.syscall(317, 1, 1, filter) == 0, ctypes.get_errno()


def on_thread(body, stack=0):
    failures = []

    def run():
        try:
            body()
        except BaseException as error:
            failures.append(error)

    threading.stack_size(stack)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert not failures, failures
"""

CONDITIONS = {
    "nothing": "works()",
    "blocked signals": """
        signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
        works()
        on_thread(works)
    """,
    "faulthandler before": "faulthandler.enable(); works()",
    "faulthandler after": """
        works()
        faulthandler.enable()
        works()
    """,
    "closed streams": "os.close(0); os.close(1); os.close(2); works()",
    "small threads": "on_thread(works, 256 << 10)",
    "locked memory": "libc.mlockall(3); works()",
    "optional calls refused": "refuse([324, 98, 16, 302, 204, 24, 157], errno.EPERM); works()",
    "no threads": """
        works()
        wasp.Engine(compiler="cranelift")
        refuse([56, 435], errno.EAGAIN)
        fails("no thread to compile on")
    """,
    "no address space": "limit(resource.RLIMIT_AS, 4 << 30); fails('address space'); works()",
    "small files": "limit(resource.RLIMIT_FSIZE, 1000); fails('File too large')",
    "no descriptors": "limit(resource.RLIMIT_NOFILE, 3); fails('Too many open files')",
    "no executable memory": """
        if libc.prctl(65, 1, 0, 0, 0) == 0:
            fails("may not make memory executable")
    """,
    "forks": """
        works()
        stop = threading.Event()
        engine = wasp.Engine()
        engine.register("it", GUEST.encode())
        def busy():
            # Not registering: a child could then register none, and says so.
            while not stop.is_set():
                with engine.instance("it") as it:
                    it.call("same", "x" * 100, returns=str)
        threads = [threading.Thread(target=busy, daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()
        for _ in range(10):
            child = os.fork()
            if child == 0:
                signal.alarm(30)
                try:
                    try_all("cranelift")
                    os._exit(0)
                finally:
                    os._exit(1)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        for thread in threads:
            thread.join()
    """,
}


@pytest.mark.skipif(sys.platform != "linux", reason="the conditions are Linux's")
@pytest.mark.parametrize("condition", CONDITIONS)
def test_condition(condition):
    program = GUEST + textwrap.dedent(CONDITIONS[condition])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "panicked" not in done.stderr
