//! The file that a command is about, and the engine that it is registered with.

use crate::arguments::{Compiler, Plugin};
use crate::callback_answer;
use crate::failure::{Failure, Outcome};
use std::path::{Path, PathBuf};
use std::time::Duration;
use wasp_core::{
    Config, Engine, Error, Instance, Level, Limits, Log, Options, PluginInfo, Record, Stdio,
};

/// Returns the directory of the script runtimes: the one that is given, else the one that is `installed`.
/// The engine itself looks into the environment where this is none.
pub fn runtimes(given: Option<PathBuf>, installed: Option<PathBuf>) -> Option<PathBuf> {
    if given.is_some() || std::env::var_os("WASP_RUNTIMES").is_some() { given } else { installed }
}

/// Returns where the runtimes are, also if only the environment says it.
pub fn runtime_directory(given: Option<PathBuf>) -> Outcome<PathBuf> {
    let directory = given.or_else(|| std::env::var_os("WASP_RUNTIMES").map(Into::into));
    directory.ok_or_else(|| {
        Failure::unusable(
            "there are no script runtimes: name their directory with --runtimes or WASP_RUNTIMES",
        )
    })
}

/// Reads a file.
pub fn bytes(path: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(path).map_err(|error| Failure::of_file(path, &error))
}

/// Returns the language of a script, by its file's ending or as it is given; none for a module. Which Python a `.py` is in must be said.
pub fn language(path: &Path, given: Option<&str>) -> Outcome<Option<String>> {
    if let Some(given) = given {
        return Ok(Some(given.to_owned()));
    }
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    match ending.to_str() {
        Some("js" | "mjs") => Ok(Some("javascript".to_owned())),
        Some("lua") => Ok(Some("lua".to_owned())),
        Some("py") => Err(Failure::unusable(format_args!(
            "file {path:?} may be for two Pythons: --language pocketpy runs it with the small one that comes with wasp, which has a part of Python"
        ))),
        _ => Ok(None),
    }
}

/// Returns the text of a script.
pub fn text(path: &Path) -> Outcome<String> {
    String::from_utf8(bytes(path)?)
        .map_err(|_| Failure::unusable(format_args!("the script in file {path:?} is not UTF-8")))
}

/// Returns the options of an engine.
pub fn options(compiler: Compiler, runtimes: Option<PathBuf>) -> Options {
    let mut options = Options::default();
    options.runtime_directory = runtimes;
    options.compiler = match compiler {
        Compiler::Cranelift => wasp_core::Compiler::Cranelift,
        #[cfg(feature = "singlepass")]
        Compiler::Singlepass => wasp_core::Compiler::Singlepass,
    };
    options
}

/// What a plugin prints goes to this process's standard error: its standard output is for results.
pub fn printing(mut options: Options) -> Options {
    options.stdio = Stdio::Log;
    options.log = Log::new(Level::Info, |record: &Record<'_>| {
        // What else there is to tell, the command tells.
        if record.message.contains(".Write from Wasm module")
            && let Some((_, line)) = record.fields.iter().find(|(name, _)| *name == "message")
        {
            eprintln!("{line}");
        }
    });
    options
}

impl Plugin {
    /// Returns what the plugin is given.
    pub fn config(&self, info: Option<&PluginInfo>) -> Outcome<Config> {
        let mut config = Config::new();
        config.trap_missing_imports(true);
        callback_answer::add(&self.callback, info, &mut config)?;
        for variable in &self.env {
            let Some((name, value)) = variable.split_once('=') else {
                return Err(Failure::usage(format_args!(
                    "--env is {variable:?}, and NAME=VALUE is accepted"
                )));
            };
            config.env(name, value);
        }
        let mut limits = Limits::default();
        limits.timeout = self.time_limit()?;
        if let Some(memory) = &self.memory {
            limits.memory_bytes = memory_size(memory)?;
        }
        config.limits(limits);
        Ok(config)
    }

    /// Returns the name that it is registered under, its file's: that of a script stands in its traces.
    pub fn name(&self) -> String {
        self.file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Returns the time that start-up and each call may take.
    pub fn time_limit(&self) -> Outcome<Option<Duration>> {
        let Some(seconds) = self.timeout else { return Ok(None) };
        match Limits::timeout_from_secs(seconds) {
            Some(limit) => Ok(Some(limit)),
            None => Err(Failure::usage(format_args!(
                "--timeout is {seconds}, and a number of seconds above 0 is accepted"
            ))),
        }
    }

    /// Tells what the module imports, from which the kinds of callbacks are known; none for scripts.
    fn imports(&self, bytes: &[u8]) -> Option<PluginInfo> {
        if self.language.is_some() {
            return None;
        }
        // What is wrong with it, the registration says.
        Engine::inspect(bytes).ok()
    }

    /// Registers the plugin with `engine`; `change` what it is given before.
    pub fn register(&self, engine: &Engine, change: impl FnOnce(&mut Config)) -> Outcome {
        match language(&self.file, self.language.as_deref())? {
            Some(language) => {
                let mut config = self.config(None)?;
                change(&mut config);
                let source = text(&self.file)?;
                let outcome = engine.register_script(&self.name(), &language, &source, &config);
                outcome.map_err(|error| self.not_registered(&error))
            }
            None => self.register_module(engine, &bytes(&self.file)?, change),
        }
    }

    /// Registers the plugin from the module that its file is, for those who have read it.
    pub fn register_module(
        &self,
        engine: &Engine,
        wasm: &[u8],
        change: impl FnOnce(&mut Config),
    ) -> Outcome {
        let mut config = self.config(self.imports(wasm).as_ref())?;
        change(&mut config);
        let outcome = engine.register(&self.name(), wasm, &config);
        outcome.map_err(|error| self.not_registered(&error))
    }

    /// Makes the failure of a registration, which names the file.
    fn not_registered(&self, error: &Error) -> Failure {
        let mut failure = Failure::of_registration(error);
        let named = format!("plugin {:?}: ", self.name());
        if let Some(rest) = failure.message.strip_prefix(&named) {
            failure.message = format!("file {:?}: {rest}", self.file);
        }
        // What JavaScript, Lua and pocketpy say of a namespace of the host's that isn't offered.
        let lacks = ["there is no module", "No module named"];
        if self.callback.is_empty() && lacks.iter().any(|words| failure.message.contains(words)) {
            failure.message += "; a function of the host's is given by --callback \"env.lookup(string) string=VALUE\"";
        }
        failure
    }

    /// Makes an instance of the plugin that was registered.
    pub fn instance(&self, engine: &Engine) -> Outcome<Instance> {
        Ok(engine.instance(&self.name(), self.workspace.as_deref())?)
    }
}

/// Reads a size such as `64MB`.
fn memory_size(text: &str) -> Outcome<u64> {
    const UNITS: [(&str, u64); 8] = [
        ("", 1),
        ("B", 1),
        ("KB", 1000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("KIB", 1 << 10),
        ("MIB", 1 << 20),
        ("GIB", 1 << 30),
    ];
    let digits =
        text.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_uppercase();
    let unit = UNITS.iter().find(|(name, _)| *name == unit);
    match (number.parse::<f64>(), unit) {
        (Ok(number), Some((_, unit))) => Ok((number * *unit as f64) as u64),
        _ => Err(Failure::usage(format_args!(
            "--memory is {text:?}, and a number of bytes or a size such as 64MB or 1GiB is accepted"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in
            [("65536", 65536), ("64MB", 64_000_000), ("1.5 KiB", 1536), ("1gib", 1 << 30)]
        {
            assert_eq!(memory_size(text).unwrap(), bytes);
        }
        for wrong in ["", "MB", "1x", "-1", "1.2.3"] {
            assert!(memory_size(wrong).is_err(), "{wrong}");
        }
    }
}
