// What is large, or does more than it seems to. Whatever comes of it, it is no trap, and the instance goes on.
const big = 2 ** 29 + 1;
const lengthy = () => {
  const array = [];
  array.length = big;
  return array;
};
const shrinking = (use) => {
  const buffer = new ArrayBuffer(64, { maxByteLength: 1024 });
  const array = new Uint8Array(buffer);
  const shrink = { valueOf: () => (buffer.resize(1), 3) };
  return use(array, shrink, buffer);
};
const detaching = (use) => {
  const buffer = new ArrayBuffer(64);
  const array = new Uint8Array(buffer);
  const detach = { valueOf: () => (buffer.detached || buffer.transfer(), 3) };
  return use(array, detach, buffer);
};
const both = (use) => [shrinking, detaching].map((how) => {
  try {
    return String(how(use)).length;
  } catch (error) {
    return error.name;
  }
});
const truncating = (use) => {
  const array = Array.from({ length: 100 }, (_, i) => ({ i }));
  return use(array, { valueOf: () => ((array.length = 0), (array.length = 50), 99) });
};

const cases = {
  // A size of 32 bits has no room for 8 times their length.
  reversed: () => lengthy().toReversed(),
  with: () => lengthy().with(0, 1),
  sorted: () => lengthy().toSorted(),
  spliced: () => lengthy().toSpliced(0, 0),
  withLike: () => Array.prototype.with.call({ length: big }, 0, 1),
  repeat: () => "x".repeat(2 ** 40),
  padStart: () => "x".padStart(2 ** 31),
  floats: () => new Float64Array(big),
  floatsFrom: () => Float64Array.from({ length: big }),
  buffer: () => new ArrayBuffer(2 ** 32 + 8),
  viewOf: () => new Float64Array(new ArrayBuffer(8), 0, big),
  bigint: () => 2n ** (2n ** 30n),
  shift: () => 1n << (2n ** 31n),
  asIntN: () => [BigInt.asIntN(64, 2n ** 64n), BigInt.asUintN(2 ** 31, 1n), BigInt.asIntN(0, 5n)].join(),
  arguments: () => Math.max(...Array(3e5).fill(1)),
  // Buffers that shrink or are detached while a method of theirs reads its arguments.
  fill: () => both((array, change) => array.fill(change)),
  set: () => both((array, change) => array.set([1, change, 2], 1)),
  setOffset: () => both((array, change) => array.set([1, 2, 3], change)),
  copyWithin: () => both((array, change) => array.copyWithin(change, 8, 60)),
  slice: () => both((array, change) => array.slice(change)),
  subarray: () => both((array, change) => array.subarray(change)),
  subarrayNew: () => both((array, change) => array.subarray(0, change)[2]),
  indexOf: () => both((array, change) => array.indexOf(0, change)),
  lastIndexOf: () => both((array, change) => array.lastIndexOf(0, change)),
  includes: () => both((array, change) => array.includes(undefined, change)),
  withElement: () => both((array, change) => array.with(1, change)),
  store: () => both((array, change) => (array[60] = change)),
  sort: () => both((array, change) => array.sort(() => +change)),
  sortedArray: () => both((array, change) => array.toSorted(() => +change)),
  mapped: () => both((array, change) => array.map(() => +change)),
  join: () => both((array, change) => array.join({ toString: () => (+change, "") })),
  view: () => both((_, change, buffer) => new DataView(buffer).setUint8(60, change)),
  viewOffset: () => both((_, change, buffer) => new DataView(buffer).getFloat64(change)),
  viewNew: () => both((_, change, buffer) => new DataView(buffer, change).byteLength),
  typedNew: () => both((_, change, buffer) => new Uint8Array(buffer, change, 8).length),
  typedFrom: () => both((array, change) => Uint8Array.from(array, () => +change).length),
  typedIterator: () => both((array, change) => new Uint16Array(Object.assign([1, 2], {
    *[Symbol.iterator]() {
      yield +change;
      yield array.length;
    },
  }))),
  species: () => both((array, change, buffer) => {
    array.constructor = { [Symbol.species]: function () {
      return +change, new Uint8Array(buffer);
    } };
    return array.slice(0, 32);
  }),
  speciesArray: () => {
    const array = [1, 2, 3];
    array.constructor = { [Symbol.species]: () => array };
    return [array.map(() => (array.length = 0)), array.splice(0, 1), array.concat([1])].join();
  },
  transferOwn: () => both((array, change, buffer) => buffer.transfer(change).byteLength),
  sliceBuffer: () => both((_, change, buffer) => buffer.slice(change).byteLength),
  resizeOwn: () => both((_, change, buffer) => buffer.resize(change)),
  result: () => both((array, change) => JSON.stringify([array, { toJSON: () => +change }, array])),
  // Arrays that change while a method of theirs reads its arguments.
  arrayIndexOf: () => truncating((array, change) => array.indexOf(1, change)),
  arrayLastIndexOf: () => truncating((array, change) => array.lastIndexOf(1, change)),
  arrayIncludes: () => truncating((array, change) => array.includes(1, change)),
  arraySlice: () => truncating((array, change) => array.slice(0, change).length),
  arraySplice: () => truncating((array, change) => array.splice(0, change).length),
  arrayFill: () => truncating((array, change) => array.fill(1, 0, change).length),
  arrayCopyWithin: () => truncating((array, change) => array.copyWithin(0, 10, change).length),
  arraySort: () => truncating((array, change) => array.sort(() => change - 98).length),
  arrayJoin: () => truncating((array, change) => array.join({ toString: () => String(+change) }).length),
  arrayFlat: () => truncating((array, change) => array.flat(change).length),
  arrayConcat: () => truncating((array, change) => array.concat({ length: change, [Symbol.isConcatSpreadable]: true }).length),
  arrayAt: () => truncating((array, change) => String(array.at(change))),
  arrayWith: () => truncating((array, change) => array.with(change, 1).length),
  arrayToSpliced: () => truncating((array, change) => array.toSpliced(0, change).length),
  lastIndex: () => {
    const regex = /a/g;
    regex.lastIndex = { valueOf: () => (regex.compile("b+", "y"), 5) };
    return [regex.test("aaaaaaaa"), "ab".replace(regex, () => (regex.compile("(x)(y)", "g"), "z"))].join();
  },
  regexExec: () => {
    const regex = /./g;
    regex.exec = () => ({ index: 1e9, length: 1e9, 0: "x" });
    return "abc".replace(regex, "$1$2$&$`$'").length;
  },
  iteratorConcat: () => {
    const iterator = Iterator.concat({
      [Symbol.iterator]: () => ({ next: () => iterator.next() }),
    });
    return iterator.next();
  },
  iteratorReturn: () => {
    const iterator = Iterator.concat([1, 2], { [Symbol.iterator]: () => ({ next: () => (iterator.return(), { value: 1 }) }) });
    return [iterator.next(), iterator.next(), iterator.next(), iterator.next()].length;
  },
  generatorReentry: () => {
    const generator = (function* () {
      yield generator.next();
    })();
    return generator.next();
  },
  mapDelete: () => {
    const map = new Map([[1, 1], [2, 2]]);
    for (const [key] of map) map.delete(key), key < 1000 && map.set(key + 1, 1);
    map.forEach((_, key) => map.clear());
    return map.size;
  },
  groupBy: () => Object.keys(Object.groupBy([1, 2], (x) => (Object.prototype[x] = 1, x))).length,
  then: () => {
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    const hijacked = Object.assign(Promise.resolve(1), { then: (resolve) => resolve(2) });
    return hijacked.constructor === Promise;
  },
  prototype: () => JSON.parse('{"__proto__":{"polluted":true}}').polluted === true && ({}).polluted === undefined,
  functions: () => Function.prototype.constructor.constructor("return typeof process + typeof require + typeof std + typeof os")(),
  stackTrace: () => {
    Error.prepareStackTrace = (_, frames) => frames;
    const { stack } = new Error("x");
    Error.prepareStackTrace = undefined;
    return Array.isArray(stack);
  },
  proxyResult: () => JSON.stringify(new Proxy({}, { ownKeys: () => ["a"], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }), get: () => () => 1 })),
};

export const names = () => Object.keys(cases);

//> attempt(*) GuestError or a value

export const attempt = (name) => {
  const result = cases[name]();
  return typeof result === "string" ? result : String(result).slice(0, 100);
};
