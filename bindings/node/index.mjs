import wasp from './index.js'

export const {
  Engine,
  Instance,
  Result,
  RunError,
  Runtime,
  Session,
  Tool,
  ToolError,
  WaspError,
  describe,
  inspect,
  run,
  runSync,
  runtime,
  tool,
} = wasp
