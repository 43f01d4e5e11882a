//! Loads a plugin, calls its functions, and prints a line for each: `host PLUGIN.wasm`.

use std::error::Error;
use std::{env, fs, process};
use wasp_core::{Config, Engine, Kind, Value};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: host PLUGIN.wasm")?;

    // What the plugin may call back. Nothing else of this process is visible to it.
    let mut config = Config::new();
    config.callback("env", "call_me", &[Kind::String], Kind::String, |caller, args| {
        let name: &str = args[0].try_into()?;
        caller.set_result(Value::String(&format!("Hello {name}")));
        Ok(())
    });

    // A directory that the instance sees as /workspace.
    let workspace = env::temp_dir().join(format!("wasp-example-{}", process::id()));
    fs::create_dir_all(&workspace)?;
    fs::write(workspace.join("in.txt"), "from the host")?;

    let engine = Engine::new();
    engine.register_file("example", path, &config)?;
    let mut instance = engine.instance("example", Some(&workspace))?;

    let sum: i32 = instance.call("sum", &[3.into(), 2.into()], Kind::I32)?.try_into()?;
    println!("sum: {sum}");

    let hello: &str = instance.call("hello", &["Nic".into()], Kind::String)?.try_into()?;
    println!("hello: {hello}");

    let reversed: &[u8] =
        instance.call("reverse", &[(&[1, 2, 3]).into()], Kind::Bytes)?.try_into()?;
    println!("reverse: {reversed:?}");

    let answer: &str = instance.call("callback", &[], Kind::String)?.try_into()?;
    println!("callback: {answer}");

    match instance.call("fail", &[], Kind::None) {
        Ok(_) => println!("fail: no error"),
        Err(error) => println!("fail: {error}"),
    }

    let written: &str = instance.call("workspace", &["Nic".into()], Kind::String)?.try_into()?;
    println!("workspace: {written}");
    println!("out.txt: {}", fs::read_to_string(workspace.join("out.txt"))?);

    fs::remove_dir_all(&workspace)?;
    Ok(())
}
