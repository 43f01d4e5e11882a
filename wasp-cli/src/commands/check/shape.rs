//! What a module exports and imports: seen without calling it.

use crate::commands::check::report::Report;
use crate::failure::Outcome;
use wasp_core::{Kind, PluginInfo, Provider};

/// Checks exports, signatures and imports.
pub fn check(info: &PluginInfo, has_memory: bool, report: &mut Report<'_>) -> Outcome {
    exports(info, has_memory, report)?;
    signatures(info, report)?;
    imports(info, report)
}

fn exports(info: &PluginInfo, has_memory: bool, report: &mut Report<'_>) -> Outcome {
    let is_block =
        |kind: &Kind| matches!(kind, Kind::String | Kind::Bytes | Kind::Json | Kind::Any);
    let takes = info.functions.iter().any(|known| known.params.iter().any(is_block));
    let returns = info.functions.iter().any(|known| is_block(&known.result));
    let has = |name: &str| info.abi.iter().any(|known| known == name);
    if (takes || returns) && !has_memory {
        return report.failed("exports", "strings or bytes pass, and there is no \"memory\"");
    }
    if takes && !has("allocate") {
        let detail = "functions take strings or bytes, and there is no \"allocate\"";
        return report.failed("exports", detail);
    }
    if (takes || returns) && !has("deallocate") {
        let detail = "there is no \"deallocate\", so what passes is never freed";
        return report.doubtful("exports", detail);
    }
    report.passed("exports", info.abi.join(", "))
}

fn signatures(info: &PluginInfo, report: &mut Report<'_>) -> Outcome {
    let is_undeclared = |known: &&wasp_core::Function| {
        !known.declared && (known.params.contains(&Kind::I32) || known.result == Kind::I32)
    };
    let undeclared: Vec<&str> =
        info.functions.iter().filter(is_undeclared).map(|known| &*known.name).collect();
    if info.functions.is_empty() {
        return report.doubtful("signatures", "the plugin offers no function");
    }
    if undeclared.is_empty() {
        let count = info.functions.len();
        return report.passed("signatures", format_args!("all of {count} functions are known"));
    }
    report.doubtful(
        "signatures",
        format_args!(
            "\"wasp_signatures\" doesn't declare {}, where an i32 may be a string or bytes",
            undeclared.join(", ")
        ),
    )
}

fn imports(info: &PluginInfo, report: &mut Report<'_>) -> Outcome {
    let missing = info.imports.iter().filter(|import| import.provider == Provider::Missing);
    let missing: Vec<String> = missing.map(ToString::to_string).collect();
    if missing.is_empty() {
        let count = info.imports.len();
        return report.passed("imports", format_args!("all of {count} are provided"));
    }
    report.doubtful(
        "imports",
        format_args!("no --callback provides {}: what calls it isn't checked", missing.join(", ")),
    )
}
