// Greets by a plugin: hello PLUGIN.

import { Engine } from 'wasp'

const engine = new Engine()
engine.register('greeter', process.argv[2])
console.log(engine.instance('greeter').functions.hello('Nic'))
