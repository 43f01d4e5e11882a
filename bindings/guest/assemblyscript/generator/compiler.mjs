// The compiler of the project that this runs in, wherever this file is: npm installs a local package as a link.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Returns asc's classes and constants. */
export async function compiler() {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules/assemblyscript/dist/assemblyscript.js')
    if (existsSync(path)) {
      const module = await import(pathToFileURL(path).href)
      return module.default ?? module
    }
    if (folder === dirname(folder)) throw new Error('the package "assemblyscript" is not installed here')
  }
}
