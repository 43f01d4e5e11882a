include "wasp-guest/wasm.nims"
