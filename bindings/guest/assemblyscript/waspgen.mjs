#!/usr/bin/env node
// Writes what a wasp plugin in AssemblyScript needs besides its functions, which are ordinary ones:
//
//   waspgen assembly/index.ts
//
// It reads the exported functions of that file and writes assembly/wasp_generated.ts, which is what asc compiles: a function that the
// host calls for each, and the listing of their signatures.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The types, the kind that each passes as, its type in WebAssembly, and what makes one of the other. */
const NUMBER = (kind) => ({ kind, passed: (type) => type, from: (value) => value, to: (value) => value })
const TEXT = { passed: () => 'wasp_WasmString', from: (value) => `wasp_readString(${value})`, to: (value) => `wasp_writeString(${value})` }
const TYPES = new Map([
  ...['i32', 'u32', 'usize', 'isize'].map((type) => [type, NUMBER('i32')]),
  ...['i64', 'u64'].map((type) => [type, NUMBER('i64')]),
  ['f32', NUMBER('f32')],
  ['f64', NUMBER('f64')],
  ['bool', { kind: 'i32', passed: () => 'i32', from: (value) => `${value} != 0`, to: (value) => `i32(${value})` }],
  ['string', { kind: 'string', ...TEXT }],
  ['String', { kind: 'string', ...TEXT }],
  ['Json', { kind: 'json', ...TEXT }],
  [
    'Uint8Array',
    { kind: 'bytes', passed: () => 'wasp_WasmBytes', from: (value) => `wasp_readBytes(${value})`, to: (value) => `wasp_writeBytes(${value})` },
  ],
  ['void', { kind: '', passed: () => 'void', from: (value) => value, to: (value) => value }],
])
const ACCEPTED = [...TYPES.keys()].filter((type) => type !== 'void' && type !== 'String').join(', ')

/** The compiler of the project that this runs in, wherever this file is. */
async function compiler() {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules/assemblyscript/dist/assemblyscript.js')
    if (existsSync(path)) {
      const module = await import(pathToFileURL(path).href)
      return module.default ?? module
    }
    if (folder === dirname(folder)) throw new Error('the package "assemblyscript" is not installed here')
  }
}

function parsed(asc, path) {
  const program = asc.newProgram(asc.newOptions())
  asc.parse(program, readFileSync(path, 'utf8'), basename(path), true)
  const message = asc.nextDiagnostic(program)
  if (message) throw new Error(asc.formatDiagnostic(message))
  return program.sources.at(-1)
}

/** The first paragraph of the comment that ends at `end`, on one line. */
function docs(text, end) {
  const before = text.slice(0, end).trimEnd()
  if (!before.endsWith('*/')) return ''
  const comment = before.slice(before.lastIndexOf('/*')).replace(/^\/\*+|\*+\/$/g, '')
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*?/, '').trim())
  const first = lines.findIndex((line) => line !== '')
  const rest = first < 0 ? [] : lines.slice(first)
  const last = rest.findIndex((line) => line === '' || line.startsWith('@'))
  return (last < 0 ? rest : rest.slice(0, last)).join(' ')
}

function typeOf(node, what) {
  const text = node.range.toString()
  const type = TYPES.get(text)
  if (!type) throw new Error(`${what} is ${text || 'of no type'}, and ${ACCEPTED} are accepted`)
  return { text, ...type }
}

/** Reads an exported function. */
function read(declaration, text) {
  const name = declaration.name.text
  if (declaration.typeParameters?.length) throw new Error(`${name} has type parameters, which no plugin's function has`)
  const params = declaration.signature.parameters.map((param) => {
    if (param.initializer || param.parameterKind !== 0) throw new Error(`${name}: the parameter ${param.name.text} is optional, and the host passes all`)
    return { name: param.name.text, ...typeOf(param.type, `${name}: the parameter ${param.name.text}`) }
  })
  const result = typeOf(declaration.signature.returnType, `${name}: its result`)
  return { name, params, result, docs: docs(text, declaration.range.start) }
}

/** Refuses imports that would pass a string as it is in memory, which compiles and means something else. */
function checkImport(declaration) {
  const { parameters, returnType } = declaration.signature
  const types = [...parameters.map((param) => param.type), returnType].map((type) => type.range.toString())
  const wrong = types.find((type) => ['string', 'String', 'Json', 'Uint8Array'].includes(type))
  if (wrong) {
    throw new Error(`the import ${declaration.name.text} has the type ${wrong}, which the host can't read: declare WasmString or WasmBytes, and use readString, writeString, readBytes and writeBytes`)
  }
}

function shim({ name, params, result }) {
  const head = params.map((param, at) => `arg${at}: ${param.passed(param.text)}`).join(', ')
  const args = params.map((param, at) => param.from(`arg${at}`)).join(', ')
  const call = result.to(`wasp_plugin.${name}(${args})`)
  return `export function ${name}(${head}): ${result.passed(result.text)} {\n  ${result.kind ? 'return ' : ''}${call};\n}\n`
}

function signature({ name, params, result, docs }) {
  const list = params.map((param) => `${param.name}: ${param.kind}`).join(', ')
  return `${name}(${list}) ${result.kind}`.trim() + (docs ? ` # ${docs}` : '')
}

async function main() {
  const [entry] = process.argv.slice(2)
  if (!entry) throw new Error('usage: waspgen assembly/index.ts')
  const asc = await compiler()
  const source = parsed(asc, entry)
  const functions = []
  for (const statement of source.statements) {
    if (statement.kind !== asc.NodeKind.FunctionDeclaration) continue
    if (statement.decorators?.some((decorator) => decorator.name.text === 'external')) checkImport(statement)
    else if (statement.flags & asc.CommonFlags.Export) functions.push(read(statement, source.text))
  }
  if (functions.length === 0) throw new Error(`${entry} exports no function`)
  const listing = JSON.stringify(functions.map((known) => `${signature(known)}\n`).join(''))
  const uses = ['readString', 'writeString', 'readBytes', 'writeBytes', 'WasmString', 'WasmBytes']
  const helpers = uses.map((name) => `${name} as wasp_${name}`).join(', ')
  const code = functions.map(shim).join('\n')
  const file = join(dirname(resolve(entry)), 'wasp_generated.ts')
  writeFileSync(
    file,
    `// Code generated by waspgen. DO NOT EDIT.

import { ${helpers} } from "wasp-guest/assembly";
import * as wasp_plugin from "./${basename(entry, '.ts')}";

export { allocate, deallocate, get_string_size } from "wasp-guest/assembly";

// Made once: the host does not free it.
const wasp_listing = wasp_writeString(${listing});

export function wasp_signatures(): wasp_WasmString {
  return wasp_listing;
}

${code}`,
  )
}

main().catch((error) => {
  console.error(`waspgen: ${error.message}`)
  process.exit(1)
})
