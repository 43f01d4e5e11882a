import threading
from pathlib import Path

import pytest

import wasp

MODULE = b'(module (func (export "one") (result i32) (i32.const 1)) (func (export "trap") unreachable))'


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="counts mappings")
def test_threads_that_end_leave_no_stacks(engine):
    engine.register("p", MODULE)
    failures = []

    def work():
        try:
            with engine.instance("p") as instance:
                assert instance.call("one", returns=int) == 1
                with pytest.raises(wasp.Error, match="unreachable"):
                    instance.call("trap")
        except BaseException as error:
            failures.append(error)

    def mappings():
        return Path("/proc/self/maps").read_text().count("\n")

    before = 0
    for number in range(300):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if number == 50:
            before = mappings()
    assert not failures
    assert mappings() < before + 30
