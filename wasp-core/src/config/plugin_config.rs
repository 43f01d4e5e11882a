//! What a plugin is given: host functions, environment, volumes, limits.

use crate::base::value::{Kind, OwnedValue, Value};
use crate::config::callback::{Callback, Caller};
use crate::config::limits::Limits;
use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What a plugin is given: host functions, environment, volumes, limits. It sees nothing else of the host, and by default
/// nothing at all.
///
/// Registering a plugin copies its Config, so that one can be changed and used again.
///
/// ```
/// use std::time::Duration;
/// use wasp_core::{Config, Kind, Value};
///
/// let mut config = Config::new();
/// config
///     .env("LANGUAGE", "de")
///     .volume("/data", "/srv/data", true)
///     .timeout(Duration::from_secs(1))
///     .memory_limit(64 << 20)
///     .callback("env", "call_me", &[Kind::String], Kind::String, |caller, args| {
///         let name: &str = args[0].try_into()?;
///         caller.set_result(Value::String(&format!("Hello {name}")));
///         Ok(())
///     });
/// ```
#[derive(Clone)]
pub struct Config {
    pub(crate) callbacks: Vec<Arc<Callback>>,
    pub(crate) args: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) entries: BTreeMap<String, String>,
    pub(crate) volumes: Vec<Volume>,
    pub(crate) limits: Limits,
    pub(crate) snapshot: bool,
    pub(crate) warm_ups: Vec<WarmUp>,
    pub(crate) trap_missing_imports: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            callbacks: Vec::new(),
            args: Vec::new(),
            environment: Vec::new(),
            entries: BTreeMap::new(),
            volumes: Vec::new(),
            limits: Limits::default(),
            snapshot: true,
            warm_ups: Vec::new(),
            trap_missing_imports: false,
        }
    }
}

/// A call that is made before the snapshot.
#[derive(Clone, Debug)]
pub(crate) struct WarmUp {
    pub function: String,
    pub args: Vec<OwnedValue>,
}

/// A directory of the host that every instance of a plugin sees.
#[derive(Clone, Debug)]
pub(crate) struct Volume {
    pub guest: String,
    pub host: PathBuf,
    pub read_only: bool,
}

impl Config {
    /// Makes a Config that gives a plugin nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the arguments of the plugin's command line. They follow its name, which is always the first; by default there are none.
    pub fn args(&mut self, args: impl IntoIterator<Item = impl Into<String>>) -> &mut Self {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// Adds an argument to the plugin's command line, after those that there are.
    pub fn arg(&mut self, arg: impl Into<String>) -> &mut Self {
        self.args.push(arg.into());
        self
    }

    /// Sets an environment variable of the plugin. The host's own environment is never visible.
    pub fn env(&mut self, name: impl Into<String>, value: impl Into<String>) -> &mut Self {
        let name = name.into();
        self.environment.retain(|(known, _)| *known != name);
        self.environment.push((name, value.into()));
        self
    }

    /// Sets a config entry, which a plugin of Extism reads by its key; other plugins have none. An entry of that key is replaced.
    pub fn config_set(&mut self, key: impl Into<String>, value: impl Into<String>) -> &mut Self {
        self.entries.insert(key.into(), value.into());
        self
    }

    /// Shows the host's directory `host` to the plugin as `guest`, an absolute path.
    ///
    /// The directory must exist when the plugin is registered.
    pub fn volume(
        &mut self,
        guest: impl Into<String>,
        host: impl Into<PathBuf>,
        read_only: bool,
    ) -> &mut Self {
        self.volumes.push(Volume { guest: guest.into(), host: host.into(), read_only });
        self
    }

    /// Offers the host function `module`.`name` to the plugin; the same name again replaces it.
    ///
    /// It runs on the thread that called [`Instance::call`](crate::Instance::call), before that returns, and from
    /// several threads at once where several instances run. It must answer with a value of kind `result` by
    /// [`Caller::set_result`], unless that is [`Kind::None`]. If it fails or panics, the guest is poisoned and the call
    /// gives [`ErrorKind::Callback`](crate::ErrorKind::Callback). It may use other instances, not the calling one.
    pub fn callback(
        &mut self,
        module: impl Into<String>,
        name: impl Into<String>,
        params: &[Kind],
        result: Kind,
        function: impl Fn(&mut Caller<'_>, &[Value<'_>]) -> Result<(), Box<dyn StdError + Send + Sync>>
        + Send
        + Sync
        + 'static,
    ) -> &mut Self {
        let (module, name) = (module.into(), name.into());
        self.callbacks.retain(|known| known.module != module || known.name != name);
        self.callbacks.push(Arc::new(Callback {
            module,
            name,
            params: params.into(),
            result,
            function: Box::new(function),
        }));
        self
    }

    /// Has the plugin's function `function` called with `args` once, after start-up and before the snapshot, so that every instance
    /// starts from what the call left: modules that an interpreter has imported, tables that are filled, a model that is loaded.
    /// Several are made in their order. What a call returns is ignored.
    ///
    /// An error in one is the registration's. Each has the time limit of a call. Random numbers and clock readings that it keeps are
    /// the same for all instances. A file that it leaves open is an error, since a snapshot has no descriptors. Where there is no
    /// snapshot, each instance makes the calls itself.
    pub fn warm_up(&mut self, function: impl Into<String>, args: &[Value<'_>]) -> &mut Self {
        let args = args.iter().map(|arg| OwnedValue::from(*arg)).collect();
        self.warm_ups.push(WarmUp { function: function.into(), args });
        self
    }

    /// Sets all limits of each instance.
    pub fn limits(&mut self, limits: Limits) -> &mut Self {
        self.limits = limits;
        self
    }

    /// Sets the time that a call may take, as [`Limits::timeout`] does.
    pub fn timeout(&mut self, timeout: Duration) -> &mut Self {
        self.limits.timeout = Some(timeout);
        self
    }

    /// Sets how many bytes of linear memory each instance may have, as [`Limits::memory_bytes`] does.
    pub fn memory_limit(&mut self, bytes: u64) -> &mut Self {
        self.limits.memory_bytes = bytes;
        self
    }

    /// Chooses whether a function that the module imports and nothing provides is a trap when it is called, or, which is the default,
    /// an error of the registration. One that is provided with another type stays that error, and so does what is no function.
    pub fn trap_missing_imports(&mut self, trap: bool) -> &mut Self {
        self.trap_missing_imports = trap;
        self
    }

    /// Chooses whether instances start from a snapshot of what the plugin's start-up left, which is the default, or run
    /// start-up themselves. With a snapshot, random numbers and clock readings taken during start-up are the same for all
    /// instances.
    pub fn snapshot(&mut self, snapshot: bool) -> &mut Self {
        self.snapshot = snapshot;
        self
    }
}

/// Shows what it gives, but not the values of environment variables and config entries, which may be secret.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { args, volumes, limits, snapshot, warm_ups, trap_missing_imports, .. } = self;
        let callbacks = self.callbacks.iter().map(|callback| (&callback.module, &callback.name));
        let environment = self.environment.iter().map(|(name, _)| name);
        f.debug_struct("Config")
            .field("callbacks", &callbacks.collect::<Vec<_>>())
            .field("args", args)
            .field("environment", &environment.collect::<Vec<_>>())
            .field("config_entries", &self.entries.keys().collect::<Vec<_>>())
            .field("volumes", volumes)
            .field("limits", limits)
            .field("snapshot", snapshot)
            .field("warm_ups", warm_ups)
            .field("trap_missing_imports", trap_missing_imports)
            .finish()
    }
}
