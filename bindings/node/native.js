'use strict'
// Finds the addon: beside this file, as a build in the tree leaves it, or among those that the package brings along.

const { existsSync, readdirSync } = require('node:fs')
const { join } = require('node:path')

const folder = join(__dirname, 'native')

function platform() {
  if (process.platform !== 'linux') return `${process.platform}-${process.arch}`
  const musl = !process.report.getReport().header.glibcVersionRuntime
  return `linux-${process.arch}-${musl ? 'musl' : 'gnu'}`
}

function load() {
  const local = join(__dirname, 'wasp.node')
  if (existsSync(local)) return require(local)
  const name = platform()
  const addon = join(folder, `${name}.node`)
  if (!existsSync(addon)) {
    const brought = existsSync(folder) ? readdirSync(folder).map((file) => file.replace(/\.node$/, '')) : []
    throw new Error(
      `wasp has no native half for "${name}", only for ${brought.sort().join(', ') || 'nothing'}: ` +
        'build the package on that platform with bindings/node/test.sh pack',
    )
  }
  try {
    return require(addon)
  } catch (error) {
    throw new Error(`wasp found its native half "${name}" but it does not load: ${error.message}`, { cause: error })
  }
}

module.exports = load()
