# Builds a plugin for WebAssembly with `nim c -d:wasm`, by clang with wasi-libc: a plugin's config.nims includes it.

switch("path", currentSourcePath()[0 ..< ^len("/wasm.nims")] & "/src")

when defined(wasm):
  switch("cpu", "wasm32")
  switch("os", "linux")
  switch("cc", "clang")
  switch("mm", "orc")
  switch("exceptions", "goto")
  switch("threads", "off")
  switch("noMain", "on")
  switch("define", "useMalloc")
  switch("define", "noSignalHandler")
  switch("define", "release")
  switch("opt", "size")
  switch("passC", "--target=wasm32-wasi -D_WASI_EMULATED_SIGNAL")
  # The names of the functions stay, for stack traces. An overflow of the stack is a trap, and writes over nothing.
  switch("passL", "--target=wasm32-wasi -mexec-model=reactor -lwasi-emulated-signal -Wl,--strip-debug,--stack-first,-z,stack-size=262144")
