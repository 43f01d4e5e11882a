## What a wasp plugin written in Nim needs: `exported` is for procs that the host may call, `imported` for those that it provides.
##
## .. code-block:: nim
##   import wasp
##
##   proc callMe(name: string): string {.imported("env", "call_me").}
##
##   proc hello(name: string): string {.exported.} =
##     ## Greets somebody.
##     "Hello " & name
##
##   proc introduce(): string {.exported.} = callMe("Nic")
##
## Text, bytes and JSON are copied: what a proc gets is its own.

import std/[macros, strutils]
import wasp/[failure, memory, values]

export failure, values

var listing = "" ## The signatures of the procs.

proc signatures*(): string =
  ## Returns what the host is told of the procs: a line for each.
  listing

proc declare*(line: string) =
  ## Adds a line to the listing.
  listing.add line & "\n"

proc paragraph(procedure: NimNode): string =
  ## Returns the first paragraph of a proc's comment, on one line.
  for statement in procedure.body:
    if statement.kind == nnkCommentStmt:
      for line in statement.strVal.split('\n'):
        if line.strip.len == 0:
          break
        result.add (if result.len > 0: " " else: "") & line.strip
    break

proc parameters(procedure: NimNode): seq[(NimNode, NimNode)] =
  ## Returns the names of a proc's parameters, and their types.
  if procedure[2].kind != nnkEmpty:
    error("the host calls procs of one type each, and this one is generic", procedure)
  for definitions in procedure.params[1 .. ^1]:
    if definitions[^1].kind != nnkEmpty:
      error("the host passes all parameters, and this one has a default", definitions)
    for name in definitions[0 .. ^3]:
      result.add (name, definitions[^2])

proc isNone(output: NimNode): bool =
  ## Returns whether a proc has no result.
  output.kind == nnkEmpty or output.eqIdent("void")

macro exported*(procedure: untyped): untyped =
  ## Lets the host call this proc, under its name. A `CatchableError` makes the call fail with its message; a `Defect` ends it, and the
  ## host must reset the instance then.
  let
    name = procedure.name
    shim = ident("waspExport_" & $name)
    call = newCall(name)
    output = procedure.params[0]
    kinds = newCall(bindSym"signature", newLit($name))
    types = nnkBracket.newTree()
    shimParams = nnkFormalParams.newTree(newEmptyNode())
  for (param, T) in procedure.parameters:
    types.add nnkTupleConstr.newTree(newLit($param), newCall(bindSym"kindOf", T, newLit($name & ": the parameter " & $param)))
    shimParams.add newIdentDefs(param, newCall(bindSym"Raw", T))
    call.add newCall(bindSym"fromHost", T, param)
  kinds.add prefix(types, "@")
  let body =
    if output.isNone:
      kinds.add newLit("")
      call
    else:
      kinds.add newCall(bindSym"kindOf", output, newLit($name & ": its result"))
      shimParams[0] = newCall(bindSym"Raw", output)
      newAssignment(ident"result", newCall(bindSym"toHost", call))
  kinds.add newLit(procedure.paragraph)
  let
    declaration = newLit("__attribute__((export_name(\"" & $name & "\"), used)) $# $#$#")
    pragmas = nnkPragma.newTree(ident"exportc", newColonExpr(ident"codegenDecl", declaration))
    entry = nnkProcDef.newTree(shim, newEmptyNode(), newEmptyNode(), shimParams, pragmas, newEmptyNode(),
      newCall(ident"guarded", newStmtList(body)))
  quote do:
    `procedure`
    declare(static(`kinds`))
    when defined(wasm):
      `entry`

proc missingInTest*(name: string) {.noreturn.} =
  raise newException(AssertionDefect, "the host's function " & name & " is called in a test, which has to set it")

macro imported*(module, name: static string, procedure: untyped): untyped =
  ## Declares a proc that the host provides. Where it fails, the plugin's call ends there and fails with it.
  ##
  ## Without a host, in a test, it is a variable that has to be set: `callMe = proc (name: string): string = "Hello " & name`.
  let
    raw = ident("waspImport_" & $procedure.name)
    output = procedure.params[0]
    call = newCall(raw)
    rawParams = nnkFormalParams.newTree(newEmptyNode())
  for (param, T) in procedure.parameters:
    rawParams.add newIdentDefs(param, newCall(bindSym"Raw", T))
    call.add newCall(bindSym"toHost", param)
  let hosted = copyNimTree(procedure)
  hosted.pragma = newEmptyNode()
  if output.isNone:
    hosted.body = newStmtList(call)
  else:
    rawParams[0] = newCall(bindSym"Raw", output)
    hosted.body = newStmtList(newCall(bindSym"fromHost", output, call))
  let
    attributes = "__attribute__((import_module(\"" & module & "\"), import_name(\"" & name & "\"))) $# $#$#"
    pragmas = nnkPragma.newTree(ident"importc", newColonExpr(ident"codegenDecl", newLit(attributes)))
    extern = nnkProcDef.newTree(raw, newEmptyNode(), newEmptyNode(), rawParams, pragmas, newEmptyNode(), newEmptyNode())
    missing = newCall(bindSym"missingInTest", newLit(module & "." & name))
    mock = newProc(newEmptyNode(), procedure.params[0 .. ^1], missing, nnkLambda)
    T = nnkProcTy.newTree(procedure.params, newEmptyNode())
    # The first child is the name with the star that exports it.
    variable = nnkVarSection.newTree(newIdentDefs(procedure[0], T, mock))
  quote do:
    when defined(wasm):
      `extern`
      `hosted`
    else:
      `variable`

when defined(wasm):
  proc nimMain() {.importc: "NimMain".}

  proc start() {.exportc: "wasp_start", codegenDecl: "__attribute__((constructor)) $# $#$#".} =
    # The C library's `_initialize`, which the host calls once, runs it.
    nimMain()

  var told: pointer # made once, and never freed

  proc waspSignatures(): pointer {.exportc, codegenDecl: "__attribute__((export_name(\"wasp_signatures\"), used)) $# $#$#".} =
    if told == nil:
      told = listing.toHost
    told
