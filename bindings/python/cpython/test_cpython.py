import time

import pytest
from cpython import engine, register, turn

import wasp

CATCHES = """
import kiwisolver
solver, caught = kiwisolver.Solver(), 0
constraint = kiwisolver.Variable("x") >= 0
for _ in range(50_000):
    try:
        solver.removeConstraint(constraint)
    except kiwisolver.UnknownConstraint:
        caught += 1
print(caught)
"""

RECURSES = """
def f(): return f()
try:
    f()
except RecursionError as error:
    print(error)
"""

MUCH = """
try:
    bytearray(1 << 30)
except MemoryError:
    print("no")
"""

KMEANS = """
import numpy as np
from sklearn.cluster import KMeans
rng = np.random.default_rng(7)
points = np.vstack([c + rng.normal(0, 0.5, (100, 2)) for c in ([1, 1], [5, 5], [1, 5])])
labels = KMeans(n_clusters=3, n_init=10, random_state=0).fit_predict(points)
print(sorted(np.bincount(labels).tolist()))
"""


@pytest.fixture(scope="module")
def python():
    made = engine()
    register(made, "import numpy, pandas", memory_bytes=1 << 30, timeout=20.0)
    return made


@pytest.fixture
def run(python, capfd):
    def run(*programs):
        """Runs programs in one fresh sandbox. Returns what the last one gave and printed."""
        with python.instance("python") as instance:
            for program in programs:
                capfd.readouterr()
                status = turn(instance, program)
        printed = capfd.readouterr()
        return status, printed.out, printed.err

    return run


def test_it_prints(run):
    assert run("print(1+1)") == (0, "2\n", "")


def test_it_starts_fresh_each_time(run):
    assert run("x = 1", "print(x)") == (0, "1\n", "")
    status, out, err = run("print(x)")
    assert (status, out) == (1, "")
    assert err.splitlines()[-1] == "NameError: name 'x' is not defined"


def test_it_starts_from_the_warm_up(run):
    assert run("import sys; print('pandas' in sys.modules, 'scipy' in sys.modules)") == (0, "True False\n", "")


def test_it_raises(run):
    status, out, err = run("raise ValueError(1)")
    assert (status, out, err.splitlines()[-1]) == (1, "", "ValueError: 1")


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        (RECURSES, "maximum recursion depth exceeded\n"),
        (MUCH, "no\n"),
        ("import numpy as np; print(np.arange(10).sum())", "45\n"),
        ("import pandas as pd; print(pd.DataFrame({'x': [1, 2]}).x.sum())", "3\n"),
        (KMEANS, "[100, 100, 100]\n"),
        # C++ exceptions.
        (CATCHES, "50000\n"),
        ("import os; print(sorted(os.environ), os.path.exists('/etc'))", "['HOME', 'PYTHONTZPATH', 'TMPDIR'] False\n"),
    ],
)
def test_it_computes(run, program, printed):
    assert run(program) == (0, printed, "")


def test_it_is_stopped():
    made = engine(stdio="none")
    register(made, "pass", timeout=0.3)
    with made.instance("python") as instance:
        started = time.monotonic()
        with pytest.raises(wasp.Timeout):
            turn(instance, "while True: pass")
        with pytest.raises(wasp.Error, match="stopped half-way"):
            turn(instance, "pass")
        instance.reset()
        assert turn(instance, "pass") == 0
    # Not a bound on speed: it would go on for ever.
    assert time.monotonic() - started < 60
