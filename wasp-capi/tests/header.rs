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
    let generated = with_constants_at_their_types(&String::from_utf8(generated).unwrap());

    let path = here.join("../include/wasp.h");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == generated, "include/wasp.h is out of date: run with UPDATE=1");
}

/// The types of constants, and what the names of these begin with.
const TAGS: [(&str, &str); 5] = [
    ("wasp_compiler", "WASP_COMPILER_"),
    ("wasp_stdio", "WASP_STDIO_"),
    ("wasp_log_level", "WASP_LEVEL_"),
    ("wasp_error_tag", "WASP_ERROR_"),
    ("wasp_kind", "WASP_"),
];

/// Moves each constant behind its type: cbindgen writes all of them behind all types.
fn with_constants_at_their_types(header: &str) -> String {
    let (types, functions) = header.split_once("#ifdef __cplusplus\n").unwrap();
    let mut blocks: Vec<String> = types.split("\n\n").map(str::to_owned).collect();
    for (tag, prefix) in TAGS {
        let is_constant = |block: &String| {
            let (define, comment) = block
                .lines()
                .next_back()
                .map_or(("", ""), |last| (last, block.strip_suffix(last).unwrap_or_default()));
            let name = define.strip_prefix("#define ").unwrap_or_default();
            name.starts_with(prefix)
                && !name.starts_with("WASP_VERSION")
                && comment.lines().all(|line| line.starts_with("//"))
        };
        let constants: Vec<String> = blocks.extract_if(.., |block| is_constant(block)).collect();
        let ty = format!("typedef uint32_t {tag};");
        let index = blocks.iter().position(|block| block.ends_with(&ty)).unwrap();
        blocks[index] = format!("{}\n{}", blocks[index], constants.join("\n"));
    }
    format!("{}#ifdef __cplusplus\n{functions}", blocks.join("\n\n"))
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
