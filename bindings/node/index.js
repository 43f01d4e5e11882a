'use strict'

const { Engine, inspect } = require('./lib/engine.js')
const { WaspError } = require('./lib/error.js')
const { Instance } = require('./lib/instance.js')

module.exports = { Engine, Instance, WaspError, inspect }
