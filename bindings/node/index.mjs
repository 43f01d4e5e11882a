import wasp from './index.js'

export const { Engine, Instance, WaspError, inspect } = wasp
