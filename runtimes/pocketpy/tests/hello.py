# What every script does: values, callbacks, errors, files.
#! hello(name: string) string # Greets somebody.
#! add(a: i64, b: i64) i64
#! half(x: f64) f64
#! reverse(data: bytes) bytes # Reverses bytes.
#! same(x: any) any
#! total(numbers: json, start: any, text: string) any
#! nothing()
#! call(name: any) any
#! fail(depth: i64) any
#! maybe(x: any) any
#! decorated(x: i64) i64
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
          start=0, text: str = '),('):
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
def maybe(x: int | None): return x
def doubled(f): return lambda x: 2 * f(x)
@doubled
def decorated(x: int) -> int: return x + 1
del doubled

#> hello("Nic") == "Hello Nic"
#> hello("Grüße 世界") == "Hello Grüße 世界"
#> hello("") == "Hello "
#> hello(5) Error argument 1 is i32 [5], which does not fit string
#> hello() GuestError TypeError: hello() takes 1 positional arguments but 0 were given
#> add(1, 2) == 3
#> add(2147483647, 1) == 2147483648
#> add(9223372036854775807, 1) == -9223372036854775808
#> add(1.5, 1) Error argument 1 is f64 [1.5], which does not fit i64
#> half(3) == 1.5
#> half(0.5) == 0.25
#> reverse(b"ab\xff\0") == b"\0\xffba"
#> reverse(b"") == b""
#> same("a\0b") == "a\0b"
#> same(b"\0\xff") == b"\0\xff"
#> same(7) == 7
#> same(-2147483648) == -2147483648
#> same(9223372036854775807) == 9223372036854775807
#> same(0.1) == 0.1
#> same(None) == None
#> same(True) == True
#> same([1, 2.5, "x", None, True, {"a": []}, {}]) == [1, 2.5, "x", None, True, {"a": []}, {}]
#> same({"\u0001\"\\/\n\u001f'": "\u20ac\U0001f600", "": "\x00"}) == {"\u0001\"\\/\n\u001f'": "\u20ac\U0001f600", "": "\x00"}
#> same([9223372036854775807, -9223372036854775808, 0.1, 1e300, 5e-324, 3.0]) == [9223372036854775807, -9223372036854775808, 0.1, 1e300, 5e-324, 3.0]
#> total([1, 2, 3.5]) == 6.5
#> total([1, 2], 10) == 13
#> nothing() == None
#> call("Nic") == "Hello Nic"
#> call(5) GuestError TypeError: callback "env"."call_me": argument 1 is i32 [5], which does not fit string
#> decorated(4) == 10
#> fail(3) GuestError ValueError: too deep
