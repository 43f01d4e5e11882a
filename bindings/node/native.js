'use strict'
// Finds the addon: beside this file, as a build in the tree leaves it, or in the package of this platform.

const { existsSync } = require('node:fs')
const { join } = require('node:path')

const platforms = {
  'darwin-arm64': ['wasp-darwin-arm64'],
  'darwin-x64': ['wasp-darwin-x64'],
  'linux-arm64': ['wasp-linux-arm64-gnu', 'wasp-linux-arm64-musl'],
  'linux-x64': ['wasp-linux-x64-gnu', 'wasp-linux-x64-musl'],
}

function load() {
  const local = join(__dirname, 'wasp.node')
  if (existsSync(local)) return require(local)
  const platform = `${process.platform}-${process.arch}`
  const packages = platforms[platform]
  if (packages === undefined) {
    throw new Error(`wasp has no package for ${platform}; there are ${Object.keys(platforms).join(', ')}`)
  }
  // npm installs the one that fits the C library.
  for (const name of packages) {
    try {
      return require(name)
    } catch (error) {
      if (error.code === 'MODULE_NOT_FOUND' && error.message.includes(`'${name}'`)) continue
      throw new Error(`wasp found its package "${name}" but it does not load: ${error.message}`, { cause: error })
    }
  }
  const musl = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime
  const missing = packages[musl ? 1 : 0]
  throw new Error(
    `wasp needs the package "${missing}", which is not installed: it is an optional dependency, so install without ` +
      `--omit=optional and on the platform that runs it, or add it with \`npm install ${missing}\``,
  )
}

module.exports = load()
