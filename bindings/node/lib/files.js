'use strict'
// The workspaces of programs: the files that they are given, and those that they leave.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const { tmpdir } = require('node:os')
const { dirname, join } = require('node:path')
const { isAnyArrayBuffer } = require('node:util/types')
const { list, text } = require('./arguments.js')

/** Returns where a file is in the workspace. */
function place(path) {
  const what = `the file "${text(path, "a file's path")}"`
  const full = path.startsWith('/') ? path : `/workspace/${path}`
  const [first, ...parts] = full.split('/').filter((part) => part !== '' && part !== '.')
  if (first !== 'workspace' || parts.includes('..') || path.includes('\0')) {
    throw new RangeError(
      `${what} is not within /workspace, where a program finds its files: "data.csv" and "/workspace/data.csv" are`,
    )
  }
  if (parts.length === 0) throw new RangeError(`${what} is the workspace itself, and not a file`)
  return parts.join('/')
}

/** Checks files: their paths in the workspace, each with its content. */
function given(files = {}) {
  if (typeof files !== 'object' || files === null) throw new TypeError('files is not an object')
  return Object.entries(files).map(([path, content]) => {
    const isContent =
      typeof content === 'string' || content instanceof URL || ArrayBuffer.isView(content) || isAnyArrayBuffer(content)
    if (isContent) return { path: place(path), content: isAnyArrayBuffer(content) ? new Uint8Array(content) : content }
    throw new TypeError(`the file "${path}" is ${typeof content}, and text, bytes or the URL of a file is accepted`)
  })
}

/** Checks patterns of paths: in them, * is any text, and ? is any character. */
function patterns(collect = []) {
  return list(collect, 'the patterns of collect').map((pattern) => {
    const literal = place(pattern).replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    return new RegExp(`^${literal.replace(/\*+/g, '.*').replaceAll('?', '.')}$`, 'su')
  })
}

/** Those that exist now, so that none is left where the process ends by process.exit(). */
const workspaces = new Set()

function clean() {
  for (const workspace of workspaces) removeSync(workspace)
}

function keep(workspace) {
  if (workspaces.size === 0) process.once('exit', clean)
  workspaces.add(workspace)
  return workspace
}

function forget(workspace) {
  workspaces.delete(workspace)
  if (workspaces.size === 0) process.removeListener('exit', clean)
}

const prefix = () => join(tmpdir(), 'wasp-')

/** Makes a workspace, with files as `given` returns them. */
async function make(files) {
  const workspace = keep(await fs.promises.mkdtemp(prefix()))
  try {
    for (const { path, content } of files) {
      const target = join(workspace, path)
      await fs.promises.mkdir(dirname(target), { recursive: true })
      if (content instanceof URL) await fs.promises.copyFile(content, target)
      else await fs.promises.writeFile(target, content)
    }
  } catch (error) {
    await remove(workspace)
    throw error
  }
  return workspace
}

function makeSync(files) {
  const workspace = keep(fs.mkdtempSync(prefix()))
  try {
    for (const { path, content } of files) {
      const target = join(workspace, path)
      fs.mkdirSync(dirname(target), { recursive: true })
      if (content instanceof URL) fs.copyFileSync(content, target)
      else fs.writeFileSync(target, content)
    }
  } catch (error) {
    removeSync(workspace)
    throw error
  }
  return workspace
}

/** Node's own rm has whole paths, of which a program may make longer ones than the system takes. */
const removeDeep = (workspace) => execFileSync('rm', ['-rf', '--', workspace], { stdio: 'ignore' })

async function remove(workspace) {
  try {
    await fs.promises.rm(workspace, { recursive: true, force: true })
  } catch {
    removeDeep(workspace)
  }
  forget(workspace)
}

function removeSync(workspace) {
  try {
    fs.rmSync(workspace, { recursive: true, force: true })
  } catch {
    removeDeep(workspace)
  }
  forget(workspace)
}

/** What is in a directory, if its path isn't too long. */
function entries(directory) {
  try {
    return fs.readdirSync(directory, { withFileTypes: true })
  } catch (error) {
    if (error.code === 'ENAMETOOLONG') return []
    throw error
  }
}

/** Finds the files whose paths match, as long as they have no more than `most` bytes. Links are left alone: they may lead anywhere. */
function find(wanted, workspace, most) {
  const found = []
  let isTruncated = false
  let left = most
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entries(join(workspace, folder))) {
      const inner = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) folders.push(inner)
      if (!entry.isFile() || !wanted.some((pattern) => pattern.test(inner))) continue
      const path = join(workspace, inner)
      const { size } = fs.lstatSync(path)
      if (size > left) {
        isTruncated = true
      } else {
        left -= size
        found.push([inner, path])
      }
    }
  }
  return { found: found.sort(([a], [b]) => (a < b ? -1 : 1)), isTruncated }
}

/** Returns the bytes of the files whose paths match, by path, and whether some were left out because of `most`. */
async function collect(wanted, workspace, most) {
  const { found, isTruncated } = find(wanted, workspace, most)
  const files = []
  for (const [inner, path] of found) files.push([inner, await fs.promises.readFile(path)])
  // Not by assignment: a program may call a file __proto__.
  return { files: Object.fromEntries(files), isTruncated }
}

function collectSync(wanted, workspace, most) {
  const { found, isTruncated } = find(wanted, workspace, most)
  return { files: Object.fromEntries(found.map(([inner, path]) => [inner, fs.readFileSync(path)])), isTruncated }
}

module.exports = { collect, collectSync, given, make, makeSync, patterns, remove, removeSync }
