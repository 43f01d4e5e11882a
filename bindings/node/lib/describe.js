'use strict'
// What tools there are, told to those who write programs, language models as a rule.

const { oneOf } = require('./arguments.js')
const { byName } = require('./tools.js')

const CLOSES = { '(': ')', '[': ']', '{': '}' }

/** Splits the parameters of a function's source at their commas, up to the parenthesis that closes them. */
function split(source) {
  const parts = ['']
  const open = []
  for (let at = 0; at < source.length; at++) {
    const char = source[at]
    if (open.length === 0 && char === ')') break
    if (open.length === 0 && char === ',') {
      parts.push('')
      continue
    }
    const quoted = /^(['"`])(?:\\.|(?!\1).)*\1/s.exec(source.slice(at))?.[0]
    parts[parts.length - 1] += quoted ?? char
    if (quoted !== undefined) at += quoted.length - 1
    else if (char in CLOSES) open.push(CLOSES[char])
    else if (char === open.at(-1)) open.pop()
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

/** Returns the parameters of a function as its source has them: their names, and whether they may be left out. */
function parametersOf(call) {
  const source = Function.prototype.toString.call(call).replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '')
  if (/\{\s*\[native code\]\s*\}$/.test(source)) {
    return Array.from({ length: call.length }, (_, at) => ({ name: `arg${at + 1}`, isOptional: false, isRest: false }))
  }
  const single = /^(?:async\s+)?([\w$]+)\s*=>/.exec(source)
  const parts = single === null ? split(source.slice(source.indexOf('(') + 1)) : [single[1]]
  return parts.map((part, at) => {
    const [, dots, name, value] = /^(\.{3})?\s*([A-Za-z_$][\w$]*)?(?:\s*(=))?/.exec(part)
    const isOptional = value !== undefined || /^[[{].*[\]}]\s*=/s.test(part)
    return { name: name ?? `arg${at + 1}`, isOptional, isRest: dots !== undefined }
  })
}

/** A schema's own properties, each with whether it may be left out. */
const properties = ({ properties = {}, required = [] }) =>
  Object.entries(properties).map(([name, schema]) => ({ name, schema, isOptional: !required.includes(name) }))

/** The alternatives of a schema, each as `one` has it; nothing where it is a plain one. */
function alternatives(schema, one) {
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value))
  if ('const' in schema) return [JSON.stringify(schema.const)]
  const any = schema.anyOf ?? schema.oneOf
  if (Array.isArray(any)) return any.map(one)
  return Array.isArray(schema.type) ? schema.type.map((type) => one({ ...schema, type })) : undefined
}

const typescriptTypes = { string: 'string', number: 'number', integer: 'number', boolean: 'boolean', null: 'null' }

function typescriptType(schema) {
  const any = alternatives(Object(schema), typescriptType)
  if (any !== undefined) return any.join(' | ')
  const { type, items, additionalProperties } = Object(schema)
  if (type === 'array') {
    const item = items === undefined ? 'any' : typescriptType(items)
    return item.includes(' | ') ? `(${item})[]` : `${item}[]`
  }
  if (type !== 'object') return typescriptTypes[type] ?? 'any'
  const fields = properties(schema).map(({ name, schema, isOptional }) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
    return `${key}${isOptional ? '?' : ''}: ${typescriptType(schema)}`
  })
  if (fields.length > 0) return `{ ${fields.join('; ')} }`
  const isTyped = typeof additionalProperties === 'object' && additionalProperties !== null
  return `Record<string, ${isTyped ? typescriptType(additionalProperties) : 'any'}>`
}

function typescript({ call, description, name, parameters }) {
  const params =
    parameters === undefined
      ? parametersOf(call).map(({ name, isOptional, isRest }) =>
          isRest ? `...${name}: any[]` : `${name}${isOptional ? '?' : ''}: any`,
        )
      : [`options: ${typescriptType({ type: 'object', ...parameters })}`]
  const lines = description.replaceAll('*/', '* /').split('\n')
  const comment = description === '' ? '' : `/**\n${lines.map((line) => `${` * ${line}`.trimEnd()}\n`).join('')} */\n`
  return `${comment}declare function ${name}(${params.join(', ')}): any`
}

const pythonTypes = {
  string: 'str',
  number: 'float',
  integer: 'int',
  boolean: 'bool',
  null: 'None',
  object: 'dict',
  array: 'list',
}

function pythonType(schema) {
  const { type, items, enum: values, const: value } = Object(schema)
  const literals = values ?? (value === undefined ? undefined : [value])
  const words = new Map([
    [true, 'True'],
    [false, 'False'],
    [null, 'None'],
  ])
  if (Array.isArray(literals)) return `Literal[${literals.map((each) => words.get(each) ?? JSON.stringify(each)).join(', ')}]`
  const any = alternatives(Object(schema), pythonType)
  if (any !== undefined) return any.join(' | ')
  if (type === 'array' && items !== undefined) return `list[${pythonType(items)}]`
  return pythonTypes[type] ?? 'Any'
}

function python({ call, description, name, parameters }) {
  const named = parameters === undefined ? [] : properties(parameters)
  // Those that must be there come first, as Python has it.
  named.sort((a, b) => Number(a.isOptional) - Number(b.isOptional))
  const params =
    parameters === undefined
      ? parametersOf(call).map(({ name, isOptional, isRest }) => (isRest ? `*${name}` : `${name}${isOptional ? '=None' : ''}`))
      : named.map(({ name, schema, isOptional }) => `${name}: ${pythonType(schema)}${isOptional ? ' = None' : ''}`)
  if (named.length > 0) params.unshift('*')
  const head = `def ${name}(${params.join(', ')}):`
  if (description === '') return `${head} ...`
  const text = description.replaceAll('\\', '\\\\').replaceAll('"""', '\\"\\"\\"')
  return `${head}\n    """${text.replaceAll(/\n(?=[^\n])/g, '\n    ')}"""`
}

function schema({ call, description, name, parameters }) {
  const own = parametersOf(call).filter(({ isRest }) => !isRest)
  const read = {
    type: 'object',
    properties: Object.fromEntries(own.map(({ name }) => [name, {}])),
    required: own.filter(({ isOptional }) => !isOptional).map(({ name }) => name),
    additionalProperties: false,
  }
  return { name, description, parameters: parameters ?? read }
}

/** Tells what tools there are: as declarations in TypeScript, as stubs in Python, or as JSON Schema. */
function describe(tools, style = 'typescript') {
  oneOf(style, 'the style', ['typescript', 'python', 'json-schema'])
  const known = [...byName(tools).values()]
  if (style === 'json-schema') return `${JSON.stringify(known.map(schema), null, 2)}\n`
  return `${known.map(style === 'python' ? python : typescript).join('\n\n')}\n`
}

module.exports = { describe }
