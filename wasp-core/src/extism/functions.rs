//! The functions of `extism:host/env`, by their names and types.

use wasmer::{FunctionType, Type};

/// The module that plugins of Extism import them from.
pub(crate) const MODULE: &str = "extism:host/env";

/// A function of `extism:host/env`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Alloc,
    Free,
    Length,
    LengthUnsafe,
    LoadU8,
    LoadU64,
    StoreU8,
    StoreU64,
    InputOffset,
    InputLength,
    InputLoadU8,
    InputLoadU64,
    InputSet,
    OutputSet,
    OutputOffset,
    OutputLength,
    ErrorSet,
    ErrorGet,
    Reset,
    MemoryBytes,
    ConfigGet,
    VarGet,
    VarSet,
    GetLogLevel,
    LogTrace,
    LogDebug,
    LogInfo,
    LogWarn,
    LogError,
    HttpRequest,
    HttpStatusCode,
    HttpHeaders,
}

const I32: Type = Type::I32;
const I64: Type = Type::I64;

/// All of them, with their parameters and results.
const ALL: [(&str, Function, &[Type], &[Type]); 32] = [
    ("alloc", Function::Alloc, &[I64], &[I64]),
    ("free", Function::Free, &[I64], &[]),
    ("length", Function::Length, &[I64], &[I64]),
    ("length_unsafe", Function::LengthUnsafe, &[I64], &[I64]),
    ("load_u8", Function::LoadU8, &[I64], &[I32]),
    ("load_u64", Function::LoadU64, &[I64], &[I64]),
    ("store_u8", Function::StoreU8, &[I64, I32], &[]),
    ("store_u64", Function::StoreU64, &[I64, I64], &[]),
    ("input_offset", Function::InputOffset, &[], &[I64]),
    ("input_length", Function::InputLength, &[], &[I64]),
    ("input_load_u8", Function::InputLoadU8, &[I64], &[I32]),
    ("input_load_u64", Function::InputLoadU64, &[I64], &[I64]),
    ("input_set", Function::InputSet, &[I64, I64], &[]),
    ("output_set", Function::OutputSet, &[I64, I64], &[]),
    ("output_offset", Function::OutputOffset, &[], &[I64]),
    ("output_length", Function::OutputLength, &[], &[I64]),
    ("error_set", Function::ErrorSet, &[I64], &[]),
    ("error_get", Function::ErrorGet, &[], &[I64]),
    ("reset", Function::Reset, &[], &[]),
    ("memory_bytes", Function::MemoryBytes, &[], &[I64]),
    ("config_get", Function::ConfigGet, &[I64], &[I64]),
    ("var_get", Function::VarGet, &[I64], &[I64]),
    ("var_set", Function::VarSet, &[I64, I64], &[]),
    ("get_log_level", Function::GetLogLevel, &[], &[I32]),
    ("log_trace", Function::LogTrace, &[I64], &[]),
    ("log_debug", Function::LogDebug, &[I64], &[]),
    ("log_info", Function::LogInfo, &[I64], &[]),
    ("log_warn", Function::LogWarn, &[I64], &[]),
    ("log_error", Function::LogError, &[I64], &[]),
    ("http_request", Function::HttpRequest, &[I64, I64], &[I64]),
    ("http_status_code", Function::HttpStatusCode, &[], &[I32]),
    ("http_headers", Function::HttpHeaders, &[], &[I64]),
];

impl Function {
    /// Returns the function `name`, if there is one.
    pub(crate) fn find(name: &str) -> Option<Self> {
        ALL.iter().find(|(known, ..)| *known == name).map(|(_, function, ..)| *function)
    }

    fn entry(self) -> &'static (&'static str, Self, &'static [Type], &'static [Type]) {
        // They stand in the order of their numbers, as a test says.
        &ALL[self as usize]
    }

    /// Returns its name.
    pub(crate) fn name(self) -> &'static str {
        self.entry().0
    }

    /// Returns its WebAssembly type.
    pub(crate) fn ty(self) -> FunctionType {
        let (_, _, params, results) = self.entry();
        FunctionType::new(*params, *results)
    }
}

/// Returns the names of all.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, ..)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_name_and_type() {
        for (name, function, params, results) in ALL {
            assert_eq!(function.name(), name);
            assert_eq!(Function::find(name), Some(function));
            assert_eq!((function.ty().params(), function.ty().results()), (params, results));
        }
        assert_eq!(Function::find("allocate"), None);
    }
}
