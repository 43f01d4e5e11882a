// Fresh runs of programs, beside new processes of this Node: prints p50, p95 and p99 of each.
//
//   runs.sh [RUNS]

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { runtime } from 'wasp'

const count = Number(process.argv[2] ?? 2000)
const turns = 10
const rows = Array.from({ length: 100 }, (_, at) => ({ name: `item ${at}`, price: at }))
const total = rows.reduce((sum, row) => sum + row.price, 0)
const tools = { lookup: (name) => ({ name, age: 42 }) }

const javascript = {
  print: 'console.log(6 * 7)',
  inputs: 'rows.reduce((sum, row) => sum + row.price, 0)',
  tool: "lookup('Nic').age",
}
const programs = {
  javascript,
  lua: {
    print: 'print(6 * 7)',
    inputs: 'local sum = 0 for _, row in ipairs(rows) do sum = sum + row.price end return sum',
    tool: "lookup('Nic').age",
  },
  pocketpy: { print: 'print(6 * 7)', inputs: "sum([row['price'] for row in rows])", tool: "lookup('Nic')['age']" },
}
const native = {
  print: javascript.print,
  inputs: `const rows = JSON.parse(require('node:fs').readFileSync(0)); console.log(${javascript.inputs})`,
}
const names = { print: 'print', inputs: 'inputs, 100 rows of JSON', tool: 'a tool' }
const expected = { print: [undefined, '42\n'], inputs: [total, ''], tool: [42, ''] }

function check(item, { value, stdout }) {
  // A side that doesn't do its work would win.
  assert.deepEqual([value, stdout], expected[item])
}

function inProcess(item) {
  const input = item === 'inputs' ? JSON.stringify(rows) : ''
  return () => {
    const { stdout } = spawnSync(process.execPath, ['-e', native[item]], { input, encoding: 'utf8' })
    assert.equal(stdout, item === 'print' ? '42\n' : `${total}\n`)
  }
}

const runtimes = Object.keys(programs).map((language) => runtime(language))
// What compiles meanwhile has an end.
await new Promise((resolve) => setTimeout(resolve, 5000))

const at = (times, percent) => times[Math.min(times.length - 1, Math.floor((times.length * percent) / 100))].toFixed(3)
const lines = ['| program | where | runs | p50 ms | p95 ms | p99 ms |', '|---|---|--:|--:|--:|--:|']
for (const item of Object.keys(names)) {
  const sides = runtimes.flatMap((each) => {
    const code = programs[each.language][item]
    const options = { ...(item === 'inputs' && { inputs: { rows } }), ...(item === 'tool' && { tools }) }
    return [
      [`wasp, ${each.language}`, count, async () => check(item, await each.run(code, options))],
      [`wasp, ${each.language}, runSync`, count, () => check(item, each.runSync(code, options))],
    ]
  })
  if (item in native) sides.push(['a process, node', count / 10, inProcess(item)])
  const times = new Map(sides.map(([name]) => [name, []]))
  for (let turn = 0; turn <= turns; turn++) {
    for (const [name, runs, run] of sides) {
      for (let each = 0; each < Math.max(1, Math.floor(runs / turns)); each++) {
        const started = performance.now()
        await run()
        // The first turn warms up.
        if (turn > 0) times.get(name).push(performance.now() - started)
      }
    }
  }
  for (const [name, taken] of times) {
    taken.sort((a, b) => a - b)
    lines.push(`| ${names[item]} | ${name} | ${taken.length} | ${at(taken, 50)} | ${at(taken, 95)} | ${at(taken, 99)} |`)
  }
}
console.log(lines.join('\n'))
if (process.env.RESULTS) appendFileSync(process.env.RESULTS, `\n## Fresh runs from Node\n\n${lines.join('\n')}\n`)
