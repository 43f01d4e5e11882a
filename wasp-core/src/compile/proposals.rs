//! Which proposals of WebAssembly a module uses.

use crate::base::error::Result;
use crate::compile::binary::Binary;
use crate::compile::refusal::guarded;
use wasmer::sys::wasmparser::{Validator, WasmFeatures};

/// Those that a plugin may use, by the names of docs/proposals.md and in its order.
const PROPOSALS: [(&str, WasmFeatures); 10] = [
    ("import and export of mutable globals", WasmFeatures::MUTABLE_GLOBAL),
    ("sign extension", WasmFeatures::SIGN_EXTENSION),
    ("saturating conversions of floats", WasmFeatures::SATURATING_FLOAT_TO_INT),
    ("multiple values", WasmFeatures::MULTI_VALUE),
    ("reference types", WasmFeatures::REFERENCE_TYPES),
    ("bulk memory", WasmFeatures::BULK_MEMORY),
    ("extended constant expressions", WasmFeatures::EXTENDED_CONST),
    ("several memories", WasmFeatures::MULTI_MEMORY),
    ("fixed-width SIMD", WasmFeatures::SIMD),
    ("exceptions", WasmFeatures::EXCEPTIONS),
];

/// Returns the names of the proposals without which `wasm`, a module that was found valid, would not be.
pub(crate) fn used(wasm: &[u8]) -> Result<Vec<&'static str>> {
    let Binary { bytes, .. } = Binary::read(wasm)?;
    guarded(|| {
        let valid_without = |features: WasmFeatures| {
            Validator::new_with_features(WasmFeatures::all() - features)
                .validate_all(&bytes)
                .is_ok()
        };
        let all = PROPOSALS.iter().map(|(_, feature)| *feature).collect();
        if valid_without(all) {
            return Vec::new();
        }
        let used = PROPOSALS.iter().filter(|(_, feature)| !valid_without(*feature));
        used.map(|(name, _)| *name).collect()
    })
}
