//! What a plugin is given, as `lib/config.js` has checked and flattened it.

use crate::callback;
use crate::value::kind;
use napi::bindgen_prelude::Object;
use std::time::Duration;
use wasp_core::{Config, Limits};

pub(crate) fn read(given: &Object<'_>) -> napi::Result<Config> {
    let mut config = Config::new();
    let list = |name| -> napi::Result<Vec<String>> { Ok(given.get(name)?.unwrap_or_default()) };
    for pair in list("env")?.chunks_exact(2) {
        config.env(&*pair[0], &*pair[1]);
    }
    for volume in list("volumes")?.chunks_exact(3) {
        config.volume(&*volume[0], &volume[1], volume[2] == "ro");
    }
    let kinds: Vec<Vec<u32>> = given.get("kinds")?.unwrap_or_default();
    for (index, (names, kinds)) in (0..).zip(list("names")?.chunks_exact(2).zip(&kinds)) {
        let [result, params @ ..] = &kinds[..] else { continue };
        let (result, params): (_, Vec<_>) =
            (kind(*result), params.iter().copied().map(kind).collect());
        config.callback(&*names[0], &*names[1], &params, result, move |caller, args| {
            callback::run(index, result, caller, args)
        });
    }
    let mut limits = Limits::default();
    let number = |name| given.get::<f64>(name);
    if let Some(bytes) = number("memoryBytes")? {
        limits.memory_bytes = bytes as u64;
    }
    if let Some(elements) = number("tableElements")? {
        limits.table_elements = elements as u32;
    }
    if let Some(bytes) = number("stackBytes")? {
        limits.stack_bytes = bytes as usize;
    }
    if let Some(milliseconds) = number("timeout")? {
        limits.timeout = Duration::try_from_secs_f64(milliseconds / 1000.0).ok();
    }
    if let Some(instances) = number("idleInstances")? {
        limits.idle_instances = instances as usize;
    }
    config.limits(limits);
    if let Some(snapshot) = given.get::<bool>("snapshot")? {
        config.snapshot(snapshot);
    }
    Ok(config)
}
