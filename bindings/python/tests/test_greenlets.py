"""Greenlets take turns on one thread: what gevent and eventlet are built on."""

import pytest

import wasp
from wat import CALLS_BACK

greenlet = pytest.importorskip("greenlet")


def calls_back(engine, callback):
    engine.register("asks", CALLS_BACK, callbacks={("env", "tell"): callback})
    return engine.instance("asks")


def test_a_call_on_another_greenlet_is_refused_while_a_callback_waits(engine):
    said = []

    def switch(number: int) -> int:
        return other.switch(number)

    with calls_back(engine, switch) as first, engine.instance("asks") as second:

        def on_the_other(number: int) -> int:
            for use in (
                lambda: second.call("ask", 1, returns=int),
                lambda: engine.instance("asks"),
                lambda: engine.register("more", CALLS_BACK, callbacks={("env", "tell"): switch}),
                second.reset,
            ):
                with pytest.raises(wasp.Error, match="another greenlet") as caught:
                    use()
                said.append(caught.value.kind)
            return number + 1

        other = greenlet.greenlet(on_the_other)
        assert first.call("ask", 4, returns=int) == 5
        assert said == ["busy"] * 4
        # Nothing waits any more: any greenlet may call.
        other = greenlet.greenlet(lambda number: number)
        assert greenlet.greenlet(lambda: first.call("ask", 6, returns=int)).switch() == 6


def test_greenlets_that_take_turns_between_calls(engine):
    def tell(number: int) -> int:
        return number * 2

    answers = []

    def work(instance, start):
        for number in range(start, start + 5):
            answers.append(instance.call("ask", number, returns=int))
            hub.switch()

    with calls_back(engine, tell) as one, engine.instance("asks") as two:
        hub = greenlet.getcurrent()
        workers = [greenlet.greenlet(work), greenlet.greenlet(work)]
        workers[0].switch(one, 0)
        workers[1].switch(two, 100)
        while not all(worker.dead for worker in workers):
            for worker in workers:
                worker.switch()
    assert sorted(answers) == sorted([number * 2 for number in [*range(5), *range(100, 105)]])


def test_a_nested_call_of_the_same_greenlet_works(engine):
    def tell(number: int) -> int:
        with engine.instance("asks") as inner:
            return number if number == 0 else 1 + inner.call("ask", number - 1, returns=int)

    with calls_back(engine, tell) as instance:
        assert greenlet.greenlet(lambda: instance.call("ask", 7, returns=int)).switch() == 7
        assert instance.call("ask", 3, returns=int) == 3
