// The same types for CommonJS.

import wasp = require('wasp')

const engine: wasp.Engine = new wasp.Engine()
const sum: number = engine.instance('plugin').call('sum', [3, 2], 'i32')
console.log(sum)
