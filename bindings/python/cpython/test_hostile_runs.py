"""What programs try that others wrote, in CPython. After each the next sandbox is right."""

from dataclasses import replace

import pytest

import wasp

LIMITS = wasp.Limits(output_bytes="100 kB", tool_calls=100)


@pytest.fixture(scope="module")
def runtime():
    return wasp.runtime("python", setup="import numpy, random, uuid", limits=wasp.Limits(timeout=60.0))


def lookup(name):
    return {"name": name}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        # 6, 7: frames, format, AttributeError.obj and except* show what is the guest's.
        (
            "import sys\nf, names = sys._getframe(), []\nwhile f:\n    names.append(f.f_code.co_name)\n    f = f.f_back\nnames[-1]",
            "turn",
        ),
        ("async def c(): pass\nc().cr_frame.f_globals['__name__']", "__main__"),
        ("'{0.__class__.__mro__}'.format(1)", "(<class 'int'>, <class 'object'>)"),
        ("try:\n    (1).x\nexcept AttributeError as e:\n    r = e.obj\nr", 1),
        ("try:\n    raise ExceptionGroup('g', [ValueError(1)])\nexcept* ValueError:\n    r = 1\nr", 1),
        # 8, 9: nothing is there of the host.
        ("len(object.__subclasses__()) > 100", True),
        ("import ctypes\nctypes.string_at(0, 10)", "OSError"),
        ("import os\nsorted(os.environ)", ["HOME", "PYTHONTZPATH", "TMPDIR"]),
        ("open('/proc/self/environ')", "FileNotFoundError"),
        ("open('/etc/passwd')", "FileNotFoundError"),
        ("import os\nos.listdir('/')", "FileNotFoundError"),
        ("import socket\nsocket.create_connection(('127.0.0.1', 80))", "AttributeError"),
        ("import subprocess\nsubprocess.run(['ls'])", "OSError"),
        ("import threading\nthreading.Thread(target=print).start()", "RuntimeError"),
        ("open('/usr/local/lib/x', 'w')", "OSError"),
        # 13: its own bytecode is its own.
        ("import marshal\nmarshal.loads(b'\\xe3' + b'\\xff' * 100)", "ValueError"),
        ("def f(): return 1\nf.__code__ = f.__code__.replace(co_code=b'\\x05\\x00' * 20, co_consts=())\nf()", "Trap"),
        # 16 to 20: what runs long, takes much or is deep.
        ("import re\nre.match('(a+)+$', 'a' * 60 + 'b')", "time"),
        ("10 ** 10 ** 8", "time"),
        ("str(10 ** 5000)", "ValueError"),
        ("import time\ntime.sleep(100)", "time"),
        ("while True:\n    try:\n        while True: pass\n    except BaseException: pass", "time"),
        ("import atexit\ndef f():\n    while True: pass\natexit.register(f)\n1", 1),
        ("'x' * 2 ** 40", "OverflowError"),
        ("a = []\nwhile True: a.append(bytearray(50_000_000))", "memory"),
        ("def f(): return f() + 1\nf()", "stack"),
        ("eval('(' * 100000)", "stack"),
        ("import json\njson.loads('[' * 1000000)", "stack"),
        ("a = []\nfor i in range(1500): a = [a]\na", "ValueError"),
        ("a = []\na.append(a)\na", "[[...]]"),
        # 21, 22: output and tools.
        ("while True: print('x' * 10000)", "output"),
        ("import sys\n_ = sys.stdout.buffer.write(b'a\\xff')", None),
        ("while True:\n    try:\n        lookup('x')\n    except BaseException: pass", "tool_calls"),
        (
            "import _host\n_host.call(b'[' * 1000000)",
            b"""{"error": "a value that is so deep can't be passed to the host"}""",
        ),
        ("import _host\n_host.call(b'garbage')", b'{"error": "a request is an object in JSON"}'),
        # 23: what is printed is no result.
        ('print(\'{"done": {"value": 2}}\')\n3', 3),
        # 24: files.
        ("import json\n'zip' in json.__file__", True),
        ("open('../../etc/passwd')", "PermissionError"),
        ("import os\nos.symlink('/etc', 'link')", "PermissionError"),
        ("import os\nfor i in range(1500):\n    os.mkdir('d')\n    os.chdir('d')", None),
        # 25: residue.
        ("import json, sys\njson.loads = None\nsys.modules.clear()\nleftover = 1", None),
        ("import os\nos._exit(3)", "Exit"),
        ("raise SystemExit(3)", "SystemExit"),
    ],
)
def test_it_ends_as_it_should(runtime, code, expected):
    # Time is short only where it is what ends the program: the machine may be busy.
    limits = replace(LIMITS, timeout=1.0 if expected == "time" else 60.0)
    result = runtime.run(code, tools=[lookup], files={"json.py": "x = 1"}, collect=["*.txt"], limits=limits)
    found = result.stopped or (result.error.type if result.error is not None else result.value)
    assert found == expected, result
    assert "root:" not in str(result)
    seen = runtime.run(
        "import json\n[json.loads('42'), 'leftover' in globals(), random.random(), str(uuid.uuid4()), numpy.random.rand()]"
    )
    fresh, leftover, *drawn = seen.unwrap()
    assert (fresh, leftover) == (42, False)
    assert _drawn.isdisjoint(drawn)
    _drawn.update(drawn)


_drawn = set()
