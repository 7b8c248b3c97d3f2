//! The code that is generated from the protocol's `.proto` files. It is committed, so that nobody needs a protobuf compiler;
//! the one used here is pure Rust.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

/// The protocol's crate, from the root.
const CRATE: &str = "crates/cloudquery";
const FILES: [&str; 2] = ["discovery.proto", "plugin.proto"];

/// Writes the generated code to where it is committed.
pub(crate) fn refresh(root: &Path) -> anyhow::Result<()> {
    let folder = generated_folder(root);
    fs::create_dir_all(&folder).with_context(|| format!("the folder {} can't be made", folder.display()))?;
    for (name, code) in generate(root)? {
        let path = folder.join(&name);
        fs::write(&path, code).with_context(|| format!("{} can't be written", path.display()))?;
        println!("{CRATE}/generated/{name} is fresh.");
    }
    Ok(())
}

fn generated_folder(root: &Path) -> PathBuf {
    root.join(CRATE).join("generated")
}

/// The generated files by name.
fn generate(root: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let proto = root.join(CRATE).join("proto");
    let descriptors = protox::compile(FILES, [&proto]).context("the protocol's files don't compile")?;
    let out = tempfile::tempdir()?;
    tonic_prost_build::configure()
        .build_client(false)
        .bytes(".")
        .out_dir(out.path())
        .compile_fds(descriptors)
        .context("no code was generated from the protocol's files")?;
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(out.path())? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path())?);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generated_code_is_fresh() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let generated = generate(root).unwrap();
        assert_eq!(generated.len(), FILES.len());
        for (name, code) in generated {
            let committed = fs::read_to_string(generated_folder(root).join(&name)).unwrap_or_default();
            assert!(committed == code, "{name} is not what its .proto file says: run `cargo xtask proto`");
        }
    }
}
