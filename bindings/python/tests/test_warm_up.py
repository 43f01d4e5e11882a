import pickle

import pytest

import wasp

SUMS = b"""(module (memory (export "memory") 1)
  (global $sum (mut i64) (i64.const 0)) (global $next (mut i32) (i32.const 1024))
  (func (export "allocate") (param i32) (result i32)
    (global.get $next) (global.set $next (i32.add (global.get $next) (local.get 0))))
  (func (export "add") (param i64 i32)
    (global.set $sum (i64.add (global.get $sum) (local.get 0)))
    (global.set $sum (i64.add (global.get $sum) (i64.load8_u (local.get 1)))))
  (func (export "sum") (result i64) (global.get $sum)))"""


@pytest.mark.parametrize("snapshot", [True, False])
def test_it_comes_before_the_snapshot(engine, snapshot):
    engine.register("sums", SUMS, snapshot=snapshot, warm_up=[("add", 3, "A"), ("add", 4, "B")])
    for each in (engine, pickle.loads(pickle.dumps(engine))):
        with each.instance("sums") as instance:
            for _ in range(2):
                assert instance.call("sum", returns=int) == 3 + 4 + 65 + 66
                instance.reset()


def test_what_is_wrong_is_an_error_of_the_registration(engine):
    with pytest.raises(wasp.Error, match="its warm-up .none."):
        engine.register("sums", SUMS, warm_up=[("none",)])
    with pytest.raises(TypeError, match="argument 2 of the warm-up .add."):
        engine.register("sums", SUMS, warm_up=[("add", 1, object())])
    with pytest.raises(TypeError, match="warm_up has 'add'"):
        engine.register("sums", SUMS, warm_up=["add"])
