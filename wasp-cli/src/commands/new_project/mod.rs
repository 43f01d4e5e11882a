//! `wasp new`: a folder to begin a plugin with.

mod templates;

use crate::arguments::New;
use crate::failure::{Failure, Outcome};
use crate::output::{BOLD, Output};
use serde_json::json;
use std::path::Path;

/// Makes the folder, which must not be there.
pub fn run(given: &New, output: &Output) -> Outcome {
    let New { lang, name } = given;
    if !is_name(name) {
        return Err(Failure::usage(format_args!(
            "the name {name:?} is none, and lower-case letters, digits, '-' and '_' after a letter are accepted"
        )));
    }
    let folder = Path::new(name);
    std::fs::create_dir(folder).map_err(|error| Failure::of_file(folder, &error))?;
    let template = templates::of(*lang);
    for (path, text) in template.files() {
        let path = folder.join(path);
        write(&path, &text.replace("NAME", name).replace("LANGUAGE", template.language))?;
    }
    // What comes from elsewhere is as it is.
    for (path, text) in template.helper {
        write(&folder.join(path), text)?;
    }
    if output.json {
        return output.value(&json!({ "folder": folder, "language": template.language }));
    }
    output.line(format_args!(
        "{BOLD}{name}{BOLD:#}: a plugin in {}; cd {name} && make test",
        template.language
    ))
}

fn write(path: &Path, text: &str) -> Outcome {
    let of_file = |error| Failure::of_file(path, &error);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(of_file)?;
    }
    std::fs::write(path, text).map_err(of_file)
}

/// Returns whether a crate, a Go module, an npm package and a file may have this name.
fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|char| {
            char.is_ascii_lowercase() || char.is_ascii_digit() || matches!(char, '-' | '_')
        })
}
