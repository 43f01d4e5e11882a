// What costs an interpreter time: calls and sums, its own native code, and regular expressions.

const records = []
for (let i = 0; i < 1000; i++) {
  const tags = [`tag${i % 7}`, 'plain', `zoë${i % 3}`]
  records.push({ id: i, name: `record number ${i}`, price: i / 8, isActive: i % 2 === 0, tags, parent: null })
}
const json = JSON.stringify(records)

let text = ''
for (let i = 0; i < 200; i++) text += `Line ${i}: write to user.${i}@example${i}.org, not to @nobody, before ${1900 + i}-12-24.\n`

export function fibonacci(n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2)
}

/** Reads and writes the text so many times, and returns how often it came out the same. */
export function roundtrip(n) {
  let same = 0
  for (let i = 0; i < n; i++) if (JSON.stringify(JSON.parse(json)) === json) same++
  return same
}

/** Counts the addresses in the text. */
export function find(n) {
  let found = 0
  for (let i = 0; i < n; i++) found += text.match(/\b[\w.]+@(?:[a-z0-9]+\.)+[a-z]{2,}\b/g).length
  return found
}
