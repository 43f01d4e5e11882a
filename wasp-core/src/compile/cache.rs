//! Compiled modules as bytes: kept in a directory between runs, or handed to the host.
//!
//! What wasmer makes of a module is machine code, trusted when it is loaded: a damaged byte can crash the process. So
//! every artifact is followed by a trailer with a checksum over all of it, and nothing is loaded that doesn't verify. The
//! checksum finds damage, not malice: whoever can write to the cache directory can run code in the process, and could write
//! any checksum, so its files are their owner's alone.

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::log::{Level, Log};
use crate::compile::instrument::Seen;
use crate::compile::kept_artifact;
use crate::compile::target::Target;
use crate::compile::trace_data::{self, TraceData};
use crate::sys::signals::without_file_size_signal;
use bytes::Bytes;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use twox_hash::XxHash3_128;
use wasmer::Module;
use wasmer::sys::EngineBuilder;
use wasmer_types::{FrameInfo, FunctionIndex};

/// Ends the trailer, and with it the file. The number counts its layouts.
const MAGIC: [u8; 8] = *b"wasp\0cm\x04";

/// A hash by BLAKE3.
pub(crate) type Hash = [u8; 32];

/// A compiled module, and what was seen of its code.
pub(crate) struct Compiled {
    /// Holds the machine code.
    pub engine: wasmer::Engine,
    pub module: Module,
    pub seen: Seen,
    /// Where in the module its code section's contents begin.
    pub code_offset: u32,
    /// What it was loaded from, if it was.
    pub kept: Option<Kept>,
}

/// A file of a compiled module.
pub(crate) struct Kept {
    bytes: Bytes,
    trace_data: TraceData,
}

/// A checksum by XXH3: with 128 bits it misses no more of what goes wrong by itself than BLAKE3, which takes three times as long.
fn checksum(bytes: &[u8]) -> [u8; 16] {
    XxHash3_128::oneshot(bytes).to_le_bytes()
}

/// The hash of a module.
pub(crate) fn hash(wasm: &[u8]) -> Hash {
    blake3::hash(wasm).into()
}

impl Compiled {
    /// The artifact, what traces need, and a trailer: how long the latter is, the fingerprint, the hash of the module, what was
    /// seen, the checksum of all that.
    pub(crate) fn to_bytes(&self, fingerprint: &Hash, module: &Hash) -> Result<Vec<u8>> {
        // It was loaded by these two.
        if let Some(kept) = &self.kept {
            return Ok(kept.bytes.to_vec());
        }
        let (mut bytes, trace_data) = kept_artifact::of(&self.module).map_err(|error| {
            Error::new(
                ErrorKind::Internal,
                format!("the compiled module can't be written: {error}"),
            )
        })?;
        bytes.extend_from_slice(&trace_data);
        bytes.extend((trace_data.len() as u64).to_le_bytes());
        bytes.extend_from_slice(fingerprint);
        bytes.extend_from_slice(module);
        let Seen { unrestorable, exception_references } = self.seen;
        bytes.extend([unrestorable, exception_references].map(u8::from));
        bytes.extend(self.code_offset.to_le_bytes());
        bytes.extend(checksum(&bytes));
        bytes.extend_from_slice(&MAGIC);
        Ok(bytes)
    }

    /// Loads what [`to_bytes`](Self::to_bytes) made, by the same fingerprint and, if one is given, of the same module. The
    /// error says what is wrong with it.
    ///
    /// Its engine has no compiler: setting one up costs a fifth of loading a small module.
    ///
    /// # Safety
    /// The bytes run as code: if they verify, they must have been made by `to_bytes`.
    pub(crate) unsafe fn from_bytes(
        bytes: Vec<u8>,
        fingerprint: &Hash,
        module: Option<&Hash>,
    ) -> std::result::Result<Self, &'static str> {
        let (rest, magic) = bytes.split_last_chunk::<8>().ok_or("it is too short")?;
        if *magic != MAGIC {
            return Err("it is not a module that wasp compiled");
        }
        let (rest, known) = rest.split_last_chunk::<16>().ok_or("it is too short")?;
        if checksum(rest) != *known {
            return Err("it is damaged");
        }
        let (rest, code_offset) = rest.split_last_chunk::<4>().ok_or("it is too short")?;
        let code_offset = u32::from_le_bytes(*code_offset);
        let (rest, seen) = rest.split_last_chunk::<2>().ok_or("it is too short")?;
        let (rest, known_module) = rest.split_last_chunk::<32>().ok_or("it is too short")?;
        let (rest, known) = rest.split_last_chunk::<32>().ok_or("it is too short")?;
        let (rest, trace_data) = rest.split_last_chunk::<8>().ok_or("it is too short")?;
        let trace_data = u64::from_le_bytes(*trace_data);
        if known != fingerprint {
            return Err("another version of wasp, another compiler or another processor made it");
        }
        if module.is_some_and(|module| module != known_module) {
            return Err("it is of another module");
        }
        let [unrestorable, exception_references] = seen.map(|seen| seen != 0);
        let seen = Seen { unrestorable, exception_references };
        let end = rest.len();
        let middle = end.checked_sub(trace_data as usize).ok_or("it is too short")?;
        // Shared, not copied: wasmer needs the artifact aligned as an allocation is.
        let bytes = Bytes::from(bytes);
        let (artifact, trace_data) = (bytes.slice(..middle), bytes.slice(middle..end));
        let engine = wasmer::Engine::from(EngineBuilder::headless().engine());
        // SAFETY: the checksum verifies, and `to_bytes` made the bytes, as this function asks.
        let module = unsafe { Module::deserialize_unchecked(&engine, artifact) };
        let module = module.map_err(|_| "wasmer can't load it")?;
        let kept = Some(Kept { bytes, trace_data: TraceData::new(trace_data) });
        Ok(Self { engine, module, seen, code_offset, kept })
    }

    /// Returns one of the custom sections that traces need, unless it is empty.
    pub(super) fn custom_section(&self, name: &str) -> Option<&[u8]> {
        match &self.kept {
            Some(kept) => kept.trace_data.custom_section(name),
            None => trace_data::custom_section(self.module.info(), name),
        }
    }

    /// Returns the offset in the module of the instruction that the code at `address` was made of, which `info` is about.
    pub(super) fn instruction(&self, info: &FrameInfo, address: usize) -> Option<u32> {
        let Some(kept) = &self.kept else { return Some(info.module_offset() as u32) };
        let function = FunctionIndex::from_u32(info.func_index());
        let function = self.module.info().local_func_index(function)?;
        let start = **self.module.sys_artifact()?.finished_functions().get(function)? as usize;
        kept.trace_data.instruction(function, address.checked_sub(start)?.try_into().ok()?)
    }

    /// Returns the name of a function, if it has one.
    pub(super) fn function_name(&self, function: u32) -> Option<&str> {
        match &self.kept {
            Some(kept) => kept.trace_data.function_name(function),
            None => trace_data::function_name(self.module.info(), function),
        }
    }
}

/// The file of a cache directory that a module's machine code is kept in.
pub(super) struct Entry<'a> {
    path: PathBuf,
    fingerprint: Hash,
    module: Hash,
    log: &'a Log,
}

impl<'a> Entry<'a> {
    /// Returns the one of the module with the hash `module`, compiled for `target`, in `directory`, which is created if it
    /// doesn't exist.
    pub(super) fn new(
        directory: &Path,
        module: Hash,
        target: Target,
        log: &'a Log,
    ) -> Result<Self> {
        let unusable = |error| Error::io(format_args!("cache directory {directory:?}"), error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(unusable)?;
        check_owner(directory)?;
        let fingerprint = target.fingerprint();
        let name = blake3::Hasher::new().update(&fingerprint).update(&module).finalize().to_hex();
        Ok(Self { path: directory.join(format!("{name}.wasp")), fingerprint, module, log })
    }

    /// Loads it, if it is there and verifies.
    pub(super) fn load(&self) -> Option<Compiled> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    self.tell("Compiling a module anew", &error);
                }
                return None;
            }
        };
        // SAFETY: the files of the directory are what `keep` writes: the directory is its owner's, as the documentation of
        // `Options::cache_directory` asks.
        let loaded = unsafe { Compiled::from_bytes(bytes, &self.fingerprint, Some(&self.module)) };
        loaded.inspect_err(|reason| self.tell("Compiling a module anew", reason)).ok()
    }

    /// Writes it. A cache that can't be written to makes the next start slow, not this one fail.
    pub(super) fn keep(&self, compiled: &Compiled) -> Result<()> {
        if let Err(error) = write(&self.path, &compiled.to_bytes(&self.fingerprint, &self.module)?)
        {
            self.tell("Compiled module not kept", &error);
        }
        Ok(())
    }

    fn tell(&self, what: &str, why: &dyn std::fmt::Display) {
        let file = self.path.display();
        self.log.write(Level::Info, what, &[("file", &file), ("reason", why)]);
    }
}

/// Writes a file that only its owner can read, so that others see all of it or nothing: many processes may share a directory.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().suffix(".tmp").tempfile_in(parent)?;
    without_file_size_signal(|| file.write_all(bytes))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // Makes the rename last.
    File::open(parent)?.sync_all()
}

/// Refuses a directory that others can write to: its files run as code. (OpenSSH's StrictModes asks the same of its files.)
fn check_owner(directory: &Path) -> Result<()> {
    let refuse = |what: String| {
        let message = format!(
            "cache directory {directory:?}: {what}, and its files run as code: it must be a directory that only this user can write to"
        );
        Err(Error::new(ErrorKind::Io, message))
    };
    let meta = fs::metadata(directory)
        .map_err(|error| Error::io(format_args!("cache directory {directory:?}"), error))?;
    // SAFETY: a question that has an answer always.
    let user = unsafe { libc::geteuid() };
    // The superuser can write anywhere.
    if meta.uid() != user && meta.uid() != 0 {
        return refuse(format!("user {} owns it, and this is user {user}", meta.uid()));
    }
    if meta.mode() & 0o022 != 0 {
        return refuse(format!("its mode is {:o}", meta.mode() & 0o7777));
    }
    Ok(())
}
