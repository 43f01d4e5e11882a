#!/usr/bin/env node
'use strict'
// The commands of the program `wasp`: npx wasp COMMAND ...

const { join } = require('node:path')
const { command } = require('./native.js')

process.exitCode = command(['wasp', ...process.argv.slice(2)], join(__dirname, 'runtimes'))
