## How a call fails: with an exception's message, or a defect's.

import std/unicode
import memory

when defined(wasm):
  proc raiseErrorOfHost(message: pointer) {.importc: "wasp_raise_error", codegenDecl: "__attribute__((import_module(\"env\"), import_name(\"raise_error\"))) $# $#$#".}
  # The strings are AssemblyScript's, which this import is from: UTF-16 after its length in bytes.
  proc abortOfHost(message, file: pointer, line, column: uint32) {.importc: "wasp_abort", codegenDecl: "__attribute__((import_module(\"env\"), import_name(\"abort\"), noreturn)) $# $#$#".}

  proc fail*(error: ref CatchableError) =
    ## Tells the host why the call fails, which it does when the plugin's proc returns.
    let message = if error.msg.len > 0: error.msg else: $error.name
    # No NUL may be within.
    raiseErrorOfHost(newStringBlock($cstring(message)))

  proc abort*(defect: ref Defect) =
    ## Ends the call at once.
    var units = newSeq[uint16](2)
    for rune in runes($defect.name & ": " & defect.msg):
      let code = uint32(rune)
      if code < 0x10000:
        units.add uint16(code)
      else:
        units.add uint16(0xD800 + ((code - 0x10000) shr 10))
        units.add uint16(0xDC00 + ((code - 0x10000) and 0x3FF))
    var length = uint32(2 * (units.len - 2))
    copyMem(addr units[0], addr length, 4)
    units.add 0 # there may be no text
    abortOfHost(addr units[2], nil, 0, 0)

  template guarded*(call: untyped) =
    ## Runs the call, and tells the host where it fails.
    try:
      call
    except CatchableError as error:
      fail(error)
    except Defect as defect:
      abort(defect)
    # An exception that was raised while another one was handled stays the current one, and in memory.
    if getCurrentException() != nil:
      setCurrentException(nil)
