// Text: what is no UTF-8, half surrogates, NULs.

//> same("a\0b") == "a\0b"

export const same = (x) => x;

//> half() == "a\ufffdb"

export const half = () => "a\ud800b";

//> thrownHalf() GuestError a\ufffdb

export const thrownHalf = () => {
  throw new Error("a\ud800b");
};

//> thrownNul() GuestError a\\u{0}b

export const thrownNul = () => {
  throw new Error("a\0b");
};

//> thrownOdd(0) GuestError an exception without a text
//> thrownOdd(1) GuestError null
//> thrownOdd(2) GuestError an exception without a text
//> thrownOdd(3) GuestError x

export const thrownOdd = (which) => {
  const odd = new Error("x");
  Object.defineProperty(odd, "stack", {
    get() {
      throw 2;
    },
  });
  throw [Symbol("x"), null, Object.create(null), odd][which];
};

const decode = (...bytes) => new TextDecoder().decode(new Uint8Array(bytes));

// As WHATWG's Encoding counts: one U+FFFD for each longest beginning of a character.
//> broken() == "\ufffdA \ufffd\ufffd\ufffd\ufffd \ufffd\ufffd \ufffd\ufffd \ufffd"

export const broken = () =>
  decode(0xe2, 0x82, 0x41, 0x20, 0xf0, 0x9f, 0x98, 0xed, 0xa0, 0x80, 0x20, 0xc0, 0x80, 0x20, 0xf8, 0xff, 0x20, 0xf4);

//> whole() == "\u20ac\U0001f600"

export const whole = () => decode(0xef, 0xbb, 0xbf, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80);

//> stream() == "\ufeff\u20ac\U0001f600\ufffd"

export const stream = () => {
  const decoder = new TextDecoder("utf8");
  let text = "\ufeff";
  for (const byte of [0xef, 0xbb, 0xbf, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xe2]) {
    text += decoder.decode(new Uint8Array([byte]), { stream: true });
  }
  return text + decoder.decode();
};

//> fatal(b"\xc3\xa9") == "\xe9"
//> fatal(b"\xef\xbf\xbd") == "\ufffd"
//> fatal(b"\xc3") GuestError TypeError: the bytes are no UTF-8

export const fatal = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

//> view() == b"\x02\x03"

export const view = () => new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2);

//> detached() GuestError TypeError: a detached buffer can't be passed to the host

export const detached = () => {
  const buffer = new ArrayBuffer(8);
  buffer.transfer();
  return buffer;
};
