//! What the demo says in the end: what it wrote, what became of it, and how to do it for real.

use std::{fs, path::Path};

use bytesize::ByteSize;
use lakeward_core::untrusted::printable;

use super::{CONFIG, folders::Folders};

pub(super) fn told(folders: &Folders) -> String {
    let mut text = "\nThat was the demo.\n".to_owned();
    let mut objects = Vec::new();
    list(&folders.lake(), &folders.lake(), &mut objects);
    objects.sort();
    if !objects.is_empty() {
        text.push_str("Objects that it wrote, below the folder lake, which stood for s3:\n");
        for (name, size) in &objects {
            let size = ByteSize::b(*size).display().iec().to_string();
            text.push_str(&format!("  {size:>10}  {}\n", printable(name)));
        }
    }
    if let Ok(config) = fs::read_to_string(folders.work().join(CONFIG)) {
        text.push_str(&format!("The config that it wrote, {CONFIG}:\n"));
        text.extend(config.lines().map(|line| match printable(line) {
            line if line.is_empty() => "\n".to_owned(),
            line => format!("  {line}\n"),
        }));
    }
    text.push_str(&match &folders.kept {
        Some(kept) => {
            let name = kept.display().to_string();
            format!(
                "Kept in {}: the tables in data, what was written beside them, objects in lake. The config's sign-in and bucket are \
                 the demo's: put yours in their place.\n",
                printable(&name)
            )
        }
        None if objects.is_empty() => "Nothing stays.\n".to_owned(),
        None => "All of that is removed now; `lakeward demo --keep DIR` keeps it.\n".to_owned(),
    });
    text.push_str("For real, with your sign-in, your bucket and your rows:  lakeward\n");
    text
}

/// The files below a folder with their sizes, named from `top`. What the server has not finished begins with a dot.
fn list(top: &Path, folder: &Path, objects: &mut Vec<(String, u64)>) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let (path, Ok(metadata)) = (entry.path(), entry.metadata()) else { continue };
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if metadata.is_dir() {
            list(top, &path, objects);
        } else if let Ok(name) = path.strip_prefix(top) {
            objects.push((name.display().to_string(), metadata.len()));
        }
    }
}
