// Makes a wasp plugin of ordinary functions, while asc compiles them:
//
//   asc assembly/index.ts --transform wasp-guest -o plugin.wasm
//
// The exported functions of that file are what the host calls, with a listing of their signatures. Functions of the host are declared with
// ordinary types. What AssemblyScript's own library asks of a host (console, Date, Math.random and others) is asked by WASI.

import { readFileSync } from 'node:fs'
import { entry, imported, USED } from './generator/code.mjs'
import { compiler } from './generator/compiler.mjs'
import { listing, Refusal, readExports, readImports } from './generator/functions.mjs'

/** Where the standard library finds what is the host's. */
const DOM = '~lib/bindings/dom'
const SYSTEM = '~lib/bindings/wasp'

/** Kinds of sources, and a runtime, whose names asc doesn't export. */
const [USER, ENTRY] = [0, 1]
const INCREMENTAL = 2

export default class WaspTransform {
  async afterParse(parser) {
    this.asc = await compiler()
    try {
      this.useWasi(parser)
      if (this.program.options.runtime !== INCREMENTAL) {
        throw new Refusal('the runtime must be "incremental": the others never free the memory that a call leaves behind')
      }
      const own = parser.sources.filter(({ internalPath }) => !internalPath.startsWith('~lib/'))
      this.imports = own.flatMap((source) => this.passImports(parser, source))
      this.passExports(
        parser,
        own.filter(({ sourceKind }) => sourceKind === ENTRY),
      )
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.program.error(this.asc.DiagnosticCode.User_defined_0, error.node?.range ?? null, error.message)
    }
  }

  /** Tells tests, which have the place of the host, what the host's functions take and return. */
  afterCompile(module) {
    if (this.imports.length > 0) module.addCustomSection('wasp.imports', new TextEncoder().encode(listing(this.imports)))
  }

  /** Puts the functions of WASI in the place of those that the standard library imports. */
  useWasi(parser) {
    parser.parseFile(readFileSync(new URL('assembly/system.ts', import.meta.url), 'utf8'), `${SYSTEM}.ts`, false)
    const names = ['Date', 'console', 'crypto', 'performance']
    const dom = parser.sources.find(({ internalPath }) => internalPath === DOM)
    const others = dom.statements.filter((statement) => !names.includes(statement.name?.text))
    dom.statements = [...others, ...this.parsed(parser, `export { ${names} } from "./wasp";`, dom)]
    const aliases = (this.program.options.globalAliases ??= new Map())
    // What the command line says comes first.
    for (const name of ['trace', 'seed', 'process']) if (!aliases.has(name)) aliases.set(name, `${SYSTEM}/${name}`)
  }

  /** Gives the host's functions the types that they are declared with. */
  passImports(parser, source) {
    const functions = readImports(this.asc, source)
    if (functions.length === 0) return []
    const code = this.parsed(parser, USED + functions.map(imported).join(''), source)
    const declared = new Set(functions.map(({ statement }) => statement))
    source.statements = [...source.statements.filter((statement) => !declared.has(statement)), ...code]
    return functions.map((known) => ({ ...known, name: `${known.module}.${known.imported}` }))
  }

  /** Makes the functions of the entry the plugin's. */
  passExports(parser, entries) {
    // One that is written by hand exports what the host needs itself.
    const isByHand = ({ statements }) =>
      statements.some(({ members }) => members?.some?.(({ exportedName }) => exportedName?.text === 'allocate'))
    if (entries.some(isByHand)) return
    if (entries.length !== 1) throw new Refusal(`${entries.length} files are compiled, and 1 is accepted`, entries[1])
    const [plugin] = entries
    const functions = readExports(this.asc, plugin)
    // What was drawn before the snapshot would be drawn by every instance.
    const draws = parser.sources.some(
      ({ internalPath, text }) => !/^~lib\/(builtins|math|bindings\/.*)$/.test(internalPath) && /\brandom\b/.test(text),
    )
    const resume = draws ? 'NativeMath.seedRandom(reinterpret<i64>(seed()));' : ''
    plugin.sourceKind = USER
    const path = plugin.normalizedPath.replace(/[^/]*$/, 'wasp_generated.ts')
    parser.parseFile(entry(functions, plugin.simplePath, resume), path, true)
    this.program.options.exportStart ??= '_initialize'
  }

  /** The statements of a text, which become a part of a source: they have its path, by which asc finds what they name. */
  parsed(parser, text, { internalPath, normalizedPath }) {
    parser.donelog.delete(internalPath)
    parser.parseFile(text, normalizedPath, false)
    return parser.sources.pop().statements
  }
}
