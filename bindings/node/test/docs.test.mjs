// Programs on the pages print what the pages say. Those of the README are tested with the runs.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const pages = ['run-untrusted-code.md', 'security-model.md', 'limits.md', 'tools.md', 'results.md']

/** A program, and what it prints where that comes next. */
const block = /^```js\n(.*?)^```\n+(?:```text\n(.*?)^```$)?/gms

for (const page of pages) {
  const programs = [...readFileSync(join(process.env.WASP_DOCS, page), 'utf8').matchAll(block)]
  programs.forEach(([, code, printed = ''], at) => {
    test(`${page}, program ${at + 1}`, () => {
      const folder = mkdtempSync(join(import.meta.dirname, 'page-'))
      try {
        writeFileSync(join(folder, 'program.mjs'), code)
        assert.equal(execFileSync(process.execPath, ['program.mjs'], { cwd: folder, encoding: 'utf8' }), printed)
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  })
}
