//! The committed header is what the sources say. `UPDATE=1 cargo test --test header` writes it anew.

use std::path::Path;

#[test]
fn the_header_is_generated_from_the_sources() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(here.join("cbindgen.toml")).unwrap();
    let bindings =
        cbindgen::Builder::new().with_crate(here).with_config(config).generate().unwrap();
    let mut generated = Vec::new();
    bindings.write(&mut generated);
    let generated = String::from_utf8(generated).unwrap();

    let path = here.join("../include/wasp.h");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == generated, "include/wasp.h is out of date: run with UPDATE=1");
}

#[test]
fn the_header_has_the_version_of_the_crate() {
    let header = include_str!("../../include/wasp.h");
    let version = env!("CARGO_PKG_VERSION");
    assert!(header.contains(&format!("#define WASP_VERSION \"{version}\"\n")));
    let number =
        version.split('.').fold(0, |number, part| number * 100 + part.parse::<u32>().unwrap());
    assert!(header.contains(&format!("#define WASP_VERSION_NUMBER {number} ")));
}
