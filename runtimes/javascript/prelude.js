// What scripts find besides the language itself. `host` has the functions of globals.c.
(function (host) {
  "use strict";

  const define = (object, name, value) =>
    Object.defineProperty(object, name, { value, writable: true, enumerable: false, configurable: true });

  // Shows values as a log should: text as it is, errors with their stack, other objects as JSON.
  const show = (value) => {
    if (typeof value === "string") return value;
    if (value instanceof Error) return value.stack ? `${value}\n${value.stack.trimEnd()}` : String(value);
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "function") return `[function ${value.name}]`;
    if (typeof value !== "object" || value === null) return String(value);
    try {
      return JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? `${inner}n` : inner)) ?? String(value);
    } catch {
      return Object.prototype.toString.call(value);
    }
  };
  const logger = (isError) => (...values) => host.print(values.map(show).join(" "), isError);
  const console = {};
  for (const name of ["log", "info", "debug", "warn", "error", "trace"]) {
    define(console, name, logger(["warn", "error", "trace"].includes(name)));
    Object.defineProperty(console[name], "name", { value: name });
  }
  define(globalThis, "console", console);

  define(Math, "random", host.random);

  const { apply } = Reflect;
  const [bufferOf, offsetOf, lengthOf] = ["buffer", "byteOffset", "byteLength"].map(
    (name) => Object.getOwnPropertyDescriptor(DataView.prototype, name).get,
  );
  const Bytes = Uint8Array;
  const bytesOf = (data) => {
    if (data === undefined) return new Uint8Array();
    if (data instanceof ArrayBuffer) return new Uint8Array(data);
    if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    throw new TypeError("an ArrayBuffer or a view of one is accepted");
  };

  class TextEncoder {
    get encoding() {
      return "utf-8";
    }
    encode(text = "") {
      return host.encode(String(text));
    }
    encodeInto(text, into) {
      let read = 0;
      let written = 0;
      for (const char of String(text)) {
        const bytes = host.encode(char);
        if (written + bytes.length > into.length) break;
        into.set(bytes, written);
        written += bytes.length;
        read += char.length;
      }
      return { read, written };
    }
  }

  class TextDecoder {
    #fatal;
    #ignoreBOM;
    // What an earlier part of a stream ended with, and whether it had any text.
    #rest = new Uint8Array();
    #hasBegun = false;
    constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
      if (!/^\s*(utf-?8|unicode-1-1-utf-8)\s*$/i.test(label)) throw new RangeError(`the encoding ${label} isn't there: utf-8 is`);
      this.#fatal = Boolean(fatal);
      this.#ignoreBOM = Boolean(ignoreBOM);
    }
    get encoding() {
      return "utf-8";
    }
    get fatal() {
      return this.#fatal;
    }
    get ignoreBOM() {
      return this.#ignoreBOM;
    }
    decode(data, { stream = false } = {}) {
      let bytes = bytesOf(data);
      if (this.#rest.length > 0) {
        const joined = new Uint8Array(this.#rest.length + bytes.length);
        joined.set(this.#rest);
        joined.set(bytes, this.#rest.length);
        bytes = joined;
      }
      const end = bytes.length - (stream ? host.incomplete(bytes) : 0);
      const isFirst = !this.#hasBegun;
      this.#rest = bytes.slice(end);
      this.#hasBegun = Boolean(stream) && (this.#hasBegun || end > 0);
      const text = host.decode(bytes.subarray(0, end), this.#fatal);
      return isFirst && text.startsWith("\ufeff") && !this.#ignoreBOM ? text.slice(1) : text;
    }
  }
  define(globalThis, "TextEncoder", TextEncoder);
  define(globalThis, "TextDecoder", TextDecoder);

  const crypto = {};
  define(crypto, "getRandomValues", function getRandomValues(array) {
    if (!ArrayBuffer.isView(array) || !/^(Big)?(Int|Uint)/.test(Object.prototype.toString.call(array).slice(8))) {
      throw new TypeError("a typed array of integers is accepted");
    }
    bytesOf(array).set(host.randomBytes(array.byteLength));
    return array;
  });
  define(crypto, "randomUUID", function randomUUID() {
    const bytes = host.randomBytes(16);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  });
  define(globalThis, "crypto", crypto);

  const cannotClone = (what) => new DOMException(`${what} can't be cloned`, "DataCloneError");
  // The structured clone of HTML, without transfers: what refers to itself does so in the copy.
  const clone = (value, seen) => {
    if (typeof value === "function" || typeof value === "symbol") throw cannotClone(`a ${typeof value}`);
    if (typeof value !== "object" || value === null) return value;
    if (seen.has(value)) return seen.get(value);
    const keep = (copy) => (seen.set(value, copy), copy);
    if (value instanceof Date) return keep(new Date(value.getTime()));
    if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
    if (value instanceof ArrayBuffer) return keep(value.slice(0));
    if (ArrayBuffer.isView(value)) {
      const buffer = clone(value.buffer, seen);
      const Type = value.constructor;
      return keep(new Type(buffer, value.byteOffset, value.length ?? value.byteLength));
    }
    if ([Boolean, Number, String, BigInt].some((Type) => value instanceof Type)) return keep(Object(value.valueOf()));
    if (value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef || value instanceof Promise) {
      throw cannotClone(Object.prototype.toString.call(value));
    }
    if (value instanceof Map) {
      const copy = keep(new Map());
      for (const [key, item] of [...value]) copy.set(clone(key, seen), clone(item, seen));
      return copy;
    }
    if (value instanceof Set) {
      const copy = keep(new Set());
      for (const item of [...value]) copy.add(clone(item, seen));
      return copy;
    }
    if (value instanceof Error) {
      const types = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
      const Type = Object.hasOwn(types, value.name) ? types[value.name] : Error;
      const copy = keep(new Type(value.message));
      define(copy, "stack", value.stack);
      if (Object.hasOwn(value, "cause")) define(copy, "cause", clone(value.cause, seen));
      return copy;
    }
    const copy = keep(Array.isArray(value) ? new Array(value.length) : {});
    for (const key of Object.keys(value)) {
      Object.defineProperty(copy, key, { value: clone(value[key], seen), writable: true, enumerable: true, configurable: true });
    }
    return copy;
  };
  define(globalThis, "structuredClone", function structuredClone(value, { transfer = [] } = {}) {
    if (arguments.length === 0) throw new TypeError("there is no value to clone");
    if (transfer.length > 0) throw cannotClone("what is to be transferred");
    return clone(value, new Map());
  });

  const skipped = /\/\*[^]*?\*\/|\/\/.*|"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'|`(?:\\[^]|[^`\\])*`/g;
  // Sticky, as are those below: without that, quickjs-ng looks for a beginning everywhere.
  const simple = /(?:async\s+)?(?:function[\s*]*)?[\w$]*\s*\(([\w$\s,]*)\)/y;
  // The names of a function's parameters, from its own text, as far as they are plain names.
  const parameters = (text, count) => {
    if (text.endsWith("[native code]\n}")) return Array.from({ length: count }, (_, at) => `argument${at + 1}`);
    // Most are plain names, which need no look at the rest of the text.
    simple.lastIndex = 0;
    const plainly = simple.exec(text)?.[1].trim().replace(/\s*,$/, "");
    if (plainly !== undefined) return plainly === "" ? [] : plainly.split(",").map((part) => part.trim());
    // A comma or a parenthesis in a comment or a string is none.
    const plain = text.replace(skipped, (part) => (part.startsWith("/") ? " " : '""'));
    const arrow = /^(?:async\s+)?([\w$\x80-\uffff]+)\s*=>/.exec(plain);
    if (arrow) return [arrow[1]];
    const parts = [""];
    let depth = 0;
    for (const char of plain.slice(plain.indexOf("(") + 1)) {
      if (char === ")" && depth === 0) break;
      if ("([{".includes(char)) depth++;
      if (")]}".includes(char)) depth--;
      if (char === "," && depth === 0) parts.push("");
      else parts[parts.length - 1] += char;
    }
    return parts
      .map((part) => part.split("=")[0].trim())
      .filter((part, at) => part !== "" || at < parts.length - 1)
      .filter((part) => !part.startsWith("..."))
      .map((part, at) => (/^[\w$\x80-\uffff]+$/.test(part) ? part : `argument${at + 1}`));
  };
  const exported =
    /export\s+(?:(default)\b|(?:(?:async\s+)?function[\s*]+|(?:const|let|var)\s+)([\w$\x80-\uffff]+))/y;
  // Where each exported name is declared: at the beginning of a line.
  const declarations = (source) => {
    const places = new Map();
    for (let at = source.indexOf("export"); at >= 0; at = source.indexOf("export", at + 6)) {
      let start = at;
      while (source[start - 1] === " " || source[start - 1] === "\t") start--;
      if (start > 0 && source[start - 1] !== "\n") continue;
      exported.lastIndex = at;
      const match = exported.exec(source);
      if (match) places.set(match[1] ?? match[2], start);
    }
    return places;
  };
  // What the comment right above the export of `name` says, up to its first tag or empty line, on one line.
  const documentation = (source, at = -1) => {
    // A longer comment is none that a listing should have.
    const above = source.slice(Math.max(0, at - 4096), Math.max(0, at));
    let end = above.endsWith("\n") ? above.length - 1 : above.length;
    let lines = [];
    if (above.endsWith("*/", end) || above.endsWith("*/\r", end)) {
      const start = above.lastIndexOf("/*");
      const text = above[start + 2] === "*" ? above.slice(start + 3, above.lastIndexOf("*/")) : "";
      lines = text.split("\n").map((line) => line.replace(/^\s*\*?/, "").trim());
    } else {
      for (let start = end; end >= 0; end = start - 1) {
        start = above.lastIndexOf("\n", end - 1) + 1;
        const line = above.slice(start, end).trim();
        if (!line.startsWith("//")) break;
        lines.unshift(line.slice(2).trim());
      }
    }
    if (lines[0] === "") lines.shift();
    const last = lines.findIndex((line) => line === "" || line.startsWith("@"));
    return lines.slice(0, last < 0 ? undefined : last).join(" ").replace(/[\0-\x1f\x7f-\x9f]/g, " ");
  };
  const toText = Function.prototype.toString;

  return {
    declarations,
    sort: (names) => names.sort(),
    // The bytes of a DataView, by no code of the script.
    bytes: (view) => new Bytes(apply(bufferOf, view, []), apply(offsetOf, view, []), apply(lengthOf, view, [])),
    // The line of a function in the listing; none for what can't be called, or has a name that no line can have.
    line: (name, value, source, places) => {
      const text = typeof value === "function" ? toText.call(value) : "class";
      if (/class\b/y.test(text)) return undefined;
      // Made only where it is needed: the tables of Unicode take their time.
      if (!/[\w$]+$/y.test(name) && new RegExp("[(#\\p{C}]", "u").test(name)) return undefined;
      const list = parameters(text, value.length).map((parameter) => `${parameter}: any`);
      const said = documentation(source, places.get(name));
      return `${name}(${list.join(", ")}) any${said && ` # ${said}`}\n`;
    },
  };
});
