# What is deep, large or broken: an exception, or an end that leaves the host alone.
import json, random, math

class Same:
    def __init__(self, other): self.other = other
    def __eq__(self, other): return self.other == other
    def __ne__(self, other): return self.other != other
    def __str__(self): return str(self)
    def __repr__(self): return repr(self)
    def __getattr__(self, name): return getattr(self, name + 'x')
    def __hash__(self): return hash(self)
    def __len__(self): return len(self)
    def __iter__(self): return iter(self)
    def __add__(self, other): return self + other

class Acts:
    def __init__(self, act): self.act = act
    def __eq__(self, other):
        self.act()
        return True
    def __ne__(self, other): return False
    def __hash__(self):
        self.act()
        return 1
class Endless:
    def __init__(self): Endless()
    @property
    def x(self): return object.__new__(Endless).x

def recursion():
    def f(): return 1 + f()
    return f()
def recursion_by_eq():
    a = Same(None)
    a.other = a
    return a == 1
def recursion_by_str(): return str(Same(1))
def recursion_by_repr(): return repr(Same(1))
def recursion_by_getattr(): return Same(1).x
def recursion_by_hash(): return {Same(1): 1}
def recursion_by_len(): return len(Same(1))
def recursion_by_iter(): return list(Same(1))
def recursion_by_add(): return Same(1) + 1
def recursion_by_sort():
    def f(x): return sorted([2, 1], key=f)
    return f(1)
def recursion_by_map():
    def f(x): return list(map(f, [1]))
    return f(1)
def recursion_by_init(): Endless()
def recursion_by_generator():
    def g(): yield from g()
    return list(g())
def recursion_by_exec():
    def f(): exec('f()', {'f': f})
    f()
def recursion_by_property(): return object.__new__(Endless).x
def limit_raised():
    import sys
    sys.setrecursionlimit(1000000000)
    return recursion()
def limit_raised_by_eq():
    import sys
    sys.setrecursionlimit(1000000000)
    return recursion_by_eq()
def nested_list():
    a = []
    for i in range(100000): a = [a]
    return a
def nested_list_repr(): return len(repr(nested_list()))
def nested_list_eq(): return nested_list() == nested_list()
def nested_list_lt(): return nested_list() < nested_list()
def nested_list_json(): return json.dumps(nested_list())
def nested_tuple_hash():
    a = ()
    for i in range(100000): a = (a,)
    return hash(a)
def nested_dict():
    a = {}
    for i in range(100000): a = {'a': a}
    return a
def nested_dict_repr(): return len(repr(nested_dict()))
def cyclic_list():
    a = []
    a.append(a)
    return a
def cyclic_repr(): return len(repr(cyclic_list()))
def cyclic_eq(): return cyclic_list() == cyclic_list()
def cyclic_json(): return json.dumps(cyclic_list())
def cyclic_dict_json():
    a = {}
    a['a'] = a
    return json.dumps(a)
def cyclic_base(): return cyclic_list()
def parentheses(): return eval('(' * 100000 + '1' + ')' * 100000)
def brackets(): return eval('[' * 100000 + ']' * 100000)
def braces(): return eval('{1:' * 100000 + '1' + '}' * 100000)
def unary(): return eval('-' * 100000 + '1')
def nots(): return eval('not ' * 100000 + '1')
def powers(): return eval('2**' * 100000 + '1')
def lambdas(): return eval('lambda: ' * 100000 + '1')
def ternaries(): return eval('1 if 1 else ' * 100000 + '1')
def attributes(): return eval('a' + '.a' * 100000)
def blocks(): exec('\n'.join([' ' * i + 'if 1:' for i in range(1000)]) + ' pass')
def functions(): exec('\n'.join([' ' * i + 'def f():' for i in range(1000)]) + ' pass')
def long_literal(): return len(eval('[' + '1,' * 100000 + ']'))
def long_dict(): return len(eval('{' + ''.join([str(i) + ':1,' for i in range(50000)]) + '}'))
def long_sum(): return eval('+'.join(['1'] * 50000))
def long_string(): return len(eval('"' + 'x' * 1000000 + '"'))
def long_name(): return eval('x' * 1000000)
def many_names(): return [exec('x' + str(i) + '=1') for i in range(70000)]
def many_attributes():
    a = Same(1)
    for i in range(100000): setattr(a, 'a' + str(i), 1)
def many_constants(): return len(eval('[' + ','.join([str(i) + '.5' for i in range(30000)]) + ']'))
def many_locals(): exec('def f():\n' + ''.join([' a' + str(i) + '=1\n' for i in range(1000)]) + 'f()')
def many_parameters(): exec('def f(' + ','.join(['a' + str(i) for i in range(1000)]) + '): pass')
def many_arguments(): return eval('max(' + '1,' * 1000 + ')')
def many_starred(): return max(*[i for i in range(100000)])
def many_starred_twice(): return max(*[1] * 40, *[1] * 40)
def many_keywords(): return dict(**{'a' + str(i): i for i in range(100000)})
def few_starred_and_keywords():
    def f(*args, **kwargs): return len(args) + len(kwargs)
    return f(*[1] * 60, **{'a' + str(i): i for i in range(10)})
def power_of_power(): return 10 ** 10 ** 8
def power_large(): return 2 ** 1000000000
def string_times_large(): return 'x' * 2 ** 40
def string_times_32_bits(): return 'ab' * 2 ** 31
def string_times_just_too_large(): return len('abcd' * (2 ** 30 + 1))
def string_times_negative(): return 'x' * -2 ** 40
def list_times_large(): return len([0] * 2 ** 40)
def list_times_32_bits(): return len([0, 0] * (2 ** 31 + 1))
def list_times_large_nothing(): return [] * 2 ** 62
def string_doubled():
    s = 'x'
    while True: s = s + s
def list_doubled():
    a = [1]
    while True: a.extend(a)
def list_grown():
    a = []
    while True: a.append(a)
def dict_grown():
    a = {}
    i = 0
    while True:
        a[i] = str(i)
        i += 1
def strings_dropped():
    for i in range(300): s = 'x' * 2000000
    return len(s)
def lists_dropped():
    for i in range(300): s = list(range(20000))
    return len(s)
def join_large(): return len(''.join(['x' * 1000000] * 3000))
def replace_large(): return len(('x' * 100000).replace('x', 'y' * 100000))
def replace_nothing(): return 'abc'.replace('', 'x')
def split_nothing(): return 'abc'.split('')
def zfill_large(): return len('x'.zfill(2 ** 31 - 1))
def ljust_large(): return len('x'.ljust(2 ** 40))
def format_wide(): return len('{:>1000000000}'.format(1))
def format_wrong(): return '{:>99999999999999999999}'.format(1)
def range_large(): return list(range(2 ** 62))
def bytes_large(): return bytes([0] * 10 ** 9)
def int_to_string(): return str(9 ** 999)
def string_to_int(): return int('9' * 1000000)
def string_to_float(): return float('9' * 1000000)
def float_to_string(): return [str(1e308), '%f' % 1e308, '{:.30f}'.format(1e308), round(1e308, 300)]
def float_precise(): return '{:.1000f}'.format(1.5)
def divide_least(): return (-2 ** 63) // -1
def modulo_least(): return (-2 ** 63) % -1
def divide_by_zero(): return 1 // 0
def modulo_by_zero(): return 1 % 0
def shift_far(): return [1 << 100, 1 << -1, 1 >> 100]
def round_far(): return round(1.5, 2 ** 40)
def chr_far(): return chr(2 ** 40)
def chr_half(): return chr(0xd800)
def factorial_far(): return math.factorial(10 ** 6)
def slice_far(): return [[1, 2, 3][1:3:2 ** 31 - 1], [1, 2, 3][2 ** 40:2 ** 41], 'abc'[1:3:2 ** 31 - 1], b'abc'[::-2 ** 31 + 1], [1][::2 ** 32]]
def index_far(): return [1, 2, 3][2 ** 31]
def index_between(): return 'äöü'[4]
def index_before(): return [1, 2, 3].index(7, -100)
def find_before(): return 'abc'.find('c', -2 ** 31)
def find_far(): return 'abc'.find('', 2 ** 31 - 1)
def pop_far(): return [1].pop(2 ** 31)
def insert_far():
    a = [1]
    a.insert(2 ** 31, 2)
    a.insert(-2 ** 31, 2)
    return a
def choices_far(): return random.choices([1], k=2 ** 32 + 5)
def choices_before(): return random.choices([1], k=-1)
def choices_wrong(): return random.choices([1, 2], weights=[1, -1])
def choices_nan(): return random.choices([1, 2], weights=[float('nan'), 1])
def randint_far(): return random.randint(-2 ** 63, 2 ** 63 - 1)
def sort_misbehaves(): return len(sorted(list(range(1000)), key=lambda x: random.random()))
def sort_changes():
    a = list(range(1000))
    def key(x):
        a.clear()
        a.append('x' * 100)
        return -x
    a.sort(key=key)
def sort_fails():
    a = list(range(100))
    try: a.sort(key=lambda x: 1 // (x - 50))
    except ZeroDivisionError: return len(a) == 100 and sum(a) == 4950
def sort_mixed(): return sorted([1, 'a', None])
def iteration_changes():
    a = [1]
    for x in a:
        a.append(x)
        if len(a) > 1000: a.clear()
def dict_iteration_changes():
    a = {i: i for i in range(10)}
    for k in a:
        del a[k]
        a[k + 100] = 1
def remove_changes():
    a = []
    a.extend([Acts(a.clear), Acts(a.clear), Acts(a.clear)])
    a.remove(1)
    return len(a)
def count_changes():
    a = []
    a.extend([Acts(a.clear), Acts(a.clear), Acts(a.clear)])
    return a.count(1)
def eq_changes():
    a = []
    b = []
    a.extend([Acts(b.clear) for i in range(100)])
    b.extend([Acts(a.clear) for i in range(100)])
    return a == b
def contains_changes():
    a = []
    a.extend([Acts(a.clear) for i in range(100)])
    return 5 in a
def hash_changes():
    d = {}
    def act():
        d.clear()
        for i in range(100): d[i] = i
    d[Acts(act)] = 1
    d[Acts(act)] = 1
    d[Acts(act)] = 1
    return len(d)
def join_changes():
    a = ['x' * 100] * 100
    def g():
        for i in range(100):
            a.clear()
            yield 'x'
    return len(','.join(g()))
def map_fails(): return list(map(lambda x: 1 // x, [1, 0]))
def generator_runs_itself():
    def f():
        for x in g: yield x
    g = f()
    return list(g)
def generator_dropped():
    def f():
        while True: yield 1
    for i in range(10000): next(f())
def except_undefined():
    try: 1 // 0
    except Undefined: pass
def exceptions_chained():
    for i in range(10000):
        try:
            try: 1 // 0
            except ZeroDivisionError as e: raise ValueError('x' * 100)
        except ValueError: pass
def raise_number(): raise 5
def raise_class(): raise ValueError
def del_builtins():
    import builtins
    for name in dir(builtins): delattr(builtins, name)
def change_builtins():
    import builtins
    builtins.len = None
    return [1].__len__()
def change_types():
    int.__add__ = lambda a, b: 5
    list.append = None
def gc_often():
    import gc
    for i in range(100):
        a = [str(i)]
        gc.collect()
    return a
def gc_in_key():
    import gc
    a = [str(i) for i in range(1000)]
    def key(x):
        gc.collect()
        return -int(x)
    a.sort(key=key)
    return a[0] == '999'
def gc_in_callbacks():
    import gc
    gc.setup_debug_callback(lambda *args: 1 // 0)
    gc.collect()
def isinstance_wrong(): return isinstance(1, 1)
def super_wrong(): return super()
def type_wrong(): return type('A', 5, 6)
def object_new(): return object.__new__(int)
def str_new(): return str.__new__(int, 1)
def list_new(): return list.__new__(dict)
def dict_new(): return dict.__new__(list).clear()
def method_without_self(): return list.append()
def exec_code_wrong(): return exec(5)
def compile_wrong(): return eval('\\', {})
def compile_nul(): return eval('1\x00 + 2')
def compile_bytes(): return eval('\xff\xfe')
def compile_escape(): return eval("'\\x")
def compile_string_open(): return eval("'abc")
def compile_indent(): return exec('if 1:\n  a\n b')
def compile_fstring(): return eval("f'{{{'")
def compile_fstring_deep(): return eval("f'" + '{' * 1000 + "'")
def compile_number(): return eval('0x' + 'f' * 1000)
def compile_comment(): return exec('#' * 1000000)
def base64_wrong():
    import base64
    return base64.b64decode(b'\xff' * 3)
def unicode_wrong(): return b'\xff\xfe\xf0'.decode()
def unicode_cut(): return b'\xf0'.decode()[0]
def unicode_reversed(): return b'a\xc3'.decode()[::-1]
def unicode_strip(): return b'\xc3'.decode().strip()
def time_far():
    import time
    time.sleep(1e300)
def datetime_wrong():
    from datetime import date
    return str(date(2 ** 62, 99, 99))
def file_mode(): return open('in.txt', 'rrr')
def file_flood():
    for i in range(3000):
        f = open('flood.txt', 'w')
        f.write('x')
    import os
    os.remove('flood.txt')

def names():
    return sorted(every)
def check(name: str) -> str:
    return str(type(every[name]()))
def forever():
    while True:
        try:
            while True: pass
        except Exception: pass
def forever_in_c(): return sum(range(10 ** 12))
def ok() -> int: return len([1]) + 1

every = {name: f for name, f in globals().items() if callable(f) and name not in ('names', 'check', 'forever', 'forever_in_c', 'ok', 'Same', 'Acts', 'Endless')}
#> check(*) GuestError or a value or a clean trap
#> ok() == 2
#> forever() Timeout 
#> forever_in_c() Timeout 
#> ok() == 2
