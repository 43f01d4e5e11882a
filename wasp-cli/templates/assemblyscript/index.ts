/** Greets somebody. */
export function hello(name: string): string {
  return "Hello " + name;
}

export function divide(a: i32, b: i32): i32 {
  if (b == 0) throw new Error("nothing can be divided by 0");
  return a / b;
}
