// Deep recursion is a RangeError, or a SyntaxError in regular expressions and source text, in a stack of the default size. A
// trap would leave the instance poisoned.
const N = 50000;
const nest = (open, close, inner = "1") => open.repeat(N) + inner + close.repeat(N);
const grow = (value, wrap) => {
  for (let i = 0; i < N; i++) value = wrap(value);
  return value;
};
const proxy = () => grow({ x: 1 }, (inner) => new Proxy(inner, {}));
const list = () => grow(1, (inner) => [inner]);
const bound = () =>
  grow(
    function f() {},
    (inner) => Object.defineProperty(inner.bind(null), "name", { value: "" }),
  );

const cases = {
  call: () => (function f() {
    return f() + 1;
  })(),
  spread: () => (function f(...x) {
    return f(...x, 1) + 1;
  })(),
  construct: () => new (class A {
    constructor() {
      new A();
    }
  })(),
  yield: () => [...(function* f() {
    yield* f();
  })()],
  async: () => (async function f() {
    await f();
  })(),
  getter: () => ({
    get x() {
      return this.x;
    },
  }).x,
  sort: () => [1, 2].sort(function compare() {
    return [1, 2].sort(compare), 0;
  }),
  replace: () => "a".replace(/a/, function f() {
    return "a".replace(/a/, f);
  }),
  evaluate: () => (function f() {
    // biome-ignore lint/security/noGlobalEval: that is what is tried
    return eval("(" + f + ")()");
  })(),
  parens: () => new Function(`return ${nest("(", ")")}`),
  brackets: () => new Function(`return ${nest("[", "]")}`),
  braces: () => new Function(`return ${nest("{a:", "}")}`),
  templates: () => new Function(`return ${nest("`${", "}`")}`),
  calls: () => new Function(`return ${nest("f(", ")")}`),
  not: () => new Function(`return ${nest("!", "")}`),
  power: () => new Function(`return ${nest("1**", "")}`),
  conditional: () => new Function(`return ${nest("0?1:", "")}`),
  arrows: () => new Function(`return ${nest("x=>", "")}`),
  blocks: () => new Function(nest("{", "}")),
  elses: () => new Function(nest("if(1);else ", "", ";")),
  pattern: () => new Function(`let ${nest("[", "]", "a")} = 1`),
  parse: () => JSON.parse(nest("[", "]")),
  parseObject: () => JSON.parse(nest('{"a":', "}")),
  stringify: () => JSON.stringify(list()),
  text: () => String(list()),
  localeText: () => list().toLocaleString(),
  flat: () => list().flat(Infinity),
  flatCircle: () => {
    const circle = [];
    circle.push(circle);
    return circle.flat(Infinity);
  },
  clone: () => structuredClone(list()),
  group: () => new RegExp(nest("(?:", ")")),
  classes: () => new RegExp(nest("[", "]"), "v"),
  subtraction: () => new RegExp(nest("[a--", "]", "b"), "v"),
  bound: () => bound()(),
  boundNew: () => new (bound())(),
  boundInstance: () => ({}) instanceof bound(),
  proxyGet: () => proxy().x,
  proxySet: () => {
    proxy().x = 1;
  },
  proxyHas: () => "x" in proxy(),
  proxyDelete: () => delete proxy().x,
  proxyDefine: () => Object.defineProperty(proxy(), "x", { value: 1 }),
  proxyDescribe: () => Object.getOwnPropertyDescriptor(proxy(), "x"),
  proxyKeys: () => Reflect.ownKeys(proxy()),
  proxyPrototype: () => Object.getPrototypeOf(proxy()),
  proxySetPrototype: () => Object.setPrototypeOf(proxy(), null),
  proxyExtensible: () => Object.isExtensible(proxy()),
  proxyCall: () => grow(() => 1, (inner) => new Proxy(inner, {}))(),
  proxyHandler: () => grow({}, (inner) => new Proxy({}, inner)).x,
  map: () => [...grow([1].values(), (inner) => inner.map((x) => x))],
  concat: () => [...grow([1].values(), (inner) => Iterator.concat(inner))],
};

export const names = () => Object.keys(cases);

//> attempt(*) GuestError

export const attempt = (name) => {
  cases[name]();
  throw new Error(`${name} came to an end`);
};

//> result() GuestError RangeError

export const result = () => list();
