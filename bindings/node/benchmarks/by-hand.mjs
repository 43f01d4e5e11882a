// The plugin on V8's own WebAssembly, with the guest ABI written by hand: as one would who cares for speed.

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export class ByHand {
  #exports
  #memory
  #bytes

  constructor(module, callMe) {
    const imports = {}
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      imports[from] ??= {}
      // EBADF, where it asks WASI for a directory.
      imports[from][name] = () => 8
    }
    imports.env.call_me = (at) => this.#give(callMe(this.#take(at)))
    this.#exports = new WebAssembly.Instance(module, imports).exports
    this.#memory = this.#exports.memory
    this.#exports._initialize?.()
  }

  /** All of its memory; growing replaces the buffer. */
  #view() {
    if (this.#bytes?.buffer !== this.#memory.buffer) this.#bytes = new Uint8Array(this.#memory.buffer)
    return this.#bytes
  }

  #give(text) {
    const size = text.length * 3 + 1
    const at = this.#exports.allocate(size)
    const bytes = this.#view()
    const { written } = encoder.encodeInto(text, bytes.subarray(at, at + size))
    bytes[at + written] = 0
    return at
  }

  #take(at) {
    const bytes = this.#view()
    return decoder.decode(bytes.subarray(at, bytes.indexOf(0, at)))
  }

  /** Calls a function that takes a string and gives one. */
  text(name, text) {
    const at = this.#give(text)
    const result = this.#exports[name](at)
    const answer = this.#take(result)
    this.#exports.deallocate(at, text.length * 3 + 1)
    if (result !== at) this.#exports.deallocate(result, answer.length + 1)
    return answer
  }

  /** Calls a function that gives a string, which is the answer of its callback. */
  callback() {
    const result = this.#exports.callback()
    const answer = this.#take(result)
    this.#exports.deallocate(result, answer.length + 1)
    return answer
  }

  /** Calls a function that takes bytes and gives bytes. */
  data(name, data) {
    const at = this.#exports.allocate(data.length + 4)
    let bytes = this.#view()
    new DataView(bytes.buffer).setUint32(at, data.length, true)
    bytes.set(data, at + 4)
    const result = this.#exports[name](at)
    bytes = this.#view()
    const length = new DataView(bytes.buffer).getUint32(result, true)
    const answer = bytes.slice(result + 4, result + 4 + length)
    this.#exports.deallocate(at, data.length + 4)
    if (result !== at) this.#exports.deallocate(result, length + 4)
    return answer
  }

  sum(a, b) {
    return this.#exports.sum(a, b)
  }
}
