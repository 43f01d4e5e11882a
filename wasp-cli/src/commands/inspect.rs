//! `wasp inspect`: what a plugin offers and needs.

use crate::arguments::{Inspect, Plugin};
use crate::failure::{Failure, Outcome};
use crate::output::{self, BOLD, DIM, DOUBTFUL, Output};
use crate::plugin_file;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use wasp_core::{Config, Engine, Function, Kind, PluginImport, PluginInfo, Provider, visible};

/// How long start-up may take where nothing else is said.
const START_UP: Duration = Duration::from_secs(10);

/// Lists what there is.
pub fn run(given: &Inspect, runtimes: Option<PathBuf>, output: &Output) -> Outcome {
    let Inspect { plugin, start } = given;
    let file = &plugin.file;
    // A module is read once: it may be a pipe.
    let module = match plugin_file::language(file, plugin.language.as_deref())? {
        Some(language) if !start => return script(file, &language, output),
        Some(_) => None,
        None => Some(plugin_file::bytes(file)?),
    };
    let info = match &module {
        Some(module) if !start => inspected(file, module)?,
        module => started(plugin, module.as_deref(), runtimes)?,
    };
    let proposals = module.map_or_else(|| Ok(Vec::new()), |module| Engine::proposals(&module))?;
    if output.json {
        output.value(&json_of(&info, &proposals))
    } else {
        text(file, &info, &proposals, *start, output)
    }
}

/// Tells of a module without starting it.
fn inspected(file: &Path, module: &[u8]) -> Outcome<PluginInfo> {
    Engine::inspect(module).map_err(|error| {
        let mut failure = Failure::of_registration(&error);
        failure.message = format!("file {file:?}: {}", failure.message);
        failure
    })
}

/// Tells of a plugin that is started: of this module, or else of a script.
fn started(
    plugin: &Plugin,
    module: Option<&[u8]>,
    runtimes: Option<PathBuf>,
) -> Outcome<PluginInfo> {
    let engine = Engine::with_options(plugin_file::options(plugin.compiler, runtimes));
    let limited = |config: &mut Config| {
        if plugin.timeout.is_none() {
            config.timeout(START_UP);
        }
    };
    match module {
        Some(module) => plugin.register_module(&engine, module, limited)?,
        None => plugin.register(&engine, limited)?,
    }
    Ok(engine.plugin(&plugin.name())?)
}

/// Tells of a script, which can't be known without loading it.
fn script(file: &Path, language: &str, output: &Output) -> Outcome {
    let size = plugin_file::text(file)?.len() as u64;
    if output.json {
        return output.value(&json!({ "language": language, "size": size }));
    }
    output.line(format_args!(
        "{BOLD}{}{BOLD:#}: a script in {language}, {}",
        file.display(),
        output::size(size)
    ))?;
    output.note("its functions are known when it is loaded: --start loads it in a sandbox");
    Ok(())
}

fn text(
    file: &Path,
    info: &PluginInfo,
    proposals: &[&str],
    started: bool,
    output: &Output,
) -> Outcome {
    let size = output::size(info.size);
    let what = match &info.language {
        Some(language) => format!("a script in {language}"),
        None => "a module".to_owned(),
    };
    let most = info.memory_max.map(|most| format!(" to {}", output::size(most)));
    let (least, most) = (output::size(info.memory_min), most.unwrap_or_default());
    output.line(format_args!(
        "{BOLD}{}{BOLD:#}: {what}, {size}, {least}{most} of memory",
        file.display()
    ))?;
    if info.memory_used > 0 {
        let used = output::size(info.memory_used);
        output.line(format_args!("  registered, it takes {used} of the host's memory"))?;
    }
    for function in &info.functions {
        output.line(format_args!("  {}", function_line(function)))?;
    }
    let (of_wasi, others): (Vec<&PluginImport>, Vec<&PluginImport>) =
        info.imports.iter().partition(|import| import.provider == Provider::Wasi);
    for import in others {
        output.line(format_args!("  {}", import_line(import)))?;
    }
    if !of_wasi.is_empty() {
        let names: Vec<_> = of_wasi.iter().map(|import| visible(&import.name)).collect();
        output.line(format_args!("  {DIM}WASI: {}{DIM:#}", names.join(", ")))?;
    }
    if !proposals.is_empty() {
        output.line(format_args!("  {DIM}proposals: {}{DIM:#}", proposals.join(", ")))?;
    }
    if info.language.is_some() && !started {
        output.note("its functions are known when it is loaded: --start loads it in a sandbox");
    } else if info.functions.iter().any(is_doubtful) && !started {
        output.note("where no kinds are declared, an i32 may be a string or bytes; --start asks the plugin itself");
    }
    Ok(())
}

fn is_doubtful(function: &Function) -> bool {
    !function.declared && (function.params.contains(&Kind::I32) || function.result == Kind::I32)
}

fn function_line(function: &Function) -> String {
    let doubt = if is_doubtful(function) { "?" } else { "" };
    if function.docs.is_empty() {
        return format!("{function}{DOUBTFUL}{doubt}{DOUBTFUL:#}");
    }
    format!("{function}{DOUBTFUL}{doubt}{DOUBTFUL:#}  {DIM}# {}{DIM:#}", function.docs)
}

fn import_line(import: &PluginImport) -> String {
    let by = match import.provider {
        Provider::Missing if import.params.is_none() => "which nothing can provide",
        Provider::Missing => "which a callback must provide",
        Provider::Callback => "which a callback provides",
        _ => "which wasp provides",
    };
    format!("import {import}{DIM}, {by}{DIM:#}")
}

/// Returns what machines are told.
fn json_of(info: &PluginInfo, proposals: &[&str]) -> Value {
    let names = |kinds: &[Kind]| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>();
    let function = |function: &Function| {
        json!({
            "name": function.name,
            "params": names(&function.params),
            "param_names": function.param_names,
            "result": function.result.name(),
            "declared": function.declared,
            "docs": function.docs,
            "signature": function.to_string(),
        })
    };
    let import = |import: &PluginImport| {
        json!({
            "module": import.module,
            "name": import.name,
            "type": visible(&import.ty),
            "params": import.params.as_deref().map(names),
            "result": import.result.name(),
            "provider": import.provider.name(),
        })
    };
    json!({
        "language": info.language,
        "functions": info.functions.iter().map(function).collect::<Vec<_>>(),
        "imports": info.imports.iter().map(import).collect::<Vec<_>>(),
        "abi": info.abi,
        "wasi": info.wasi,
        "proposals": proposals,
        "memory_min": info.memory_min,
        "memory_max": info.memory_max,
        "size": info.size,
        "memory_used": info.memory_used,
    })
}
