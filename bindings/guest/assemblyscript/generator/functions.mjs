// What a plugin's source offers the host and wants of it.

/** Says what can't be a plugin's, and where it is written. */
export class Refusal extends Error {
  constructor(message, node) {
    super(message)
    this.node = node
  }
}

/** The types, the kind that each passes as, its type in WebAssembly, and what makes one of the other. */
const NUMBER = (kind) => ({ kind, passed: (type) => type, from: (value) => value, to: (value) => value })
const TEXT = {
  passed: () => 'wasp_WasmString',
  from: (value) => `wasp_readString(${value})`,
  to: (value) => `wasp_writeString(${value})`,
}
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
    {
      kind: 'bytes',
      passed: () => 'wasp_WasmBytes',
      from: (value) => `wasp_readBytes(${value})`,
      to: (value) => `wasp_writeBytes(${value})`,
    },
  ],
  ['void', { kind: '', passed: () => 'void', from: (value) => value, to: (value) => value }],
])
const ACCEPTED = [...TYPES.keys()].filter((type) => type !== 'void' && type !== 'String').join(', ')

/** Reads the functions that the host calls. */
export function readExports(asc, source) {
  const functions = []
  for (const statement of source.statements) {
    if (statement.kind === asc.NodeKind.Export) {
      const name = statement.members?.[0]?.exportedName.text ?? '*'
      throw new Refusal(`export { ${name} }: only what is declared by "export function" in this file is the plugin's`, statement)
    }
    if (statement.kind !== asc.NodeKind.FunctionDeclaration) continue
    if (!(statement.flags & asc.CommonFlags.Export) || statement.flags & asc.CommonFlags.Ambient) continue
    functions.push({ ...readFunction(statement), docs: docs(source.text, statement.range.start) })
  }
  if (functions.length === 0) throw new Refusal(`${source.normalizedPath} exports no function`, source)
  return functions
}

/** Reads the functions of the host that take or return what is in memory: asc would pass it as no host has it. */
export function readImports(asc, source) {
  const functions = []
  for (const statement of source.statements) {
    if (statement.kind === asc.NodeKind.NamespaceDeclaration) {
      const member = statement.members.find((member) => isImport(asc, member))
      if (member)
        throw new Refusal(
          `${member.name.text} is declared in a namespace, and only outside of one can it take or return what is in memory`,
          member,
        )
    }
    if (!isImport(asc, statement)) continue
    const external = statement.decorators?.find((decorator) => decorator.name.text === 'external')
    const words = (external?.args ?? []).map((arg) => arg.value)
    // As asc has it, where there are fewer.
    const name = words.at(-1) ?? statement.name.text
    const module = words.length > 1 ? words[0] : source.simplePath
    const exported = Boolean(statement.flags & asc.CommonFlags.Export)
    functions.push({ ...readFunction(statement), statement, module, imported: name, exported })
  }
  return functions
}

function isImport(asc, statement) {
  if (statement.kind !== asc.NodeKind.FunctionDeclaration || !(statement.flags & asc.CommonFlags.Ambient)) return false
  const { parameters, returnType } = statement.signature
  const types = [...parameters.map((param) => param.type), returnType]
  return types.some((type) => /\b(string|String|Json|Uint8Array)\b/.test(type.range.toString()))
}

function readFunction(declaration) {
  const name = declaration.name.text
  if (declaration.typeParameters?.length)
    throw new Refusal(`${name} has type parameters, which no plugin's function has`, declaration.name)
  const params = declaration.signature.parameters.map((param) => {
    if (param.initializer || param.parameterKind !== 0) {
      throw new Refusal(`${name}: the parameter ${param.name.text} is optional, and all are passed`, param)
    }
    return { name: param.name.text, ...typeOf(param.type, `${name}: the parameter ${param.name.text}`, declaration) }
  })
  return { name, params, result: typeOf(declaration.signature.returnType, `${name}: its result`, declaration) }
}

function typeOf(node, what, declaration) {
  const text = node.range.toString()
  const type = TYPES.get(text)
  if (!type) throw new Refusal(`${what} is ${text || 'of no type'}, and ${ACCEPTED} are accepted`, text ? node : declaration.name)
  return { text, ...type }
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

/** The lines of a listing, as section 6 of the guest ABI has it. */
export function listing(functions) {
  return functions.map((known) => `${signature(known)}\n`).join('')
}

function signature({ name, params, result, docs }) {
  const list = params.map((param) => `${param.name}: ${param.kind}`).join(', ')
  return `${name}(${list}) ${result.kind}`.trim() + (docs ? ` # ${docs}` : '')
}
