import asyncio
from typing import Annotated

import pytest

import wasp
from wat import CALLS_BACK


def ask(engine, callback, *args):
    engine.register("asks", CALLS_BACK, callbacks={("env", "tell"): callback})
    with engine.instance("asks") as instance:
        return instance.call("ask", *(args or (1,)), returns=int)


def test_kinds_come_from_annotations_or_are_said(engine):
    def annotated(number: int) -> int:
        return number + 1

    def with_extras(number: Annotated[int, wasp.I32]) -> int:
        return number + 2

    assert ask(engine, annotated) == 2
    assert ask(engine, with_extras) == 3
    assert ask(engine, wasp.Callback(function=lambda number: number + 3, params=[int], result=wasp.I32)) == 4
    assert ask(engine, wasp.Callback(lambda number: number + 4, params=["i32"], result="i32")) == 5
    with pytest.raises(TypeError, match="annotation"):
        ask(engine, lambda number: number)


def test_a_wrong_callback_is_refused_by_name(engine):
    with pytest.raises(TypeError, match="function is 3, and a callable is accepted"):
        wasp.Callback(function=3)
    with pytest.raises(TypeError, match="params is 'i32', and a sequence of kinds is accepted"):
        wasp.Callback(function=len, params="i32")
    with pytest.raises(TypeError, match="parameter 1 is 'i31', and .* is accepted"):
        ask(engine, wasp.Callback(function=len, params=["i31"], result="i32"))
    with pytest.raises(TypeError, match="positional"):
        wasp.Callback(len, [str], int)


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_it_raises_comes_out_as_itself(engine, kind):
    raised = kind("mine")

    def tell(number: int) -> int:
        raise raised

    with pytest.raises(kind) as caught:
        ask(engine, tell)
    assert caught.value is raised
    assert "'ask'" in raised.__notes__[0]


def test_an_answer_of_another_type_is_refused(engine):
    with pytest.raises(TypeError, match="answered with str"):
        ask(engine, wasp.Callback(function=str, params=[int], result=int))


def test_an_instance_is_busy_in_its_own_callback(engine):
    def tell(number: int) -> int:
        instance.call("ask", 1, returns=int)
        return 0

    engine.register("asks", CALLS_BACK, callbacks={("env", "tell"): tell})
    instance = engine.instance("asks")
    with pytest.raises(wasp.Error) as caught:
        instance.call("ask", 1, returns=int)
    assert caught.value.kind == "busy"


def test_callbacks_by_namespace(engine):
    def tell(number: int) -> int:
        return number + 1

    for callbacks in (
        {("env", "tell"): tell},
        {"env": {"tell": tell}},
        {"env": {"tell": wasp.Callback(tell, params=[int], result=int)}},
    ):
        engine.register("asks", CALLS_BACK, callbacks=callbacks)
        with engine.instance("asks") as instance:
            assert instance.call("ask", 1, returns=int) == 2
    for wrong in ({"tell": tell}, {"env": {1: tell}}, {("env", 1): tell}, {1: tell}):
        with pytest.raises(TypeError, match="accepted"):
            engine.register("asks", CALLS_BACK, callbacks=wrong)


def test_a_dict_is_limits(engine):
    engine.register(
        "asks", CALLS_BACK, callbacks={("env", "tell"): lambda_free}, limits={"timeout": 1.0, "memory": "1MiB"}
    )
    with pytest.raises(TypeError, match="timout"):
        engine.register("asks", CALLS_BACK, callbacks={("env", "tell"): lambda_free}, limits={"timout": 1.0})
    with pytest.raises(TypeError, match="a wasp.Limits or a dict of its fields is accepted"):
        engine.register("asks", CALLS_BACK, callbacks={("env", "tell"): lambda_free}, limits=5)


def lambda_free(number: int) -> int:
    return number


def test_a_file_that_is_missing_is_an_os_error(engine):
    with pytest.raises(OSError) as raised:  # noqa: PT011: its text is tested elsewhere.
        engine.register("missing", "/nowhere.wasm")
    assert isinstance(raised.value, wasp.FileError)
    assert raised.value.kind == "io"


def test_coroutines_answer_in_call_async(engine):
    async def tell(number: int) -> int:
        await asyncio.sleep(0.01)
        return number + 1

    async def fails(number: int) -> int:
        raise KeyError("inner")

    async def main():
        with engine.instance("asks") as instance:
            assert await instance.call_async("ask", 1, returns=int) == 2
            answers = []
            for number in range(3):
                answers.append(await instance.call_async("ask", number, returns=int))
            assert answers == [1, 2, 3]
        engine.register("fails", CALLS_BACK, callbacks={("env", "tell"): fails})
        with engine.instance("fails") as instance, pytest.raises(KeyError, match="inner"):
            await instance.call_async("ask", 1, returns=int)

    with pytest.raises(
        TypeError, match=r"callback \('env', 'tell'\) is a coroutine function, and call can't wait for it"
    ):
        ask(engine, tell)
    asyncio.run(main())
