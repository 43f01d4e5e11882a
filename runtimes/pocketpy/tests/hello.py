# What every script does: values, callbacks, errors, files.
#! hello(name: string) string # Greets somebody.
#! add(a: i64, b: i64) i64
#! half(x: f64) f64
#! reverse(data: bytes) bytes # Reverses bytes.
#! same(x: any) any
#! total(numbers: json, start: any) any
#! nothing()
#! call(name: any) any
#! fail(depth: i64) any
#! decorated() any
#! maybe(x: any) any
import wasp
from wasp.env import call_me, reverse as reverse_there
from wasp.tools.more import add as add_there

def hello(name: str) -> str:
    """Greets somebody.

    def not_this(): pass
    """
    return 'Hello ' + name

"""
def nor_this(): pass
"""
def add(a: int, b: int) -> int: return a + b
def half(x: float) -> float: return x / 2
def reverse(data: bytes) -> bytes:
    "Reverses bytes."
    return bytes([data[len(data) - 1 - i] for i in range(len(data))])
def same(x): return x
def total(numbers: list[int], # a comment, with (
          start=0, *, _more: dict = {'a': (1, 2)}):
    for number in numbers:
        start += number
    return start
def nothing() -> None: return None
def call(name): return call_me(name)
def fail(depth: int):
    if depth == 0:
        raise ValueError('too deep')
    return fail(depth - 1)
def _private(): pass
def twice(f):
    return lambda: f() + f()
del twice
def maybe(x: int | None): return x
@staticmethod
def odd(): pass
del odd
decorated = 5
def decorated(): return 1
