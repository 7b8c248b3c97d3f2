//! `lakeward import`.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use lakeward_core::{
    config::{self, SpecFile},
    failure::{Failure, FailureKind},
};

use crate::{
    arguments::ImportArguments,
    console::{Console, shown},
};

/// Far more than a spec has.
const MOST_BYTES: u64 = 4 << 20;

/// Makes a config of CloudQuery's specs, and prints it or writes it to a file that is not there yet.
pub(crate) fn import(arguments: ImportArguments, console: Console) -> Result<(), Failure> {
    let ImportArguments { specs, destination, output } = arguments;
    // Told before anything else; whether it is there then is asked again by the write itself.
    if let Some(file) = output.as_ref().filter(|file| file.exists()) {
        return Err(exists(file));
    }
    let mut files = Vec::new();
    for path in paths(&specs)? {
        files.push(read(&path)?);
    }
    let imported = config::import(&files, destination.as_deref(), console.style())?;
    match &output {
        Some(file) => write(file, &imported.toml)?,
        // Nobody may be reading.
        None => _ = io::stdout().write_all(imported.toml.as_bytes()),
    }
    imported.warnings.iter().for_each(|warning| console.warning(warning));
    if let Some(file) = &output {
        let file = shown(file);
        console.note(&format!(
            "{file} is written. Its comments tell what is otherwise; next: lakeward check --config {file}\n"
        ));
    }
    Ok(())
}

/// The files that are named, and those in folders that are named, in the order of their names.
fn paths(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    for path in named {
        if !path.is_dir() {
            paths.push(path.clone());
            continue;
        }
        let is_spec = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            !name.starts_with('.') && (name.ends_with(".yml") || name.ends_with(".yaml")) && !path.is_dir()
        };
        let entries = fs::read_dir(path).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
        let entries: Vec<PathBuf> = entries.map_err(|error| unreadable(&shown(path), &error))?;
        let mut found: Vec<PathBuf> = entries.into_iter().filter(is_spec).collect();
        if found.is_empty() {
            let what = format!("the folder {} holds no file whose name ends in .yml or .yaml", shown(path));
            return Err(Failure::new(FailureKind::Input, what).next("name the files of the specs"));
        }
        found.sort();
        paths.extend(found);
    }
    Ok(paths)
}

/// What stands for standard input, as for other programs.
const STANDARD_INPUT: &str = "-";

fn read(path: &Path) -> Result<SpecFile, Failure> {
    let is_standard_input = path == Path::new(STANDARD_INPUT);
    let name = if is_standard_input { "standard input".to_owned() } else { shown(path) };
    let unreadable = |error: &io::Error| unreadable(&name, error);
    let mut bytes = Vec::new();
    let from: Box<dyn Read> = if is_standard_input {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).map_err(|error| unreadable(&error))?)
    };
    from.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > MOST_BYTES {
        let what = format!("{name} has more than 4 MiB, which no spec has");
        return Err(Failure::new(FailureKind::Input, what).next("name the file of the spec"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(valid).filter(|byte| **byte == b'\n').count() + 1;
        Failure::new(FailureKind::Input, format!("the spec {name} is not UTF-8 (line {line})")).next("save it as UTF-8")
    })?;
    Ok(SpecFile { name, text })
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::new(FailureKind::Input, format!("the spec {name} can't be read: {error}"))
}

/// Writes a file that is not there yet, as a whole or not at all.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let written = OpenOptions::new().write(true).create_new(true).open(path).and_then(|mut file| {
        file.write_all(text.as_bytes()).inspect_err(|_| {
            // What is there is of no use; that it can't be taken away is no other failure.
            let _ = fs::remove_file(path);
        })
    });
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => Failure::new(FailureKind::Usage, format!("the config can't be written to {}: {error}", shown(path)))
            .next("name another file with --output"),
    })
}

fn exists(path: &Path) -> Failure {
    Failure::new(FailureKind::Usage, format!("{} is there already, and an import overwrites nothing", shown(path)))
        .next("name another file with --output, or move that one away")
}
