// Runs snippets as a model writes them, each in a fresh sandbox, with the same tools: as for requests of many users.

import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { RunError, runtime, ToolError, tool } from 'wasp'

const orders = {
  7: [
    { name: 'tea', price: 4 },
    { name: 'cake', price: 5 },
  ],
  8: [
    { name: 'tea', price: 4 },
    { name: 'kettle', price: 40 },
  ],
}
const languages = { '.js': 'javascript', '.lua': 'lua', '.py': 'pocketpy' }

async function find_order(number) {
  if (!Object.hasOwn(orders, number)) throw new ToolError(`there is no order ${number}`)
  return { number, items: orders[number] }
}

const refund = (number, amount) => `refunded ${amount} of order ${number}`

const tools = [
  tool(find_order, { description: 'Returns an order, with its items: their names and prices.' }),
  tool(refund, { description: 'Refunds an amount of an order.', maxCalls: 1 }),
]
const gate = (name, [, amount]) => name !== 'refund' || amount <= 20 || 'a refund of more than 20 needs a person'

// Prepared once; each run is fresh.
const limits = { timeout: 500, memory: '64MB', toolCalls: 20 }
const runtimes = Object.fromEntries(Object.values(languages).map((language) => [language, runtime(language, { limits })]))

/** Returns what the model is told of its snippet. */
async function answer(snippet) {
  const code = readFileSync(new URL(`snippets/${snippet}`, import.meta.url), 'utf8')
  const result = await runtimes[languages[extname(snippet)]].run(code, { tools, gate })
  const printed = result.stdout.replaceAll(/(.*)\n/g, 'printed $1\n')
  try {
    return printed + JSON.stringify(result.unwrap())
  } catch (error) {
    if (error instanceof RunError) return printed + error.message
    throw error
  }
}

for (const snippet of readdirSync(new URL('snippets', import.meta.url)).sort()) {
  console.log(`${snippet}: ${await answer(snippet)}`)
}
