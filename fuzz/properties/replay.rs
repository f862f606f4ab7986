//! Runs a property on every file of its corpus, so that `cargo test` finds again what fuzzing
//! found.

pub(super) fn replay(target: &str, property: impl Fn(&[u8])) {
    let folder = format!("{}/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    assert!(files.len() >= 10, "{} inputs of {target}", files.len());
    for file in files {
        property(&std::fs::read(file.path()).unwrap());
    }
}
