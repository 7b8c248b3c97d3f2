//! From a config's `paths` to files: single files, folders and globs.

use std::{
    cell::Cell,
    io,
    path::{Component, Path, PathBuf},
};

use globset::GlobBuilder;
use lakeward_core::plan::{OnError, OwnPlace, SourcePlan};
use walkdir::{DirEntry, WalkDir};

use crate::error::{Error, nearest, shown};

/// What is of the runs themselves, as canonical paths: what one run writes is no input of the next.
#[derive(Default)]
pub(crate) struct Own {
    /// What is refused where it is named, each with what it is.
    places: Vec<(PathBuf, &'static str)>,
    /// The folders of `rejects`, wherever they are.
    rejects: Vec<PathBuf>,
}

impl Own {
    /// Those of these places, and of the sources' folders for rejects files, that are there: of the others there is nothing to read.
    pub(crate) fn of(places: &[OwnPlace], sources: &[SourcePlan]) -> Self {
        let real = |place: &OwnPlace| Some((place.path.canonicalize().ok()?, place.what));
        let rejects = sources.iter().filter_map(SourcePlan::read).filter_map(|read| match &read.on_error {
            OnError::Fail => None,
            OnError::Skip { rejects, .. } => rejects.canonicalize().ok(),
        });
        Self { places: places.iter().filter_map(real).collect(), rejects: rejects.collect() }
    }

    /// Whether a file or folder is one of them, or below one. What can't be resolved can't be read either, and the walk says so.
    fn holds(&self, path: &Path) -> bool {
        let mut folders = self.places.iter().map(|(place, _)| place).chain(&self.rejects).peekable();
        folders.peek().is_some() && path.canonicalize().is_ok_and(|real| folders.any(|folder| real.starts_with(folder)))
    }

    /// What a path is that must not be named.
    fn refuses(&self, path: &Path) -> Option<String> {
        let real = path.canonicalize().ok()?;
        let (place, what) = self.places.iter().find(|(place, _)| real.starts_with(place))?;
        Some(if real == *place { (*what).to_owned() } else { format!("in the folder {what}") })
    }
}

/// The files that a path of a config means, sorted.
///
/// A path that exists is taken as it is, whatever characters its name has; a folder is all files below it. Anything else
/// is a glob, which matches files only. Hidden files and folders (with a leading dot) are skipped unless they are named. What
/// is the runs' own is skipped, too, and refused where it is named.
pub(crate) fn locate(path: &str, own: &Own) -> Result<Vec<PathBuf>, Error> {
    let literal = Path::new(path);
    match literal.metadata() {
        Ok(_) if let Some(what) = own.refuses(literal) => Err(Error::Own { path: shown(literal), what }),
        Ok(found) if found.is_dir() => {
            let Walked { files, left_out } = walk(literal, None, own, &|_| true)?;
            if files.is_empty() { Err(Error::NoFiles { path: shown(literal), left_out }) } else { Ok(files) }
        }
        Ok(found) if found.is_file() => Ok(vec![literal.to_owned()]),
        Ok(_) => Err(Error::NotAFile { path: shown(literal) }),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound && is_glob(path) => expand(path, own),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            if let Ok(to) = literal.read_link() {
                return Err(Error::Dangling { path: shown(literal), to: shown(&to) });
            }
            Err(Error::Missing { path: shown(literal), near: near(literal) })
        }
        Err(cause) => Err(Error::Unreadable { path: shown(literal), cause }),
    }
}

fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

fn expand(glob: &str, own: &Own) -> Result<Vec<PathBuf>, Error> {
    let matcher = GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .map_err(|cause| Error::Glob { glob: shown(Path::new(glob)), cause: cause.kind().to_string() })?
        .compile_matcher();
    // The walk begins at the deepest folder that is certain, and goes no deeper than the glob can match.
    let components: Vec<Component<'_>> = Path::new(glob).components().collect();
    let is_open = |component: &&Component<'_>| component.as_os_str().to_str().is_none_or(is_glob);
    let base: PathBuf = components.iter().take_while(|component| !is_open(component)).collect();
    let depth = components.len() - base.components().count();
    let depth = (!glob.contains("**")).then_some(depth);
    let no_match = |left_out| Error::NoMatch { glob: shown(Path::new(glob)), near: near(Path::new(glob)), left_out };
    if !base.is_dir() {
        return Err(no_match(false));
    }
    let Walked { files, left_out } = walk(&base, depth, own, &|file| matcher.is_match(file))?;
    if files.is_empty() { Err(no_match(left_out)) } else { Ok(files) }
}

/// The files below a folder.
struct Walked {
    files: Vec<PathBuf>,
    /// Whether something was left out that is the runs' own.
    left_out: bool,
}

fn walk(base: &Path, depth: Option<usize>, own: &Own, is_wanted: &dyn Fn(&Path) -> bool) -> Result<Walked, Error> {
    let walk = WalkDir::new(base).follow_links(true).sort_by_file_name().max_depth(depth.unwrap_or(usize::MAX));
    let left_out = Cell::new(false);
    let is_own = |path: &Path| {
        let is_own = own.holds(path);
        left_out.set(left_out.get() || is_own);
        is_own
    };
    let is_visible = |entry: &DirEntry| {
        let is_shut = || match depth {
            // Nothing below it could be wanted.
            Some(depth) if entry.depth() >= depth => own.holds(entry.path()),
            _ => is_own(entry.path()),
        };
        (entry.depth() == 0 || !is_hidden(entry.path())) && !(entry.file_type().is_dir() && is_shut())
    };
    let mut files = Vec::new();
    for entry in walk.into_iter().filter_entry(is_visible) {
        match entry {
            Ok(entry) if entry.file_type().is_file() && is_wanted(entry.path()) && !is_own(entry.path()) => {
                files.push(entry.into_path());
            }
            Ok(_) => {}
            Err(error) if error.path().is_some_and(|path| path != base && is_hidden(path)) => {}
            Err(error) => {
                let path = shown(error.path().unwrap_or(base));
                let cause =
                    error.into_io_error().unwrap_or_else(|| io::Error::other("a link leads back to its own folder"));
                return Err(Error::Unreadable { path, cause });
            }
        }
    }
    Ok(Walked { files, left_out: left_out.get() })
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// The file of the same folder whose name is nearest.
fn near(path: &Path) -> Option<String> {
    let (folder, name) = (path.parent()?, path.file_name()?.to_string_lossy());
    let names: Vec<String> =
        folder.read_dir().ok()?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    nearest(&name, names.iter().map(String::as_str)).map(|name| shown(&folder.join(name)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(folder: &Path, pattern: &'static str) -> Result<Vec<String>, Error> {
        let place = |path: &'static str| OwnPlace { path: folder.join(path), what: path };
        let own = Own {
            rejects: folder.join("aside").canonicalize().into_iter().collect(),
            ..Own::of(&["lakeward.toml", "lake", "later"].map(place), &[])
        };
        let files = locate(folder.join(pattern).to_str().expect("UTF-8"), &own)?;
        Ok(files.iter().map(|file| file.strip_prefix(folder).expect("below").to_string_lossy().into_owned()).collect())
    }

    #[test]
    fn files_folders_and_globs() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b.csv", "a.csv", "a.json", ".hidden.csv", "sub/c.csv", "sub/.git/d.csv", "odd[1].csv"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, "x").expect("written");
        }
        let names = |pattern: &'static str| names(folder.path(), pattern);
        assert_eq!(names("a.csv").expect("a file"), ["a.csv"]);
        assert_eq!(names("odd[1].csv").expect("a file, not a glob"), ["odd[1].csv"]);
        assert_eq!(names("*.csv").expect("a glob"), ["a.csv", "b.csv", "odd[1].csv"]);
        assert_eq!(names("**/*.csv").expect("a glob"), ["a.csv", "b.csv", "odd[1].csv", "sub/c.csv"]);
        assert_eq!(names("{a,b}.c*").expect("a glob"), ["a.csv", "b.csv"]);
        assert_eq!(names("").expect("a folder"), ["a.csv", "a.json", "b.csv", "odd[1].csv", "sub/c.csv"]);
        assert_eq!(names(".hidden.csv").expect("named"), [".hidden.csv"]);
    }

    #[test]
    fn what_was_set_aside_is_no_input() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["t.csv", "aside/t-run.ndjson", "aside/old/t-run.ndjson", "aside-not/u.ndjson"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, "x").expect("written");
        }
        let names = |pattern: &'static str| names(folder.path(), pattern);
        assert_eq!(names("").expect("a folder"), ["aside-not/u.ndjson", "t.csv"]);
        assert_eq!(names("**/*.ndjson").expect("a glob"), ["aside-not/u.ndjson"]);
        assert!(matches!(names("aside/*.ndjson"), Err(Error::NoMatch { .. })));
        assert!(matches!(names("aside/old"), Err(Error::NoFiles { .. })));
        assert_eq!(names("aside/t-run.ndjson").expect("named"), ["aside/t-run.ndjson"]);
    }

    #[test]
    fn what_the_runs_wrote_is_left_out_and_refused_by_name() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["t.csv", "lakeward.toml", "lake/b/raw/t.parquet", "lake/b/_lakeward_check", "lake-not/u.csv"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, "x").expect("written");
        }
        let names = |pattern: &'static str| names(folder.path(), pattern);
        assert_eq!(names("").expect("a folder"), ["lake-not/u.csv", "t.csv"]);
        assert_eq!(names("*").expect("a glob"), ["t.csv"]);
        assert_eq!(names("*/**/*").expect("a glob"), ["lake-not/u.csv"]);
        assert!(matches!(names("lake/**/*.parquet"), Err(Error::NoMatch { left_out: true, .. })));
        assert!(matches!(names("*.parquet"), Err(Error::NoMatch { left_out: false, .. })));
        for (named, is) in [
            ("lakeward.toml", "lakeward.toml"),
            ("./lake/../lakeward.toml", "lakeward.toml"),
            ("lake", "lake"),
            ("lake/b", "in the folder lake"),
            ("lake/b/raw/t.parquet", "in the folder lake"),
        ] {
            let refused = names(named);
            assert!(matches!(&refused, Err(Error::Own { what, .. }) if what == is), "{named}: {refused:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_told_with_where_it_leads() {
        let folder = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink("gone.csv", folder.path().join("t.csv")).expect("a link");
        let found = names(folder.path(), "t.csv");
        assert!(matches!(&found, Err(Error::Dangling { to, .. }) if to == "gone.csv"), "{found:?}");
    }
}
