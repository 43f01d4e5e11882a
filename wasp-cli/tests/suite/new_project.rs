//! `wasp new`.

use crate::command::{fails, prints, program, ran, root};
use std::process::Command;

/// What they are like when they are built is tests/new.sh's affair.
#[test]
fn a_plugin_begins_in_each_language() {
    let help = prints(&["help", "new"]);
    let languages: Vec<&str> =
        help.lines().filter_map(|line| line.trim().strip_prefix("- ")?.split(':').next()).collect();
    assert!(languages.contains(&"rust") && languages.len() >= 6, "{help}");
    let folder = tempfile::tempdir().unwrap();
    for language in languages {
        let name = format!("my-{language}");
        let made =
            ran(program().args(["new", language, &name]).current_dir(&folder).output().unwrap());
        assert_eq!(made.code, 0, "{made:?}");
        let readme = std::fs::read_to_string(folder.path().join(&name).join("README.md")).unwrap();
        assert!(readme.starts_with(&format!("# {name}\n")), "{readme}");
        for placeholder in ["NAME", "LANGUAGE", "HELPER"] {
            assert!(!readme.contains(placeholder), "{readme}");
        }
    }
}

/// pip builds from source with what cargo packs of this crate.
#[test]
fn a_package_of_the_crate_has_all_templates() {
    let mut list = Command::new(env!("CARGO"));
    list.args(["package", "--offline", "--list", "--allow-dirty"]);
    let packed = ran(list.current_dir(root("wasp-cli")).output().unwrap());
    assert_eq!(packed.code, 0, "{packed:?}");
    let packed: Vec<&str> = packed.stdout.lines().collect();
    let source = include_str!("../../src/commands/new_project/templates.rs");
    let calls =
        [("template!(\"", "templates"), ("helper!(\"", "guest"), ("java!(\"", "guest/java")];
    for (call, folder) in calls {
        let paths: Vec<&str> =
            source.split(call).skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(paths.len() > 10);
        for path in paths {
            assert!(packed.contains(&&*format!("{folder}/{path}")), "{path} isn't packed");
        }
    }
}

#[test]
fn a_folder_that_is_there_is_left_alone() {
    for name in ["../a", "A", "1a", "a b", ""] {
        assert!(fails(&["new", "c", name], 2).contains("is none, and lower-case letters"));
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("mine")).unwrap();
    let again = program().args(["new", "c", "mine"]).current_dir(&folder).output().unwrap();
    let again = ran(again);
    assert_eq!((again.code, again.stderr.as_str()), (3, "wasp: file \"mine\": File exists\n"));
}
