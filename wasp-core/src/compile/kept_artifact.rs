//! wasmer's artifact as it is kept: what wasmer would do at each load is done once.

use crate::compile::trace_data::TraceData;
use std::sync::Arc;
use wasmer::Module;
use wasmer_compiler::serialize::{
    MetadataHeader, RkyvSerializableCompilation, SerializableCompilation, SerializableModule,
};
use wasmer_compiler::types::relocation::{Relocation, RelocationKind, RelocationTarget};
use wasmer_compiler::{ArtifactBuild, ArtifactCreate, FunctionExtent};
use wasmer_types::entity::PrimaryMap;
use wasmer_types::{DeserializeError, LocalFunctionIndex, SerializeError};

/// Returns the artifact of a module that was compiled, not loaded, and what only traces need of it.
pub(super) fn of(module: &Module) -> Result<(Vec<u8>, Vec<u8>), SerializeError> {
    let wrong = |error: &dyn ToString| SerializeError::Generic(error.to_string());
    let mut kept = read(&module.serialize()?).map_err(|error| wrong(&error))?;
    let SerializableCompilation::Rkyv(compilation) = &mut kept.compilation else {
        return Err(wrong(&"it is no artifact of our compilers"));
    };
    let info = Arc::make_mut(&mut kept.compile_info.module);
    let trace_data = TraceData::take(info, &mut compilation.function_frame_info);
    link_calls(module, compilation);
    Ok((ArtifactBuild::from_serializable(kept).serialize()?, trace_data))
}

fn read(artifact: &[u8]) -> Result<SerializableModule, DeserializeError> {
    let archive = artifact.get(ArtifactBuild::MAGIC_HEADER.len() + MetadataHeader::LEN..);
    let archive = SerializableModule::archive_from_slice_checked(archive.unwrap_or_default())?;
    SerializableModule::deserialize_from_archive(archive)
}

/// Where wasmer has put the functions of a module.
type Extents = PrimaryMap<LocalFunctionIndex, FunctionExtent>;

/// Links the functions' calls of each other, of which Go has tens of thousands. They are relative, and wasmer puts functions one
/// behind the other by their lengths alone: wherever it loads them, they are as far apart.
fn link_calls(module: &Module, compilation: &mut RkyvSerializableCompilation) {
    let extents = module.sys_artifact().and_then(|artifact| artifact.finished_function_extents());
    let extents: Extents = extents.unwrap_or_default().into_iter().map(|(_, one)| one).collect();
    for (function, relocations) in &mut compilation.function_relocations {
        let code = &mut compilation.function_bodies[function].body;
        relocations.retain(|relocation| !link(relocation, function, code, &extents));
    }
}

/// Links one call in `code`, the function `caller`, as wasmer would. Returns whether it was one of these.
fn link(
    relocation: &Relocation,
    caller: LocalFunctionIndex,
    code: &mut [u8],
    extents: &Extents,
) -> bool {
    let Relocation { kind, reloc_target, offset, addend } = relocation;
    let (RelocationKind::X86CallPCRel4, RelocationTarget::LocalFunc(callee)) = (kind, reloc_target)
    else {
        return false;
    };
    let start = |function| extents.get(function).map(|extent| *extent.ptr as usize);
    let (Some(from), Some(to)) = (start(caller), start(*callee)) else { return false };
    let offset = *offset as usize;
    let Some(place) = code.get_mut(offset..).and_then(|code| code.first_chunk_mut()) else {
        return false;
    };
    let distance = to.wrapping_sub(from.wrapping_add(offset)).wrapping_add(*addend as usize);
    *place = (distance as u32).to_le_bytes();
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::machine_code::{Urgency, compile};
    use crate::compile::target::Target;
    use crate::config::engine_options::Compiler;

    #[test]
    fn nothing_is_left_to_do_at_each_load() {
        let wat = r#"(module (func $f (param i32) (call $g (local.get 0)) (call $f (i32.const 0)))
            (func $g (param i32) (call $f (local.get 0)) unreachable) (@custom "x" "yz"))"#;
        let wasm = wasmer::wat2wasm(wat.as_bytes()).unwrap();
        for compiler in [Compiler::Singlepass, Compiler::Cranelift] {
            let target = Target::ahead_of_time(compiler);
            let compiled = compile(&wasm, target, Urgency::Foreground, &|_| Ok(())).unwrap();
            let (artifact, _) = of(&compiled.module).unwrap();
            let kept = read(&artifact).unwrap();
            let module = &kept.compile_info.module;
            assert!(module.function_names.is_empty() && module.custom_sections.is_empty());
            let SerializableCompilation::Rkyv(code) = &kept.compilation else { panic!() };
            let infos = code.function_frame_info.values();
            assert!(infos.clone().all(|info| info.address_map.instructions.is_empty()));
            assert!(infos.clone().any(|info| !info.traps.is_empty()));
            let relocations = code.function_relocations.values().flatten();
            let calls = relocations.filter(|relocation| {
                matches!(relocation.reloc_target, RelocationTarget::LocalFunc(_))
            });
            // Elsewhere they aren't of this form.
            assert_eq!(calls.count(), if cfg!(target_arch = "x86_64") { 0 } else { 3 });
        }
    }
}
