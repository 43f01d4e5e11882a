// A script of a kilobyte, as one writes them: some state, a class, and functions that use them.

const greetings = { en: 'Hello', de: 'Hallo', fr: 'Bonjour', es: 'Hola' }
const seen = new Map()

class Counter {
  #count = 0

  constructor(step = 1) {
    this.step = step
  }

  next() {
    this.#count += this.step
    return this.#count
  }
}

const counter = new Counter(2)

/** Greets somebody. */
export function hello(name, language = 'en') {
  seen.set(name, counter.next())
  return `${greetings[language]} ${name}`
}

/** Says who was greeted, and in which order. */
export function names() {
  return [...seen].sort(([, a], [, b]) => a - b).map(([name]) => name)
}

/** The mean and the largest of some numbers. */
export function statistics(numbers) {
  if (numbers.length === 0) throw new RangeError('there are no numbers')
  const sum = numbers.reduce((a, b) => a + b, 0)
  return { mean: sum / numbers.length, most: Math.max(...numbers) }
}

export async function later(value) {
  await null
  return value
}
