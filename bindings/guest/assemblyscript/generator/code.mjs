// What is compiled besides the plugin's own source.

import { listing } from './functions.mjs'

const USES = ['readString', 'writeString', 'readBytes', 'writeBytes', 'WasmString', 'WasmBytes']
export const USED = `import { ${USES.map((name) => `${name} as wasp_${name}`).join(', ')} } from "wasp-guest/assembly";\n`

/** The module's entry: what the host calls. `resume` says what an instance does before its first call. */
export function entry(functions, plugin, resume = '') {
  const listed = functions.filter(({ name }) => name !== 'wasp_resume')
  const own = functions.length > listed.length ? 'wasp_plugin.wasp_resume();' : ''
  // The last byte keeps the NUL before it in the file: zeros at the end of data are left out.
  const bytes = [...new TextEncoder().encode(listing(listed)), 0, 1]
  return `${USED}import * as wasp_plugin from "./${plugin}";

export { allocate, deallocate, get_string_size } from "wasp-guest/assembly";

// A constant, which tools can read without running the plugin.
export function wasp_signatures(): usize {
  return memory.data<u8>([${bytes}]);
}
${resume || own ? `\nexport function wasp_resume(): void {\n  ${resume}${own}\n}\n` : ''}
${listed.map(called).join('\n')}`
}

/** What the host calls for a function. */
function called({ name, params, result }) {
  const head = params.map((param, at) => `arg${at}: ${param.passed(param.text)}`).join(', ')
  const args = params.map((param, at) => param.from(`arg${at}`)).join(', ')
  const call = result.to(`wasp_plugin.${name}(${args})`)
  return `export function ${name}(${head}): ${result.passed(result.text)} {\n  ${result.kind ? 'return ' : ''}${call};\n}\n`
}

/** A function of the host, with the types that its declaration has. */
export function imported({ name, params, result, module, imported, exported }) {
  const typed = params.map((param, at) => `arg${at}: ${param.text}`).join(', ')
  const passed = params.map((param, at) => `arg${at}: ${param.passed(param.text)}`).join(', ')
  const call = `wasp_import_${name}(${params.map((param, at) => param.to(`arg${at}`)).join(', ')})`
  return `@external(${JSON.stringify(module)}, ${JSON.stringify(imported)})
declare function wasp_import_${name}(${passed}): ${result.passed(result.text)};
${exported ? 'export ' : ''}function ${name}(${typed}): ${result.text} {
  ${result.kind ? 'return ' : ''}${result.from(call)};
}
`
}
