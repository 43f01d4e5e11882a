include "../../../../bindings/guest/nim/wasm.nims"
