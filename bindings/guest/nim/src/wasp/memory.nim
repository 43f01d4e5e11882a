## The blocks that pass between the host and the plugin, which the host frees when the call is over.

{.used.} # for what it exports, even where nothing else is asked of it

proc malloc(size: csize_t): pointer {.importc, header: "<stdlib.h>".}
proc free(memory: pointer) {.importc, header: "<stdlib.h>".}
proc strlen(text: pointer): csize_t {.importc, header: "<string.h>".}

proc newBlock(size: int): ptr UncheckedArray[byte] =
  result = cast[ptr UncheckedArray[byte]](malloc(csize_t(size)))
  if result == nil:
    raise newException(OutOfMemDefect, "out of memory")

proc newStringBlock*(text: string): pointer =
  ## Returns a copy of the text for the host.
  let memory = newBlock(text.len + 1)
  if text.len > 0:
    copyMem(memory, unsafeAddr text[0], text.len)
  memory[text.len] = 0
  memory

proc newBytesBlock*(data: openArray[byte]): pointer =
  ## Returns a copy of the bytes for the host, after their length.
  let memory = newBlock(data.len + 4)
  var length = uint32(data.len)
  copyMem(memory, addr length, 4)
  if data.len > 0:
    copyMem(addr memory[4], unsafeAddr data[0], data.len)
  memory

proc readString*(memory: pointer): string =
  ## Returns a copy of the text that the host passed.
  result = newString(int(strlen(memory)))
  if result.len > 0:
    copyMem(addr result[0], memory, result.len)

proc readBytes*(memory: pointer): seq[byte] =
  ## Returns a copy of the bytes that the host passed.
  var length: uint32
  copyMem(addr length, memory, 4)
  result = newSeq[byte](int(length))
  if length > 0:
    copyMem(addr result[0], addr cast[ptr UncheckedArray[byte]](memory)[4], int(length))

when defined(wasm):
  # Where memory for malloc begins: the linker knows.
  {.emit: "extern unsigned char __heap_base;".}
  var heapBase {.importc: "__heap_base", nodecl.}: byte

  proc allocate(size: csize_t): pointer {.exportc: "waspAllocate", codegenDecl: "__attribute__((export_name(\"allocate\"), used)) $# $#$#".} =
    malloc(size)

  # Frees what `allocate` and the procs above made. What is constant lies below the heap, and stays.
  proc deallocate(memory: pointer, size: csize_t) {.exportc: "waspDeallocate", codegenDecl: "__attribute__((export_name(\"deallocate\"), used)) $# $#$#".} =
    if cast[uint](memory) >= cast[uint](addr heapBase):
      free(memory)

  proc getStringSize(text: pointer): csize_t {.exportc: "waspGetStringSize", codegenDecl: "__attribute__((export_name(\"get_string_size\"), used)) $# $#$#".} =
    strlen(text)
