// Modules that know nothing of wasp, from npm: their functions take and give addresses, and so do their callbacks. What is expected
// of them is in bindings/foreign, for the tests of Python too.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Engine, WaspError } from 'wasp'

const cases = (file) => JSON.parse(readFileSync(join(process.env.WASP_FOREIGN, file), 'utf8'))

function read(path) {
  const file = join(process.env.WASP_FOREIGN_MODULES, 'node_modules', path)
  assert(existsSync(file), `${file} isn't there: bindings/foreign/modules.sh fetches it from npm`)
  return readFileSync(file)
}

const readJavaScript = (path) => Buffer.from(/["'](AGFzb[^"']+)/.exec(read(path).toString())[1], 'base64')

const integers = (count) => Array(count).fill('i32')

/** Parsers by llhttp, one at a time. */
class Http {
  static types = { request: 1, response: 2 }

  constructor(file) {
    const env = {}
    for (const name of ['url', 'status', 'header_field', 'header_value', 'body'])
      env[`wasm_on_${name}`] = { params: integers(3), returns: 'i32', call: (_, ...span) => this.span(name, ...span) }
    for (const [name, count] of Object.entries({ message_begin: 1, headers_complete: 4, message_complete: 1 }))
      env[`wasm_on_${name}`] = { params: integers(count), returns: 'i32', call: (_, ...numbers) => this.event(name, numbers) }
    this.engine = new Engine()
    this.engine.register('llhttp', readJavaScript(`undici/lib/llhttp/${file}`), { callbacks: { env } })
  }

  span(name, address, length) {
    const data = this.plugin.memory.read(address, length)
    const last = this.seen.at(-1)
    if (last?.[0] === name) last[1] = Buffer.concat([last[1], data])
    else this.seen.push([name, data])
    return 0
  }

  event(name, numbers) {
    this.seen.push([name, ...numbers])
    const answer = this.answers[name] ?? 0
    if (answer instanceof Error) throw answer
    return answer
  }

  begin(plugin, type, answers = {}) {
    Object.assign(this, { plugin, answers, seen: [] })
    this.parser = plugin.call('llhttp_alloc', [Http.types[type]], 'i32')
    this.buffer = plugin.call('malloc', [4096], 'i32')
  }

  execute(data) {
    this.plugin.memory.write(this.buffer, data)
    return this.plugin.call('llhttp_execute', [this.parser, this.buffer, data.length], 'i32')
  }

  finish() {
    return this.plugin.call('llhttp_finish', [this.parser], 'i32')
  }

  error(number) {
    return {
      name: this.plugin.call('llhttp_errno_name', [number], 'string'),
      reason: this.plugin.call('llhttp_get_error_reason', [this.parser], 'string'),
    }
  }

  position() {
    return this.plugin.call('llhttp_get_error_pos', [this.parser], 'i32') - this.buffer
  }

  events() {
    return this.seen.map(([name, ...more]) => [name, ...more.map((each) => (Buffer.isBuffer(each) ? each.toString() : each))])
  }

  /** Parses `data` in pieces of `size` bytes and returns the error, if there is one. */
  parse(data, size) {
    for (let start = 0; start < data.length; start += size) {
      const number = this.execute(data.subarray(start, start + size))
      if (number !== 0) return { ...this.error(number), at: start + this.position() }
    }
    const number = this.finish()
    return number === 0 ? undefined : this.error(number)
  }
}

for (const file of ['llhttp-wasm.js', 'llhttp_simd-wasm.js']) {
  test(`HTTP is parsed in pieces of any size, by ${file}`, () => {
    const http = new Http(file)
    for (const { name, type, input, events, error } of cases('http.json')) {
      const data = Buffer.from(input)
      for (let size = 1; size <= data.length; size++) {
        const plugin = http.engine.instance('llhttp')
        http.begin(plugin, type)
        const met = http.parse(data, size)
        assert.deepEqual([http.events(), met], [events, error], `${name}, in pieces of ${size} bytes`)
        plugin.close()
      }
    }
  })
}

test('HTTP is parsed on a worker', async () => {
  const http = new Http('llhttp-wasm.js')
  const { type, input, events } = cases('http.json').find(({ name }) => name === 'a chunked response')
  const plugin = http.engine.instance('llhttp')
  http.begin(plugin, type)
  plugin.memory.write(http.buffer, Buffer.from(input))
  assert.equal(await plugin.callAsync('llhttp_execute', [http.parser, http.buffer, Buffer.byteLength(input)], 'i32'), 0)
  assert.deepEqual(http.events(), events)
})

test('a callback answers HTTP', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'
  const response = Buffer.from(`${head}hello`)
  const http = new Http('llhttp-wasm.js')
  const plugin = http.engine.instance('llhttp')

  // What a response to HEAD says of its body doesn't follow.
  http.begin(plugin, 'response', { headers_complete: 1 })
  assert.equal(http.execute(Buffer.from(`${head}HTTP/1.1 204 No Content\r\n\r\n`)), 0)
  const heads = http.events().filter(([name]) => name === 'headers_complete')
  assert.deepEqual(
    heads.map(([, status]) => status),
    [200, 204],
  )

  http.begin(plugin, 'response', { headers_complete: 21 })
  assert.equal(http.error(http.execute(response)).name, 'HPE_PAUSED')
  assert.deepEqual(http.events().at(-1), ['headers_complete', 200, 0, 1])
  const rest = response.subarray(http.position())
  plugin.call('llhttp_resume', [http.parser], 'none')
  assert.equal(http.execute(rest), 0)
  assert.deepEqual(http.events().slice(-2), [['body', 'hello'], ['message_complete']])

  http.begin(plugin, 'response', { message_complete: -1 })
  assert.equal(http.error(http.execute(response)).reason, '`on_message_complete` callback error')

  const refusal = new Error('not now')
  http.begin(plugin, 'response', { message_begin: refusal })
  assert.throws(
    () => http.execute(response),
    (thrown) => thrown === refusal,
  )
  assert.throws(
    () => http.finish(),
    (thrown) => thrown instanceof WaspError && thrown.code === 'POISONED',
  )
  plugin.reset()
  http.begin(plugin, 'response')
  assert.equal(http.execute(response), 0)
  assert.deepEqual(http.events().at(-1), ['message_complete'])
})

test("an MD5 is the host's", () => {
  const engine = new Engine()
  engine.register('md5', readJavaScript('hash-wasm/dist/md5.umd.min.js'))
  const plugin = engine.instance('md5')
  const buffer = plugin.call('Hash_GetBuffer', [], 'i32')
  const size = 16384
  for (const length of [0, 1, 55, 56, 57, 63, 64, 65, size - 1, size, size + 1, (1 << 20) + 5]) {
    const data = Buffer.from(Array.from({ length }, (_, index) => (index * index + length) % 251))
    plugin.call('Hash_Init', [], 'none')
    for (let start = 0; start < length; start += size) {
      const piece = data.subarray(start, start + size)
      plugin.memory.write(buffer, piece)
      plugin.call('Hash_Update', [piece.length], 'none')
    }
    plugin.call('Hash_Final', [], 'none')
    assert.deepEqual(plugin.memory.read(buffer, 16), createHash('md5').update(data).digest(), `of ${length} bytes`)
  }
})

/** Source maps by source-map. Rows are as in the file of cases. */
class SourceMaps {
  rows = []

  constructor() {
    const engine = new Engine()
    const mapping_callback = { params: integers(10), call: (...mapping) => this.mapping(...mapping) }
    engine.register('maps', read('source-map/lib/mappings.wasm'), { callbacks: { env: { mapping_callback } } })
    this.plugin = engine.instance('maps')
  }

  mapping(line, column, hasLast, last, hasOriginal, source, originalLine, originalColumn, hasName, name) {
    const original = hasOriginal ? [source, originalLine, originalColumn] : [null, null, null]
    this.rows.push([line, column, hasLast ? last : null, ...original, hasName ? name : null])
  }

  parse(mappings) {
    const address = this.plugin.call('allocate_mappings', [mappings.length], 'i32')
    this.plugin.memory.write(address, Buffer.from(mappings))
    return this.plugin.call('parse_mappings', [address], 'i32')
  }

  ask(name, ...args) {
    this.rows = []
    this.plugin.call(name, args, 'none')
    return this.rows
  }
}

test('a source map is decoded', () => {
  const { mappings, decoded: rows, errors } = cases('source-map.json')
  const maps = new SourceMaps()
  const decoded = maps.parse(mappings)
  assert.deepEqual(
    maps.ask('by_generated_location', decoded),
    rows.map(([line, column, _, ...more]) => [line, column, null, ...more]),
  )
  maps.ask('compute_column_spans', decoded)
  assert.deepEqual(maps.ask('by_generated_location', decoded), rows)
  const originals = rows.filter((row) => row[3] !== null).sort((a, b) => a[3] - b[3] || a[4] - b[4] || a[5] - b[5])
  assert.deepEqual(maps.ask('by_original_location', decoded), originals)
  // At the place, or the last before it (1), or the first after it (2).
  assert.deepEqual(maps.ask('original_location_for', decoded, 0, 30, 1), [rows[5]])
  assert.deepEqual(maps.ask('original_location_for', decoded, 0, 30, 2), [rows[6]])
  assert.deepEqual(maps.ask('generated_location_for', decoded, 1, 1, 3, 1), [rows[11]])
  assert.deepEqual(maps.ask('all_generated_locations_for', decoded, 0, 1, 0, 0), rows.slice(4, 7))
  maps.ask('free_mappings', decoded)
  for (const { mappings, error, because } of errors) {
    assert.equal(maps.parse(mappings), 0)
    assert.equal(maps.plugin.call('get_last_error', [], 'i32'), error, because)
  }
})

test('a source map that grows memory', () => {
  const maps = new SourceMaps()
  const { size } = maps.plugin.memory
  const [lines, columns] = [100, 1000]
  // Each a column and an original line further.
  const decoded = maps.parse(Array(lines).fill(Array(columns).fill('CACA').join()).join(';'))
  assert(maps.plugin.memory.size > size)
  const row = (_, index) => [Math.floor(index / columns), (index % columns) + 1, null, 0, index + 1, 0, null]
  assert.deepEqual(maps.ask('by_generated_location', decoded), Array.from({ length: lines * columns }, row))
})
