/** Greets somebody. */
export function hello(name) {
  return `Hello ${name}`
}

export function divide(a, b) {
  if (b === 0) throw new RangeError('nothing can be divided by 0')
  return a / b
}
