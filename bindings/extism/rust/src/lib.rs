//! The plugin by Extism's kit for Rust.

use extism_pdk::*;

#[host_fn]
extern "ExtismHost" {
    fn shout(text: String) -> String;
}

#[plugin_fn]
pub fn count_vowels(text: String) -> FnResult<String> {
    let count = text.chars().filter(|letter| "aeiouAEIOU".contains(*letter)).count();
    Ok(format!("{{\"count\":{count}}}"))
}

#[plugin_fn]
pub fn echo(input: Vec<u8>) -> FnResult<Vec<u8>> {
    Ok(input)
}

#[plugin_fn]
pub fn config(key: String) -> FnResult<String> {
    Ok(config::get(key)?.unwrap_or_default())
}

#[plugin_fn]
pub fn remember(input: Vec<u8>) -> FnResult<Vec<u8>> {
    let before: Option<Vec<u8>> = var::get("last")?;
    var::set("last", input)?;
    Ok(before.unwrap_or_default())
}

#[plugin_fn]
pub fn call_host(text: String) -> FnResult<String> {
    Ok(unsafe { shout(text)? })
}

#[plugin_fn]
pub fn fail(text: String) -> FnResult<()> {
    Err(WithReturnCode::new(Error::msg(format!("no: {text}")), 3))
}

#[plugin_fn]
pub fn log(text: String) -> FnResult<()> {
    debug!("{text}");
    info!("{text}");
    warn!("{text}");
    error!("{text}");
    Ok(())
}

#[plugin_fn]
pub fn get(url: String) -> FnResult<Vec<u8>> {
    let response = http::request::<()>(&HttpRequest::new(url), None)?;
    let mut body = response.body();
    body.extend_from_slice(format!(" {}", response.status_code()).as_bytes());
    Ok(body)
}
