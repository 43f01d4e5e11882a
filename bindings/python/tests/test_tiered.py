import logging
import os
import subprocess
import sys
import threading

import pytest

import wasp
from wat import CALCULATOR, TABLED


class Switches(logging.Handler):
    """Notes the plugins whose new instances run cranelift's code."""

    def __init__(self):
        super().__init__()
        self.told = threading.Condition()
        self.names = []
        self.process = os.getpid()

    def emit(self, record):
        message, _, name = record.getMessage().partition(" name=")
        # A child may find the lock taken.
        if message == "Plugin optimised" and os.getpid() == self.process:
            with self.told:
                self.names.append(name)
                self.told.notify_all()

    def wait_for(self, name):
        with self.told:
            assert self.told.wait_for(lambda: name in self.names, 60)


@pytest.fixture
def switches():
    logger, handler = logging.getLogger("tiered"), Switches()
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def tiered():
    return wasp.Engine("tiered", logger=logging.getLogger("tiered"))


def test_new_instances_switch_and_existing_ones_go_on(switches):
    engine = tiered()
    engine.register("calculator", CALCULATOR)
    with engine.instance("calculator") as before:
        assert before.call("sum", 3, 2, returns=int) == 5
        switches.wait_for("calculator")
        with engine.instance("calculator") as after:
            for instance in (before, after):
                assert instance.call("sum", 3, 2, returns=int) == 5
                with pytest.raises(wasp.Trap):
                    instance.call("crash")


def test_an_unknown_compiler_is_refused():
    with pytest.raises(wasp.Error) as refused:
        wasp.Engine("best")
    assert str(refused.value) == 'compiler is "cranelift", "singlepass" or "tiered", not "best"'


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_children_go_on_while_the_parent_compiles(switches):
    engine = tiered()
    for number in range(20):
        name = str(number)
        # The same module again would begin with the code that is known by then.
        engine.register(name, TABLED[:-1] + b'(func (export "f%d")))' % number)
        child = os.fork()
        if child == 0:
            with engine.instance(name) as instance:
                fine = instance.call("give", 2, returns=int) == 2
            engine.register("child's", TABLED)
            with engine.instance("child's") as instance:
                fine = fine and instance.call("give", 1, returns=int) == 1
            os._exit(0 if fine else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    switches.wait_for(name)


PROGRAM = """
import logging, sys, time, wasp

logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
engine = wasp.Engine("tiered", logger=logging.getLogger("tiered"))
for number in range(30):
    code = "(i32.add (i32.const %d))" % number * 200
    engine.register(str(number), b'(module (func (export "f") (result i32) (i32.const 0) %s))' % code.encode())
time.sleep(DELAY)
"""


@pytest.mark.parametrize("delay", [0, 0.002, 0.005, 0.01, 0.02])
def test_the_interpreter_may_end_meanwhile(delay):
    program = PROGRAM.replace("DELAY", str(delay))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
