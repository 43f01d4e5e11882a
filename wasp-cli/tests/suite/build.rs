//! `wasp build` and `wasp compile`.

use crate::command::{fails, file, json, plugin, prints, root};

const CALLBACK: [&str; 2] = ["--callback", "env.call_me(string) string=Hello Nic"];

#[test]
fn a_packed_script_is_a_plugin_like_any_other() {
    for script in ["javascript/plugin.js", "lua/plugin.lua", "pocketpy/plugin.py"] {
        let folder = tempfile::tempdir().unwrap();
        let module = folder.path().join("plugin.wasm");
        let module = module.to_str().unwrap();
        let script = root(&format!("examples/plugins/{script}"));
        let told = prints(&["build", script.to_str().unwrap(), "-o", module]);
        assert!(told.contains("plugin.wasm: "), "{told}");
        let call = |args: &[&str]| prints(&[&["call", module], args, &CALLBACK].concat());
        assert_eq!(call(&["hello", "Nic"]), "Hello Nic\n");
        assert_eq!(call(&["sum", "3", "2"]), "5\n");
        assert_eq!(call(&["callback"]), "Hello Nic\n");
        let language = script.parent().unwrap().file_name().unwrap().to_str().unwrap();
        assert_eq!(json(&["inspect", module])["language"], language);
    }
}

#[test]
fn what_is_no_script_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("out.wasm");
    let to = to.to_str().unwrap();
    let ending = fails(&["build", &plugin("kinds"), "-o", to], 2);
    assert!(ending.contains("is no script by its ending"), "{ending}");
    let (_folder, nul) = file("a.js", "a\0b");
    assert!(fails(&["build", &nul, "-o", to], 3).contains("has a text with a NUL inside"));
    let runtime = fails(&["build", &nul, "-o", to, "--runtimes", "/nowhere"], 3);
    assert!(runtime.contains("file \"/nowhere/javascript.wasm\""), "{runtime}");
    assert!(!std::path::Path::new(to).exists());
}

#[test]
fn a_module_is_compiled_ahead_of_time() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("kinds.wasp");
    let told = json(&["compile", &plugin("kinds"), "-o", to.to_str().unwrap()]);
    assert_eq!(told["size"], std::fs::metadata(&to).unwrap().len());
    let compiled = std::fs::read(&to).unwrap();
    let engine = wasp_core::Engine::new();
    // SAFETY: it was made just now.
    unsafe { engine.register_compiled("kinds", &compiled, &wasp_core::Config::new()) }.unwrap();
    let refused = fails(&["compile", &plugin("kinds"), "-o", "/nowhere/kinds.wasp"], 3);
    assert!(refused.contains("/nowhere/kinds.wasp"), "{refused}");
}
