//! Where the settings come from: the one place that decides which `meshlift.yaml` counts, reads it, and judges the paths
//! that it names.

use super::super::args::{LimitArgs, SettingsArgs};
use super::super::config::Config;
use crate::files::{self, Bounds, Globs, Limits, Links, Snapshot};
use crate::yaml::Typed;
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};

/// The name of the settings file.
pub const CONFIG_FILE: &str = "meshlift.yaml";

/// The settings in force, and where they come from.
#[derive(Debug)]
pub struct InForce {
    /// What is set; nothing without a settings file.
    pub config: Config,
    /// How reports and messages name the file; `None` when no file is in force.
    pub name: Option<String>,
    file: Option<Typed<Config>>,
    /// The folder that paths in the file are relative to.
    folder: PathBuf,
    /// Where those paths may lead: to any of these.
    bounds: Vec<Bounds>,
    /// The mapping files that settings of a revision name, as they are there: path as shown, text.
    mappings: Vec<(String, String)>,
    /// Which state of the repository the settings are of.
    state: State,
}

/// A state of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    WorkTree,
    Revision,
}

impl InForce {
    /// No settings.
    pub(super) fn nothing() -> InForce {
        InForce {
            config: Config::default(),
            name: None,
            file: None,
            folder: PathBuf::new(),
            bounds: Vec::new(),
            mappings: Vec::new(),
            state: State::WorkTree,
        }
    }

    /// The settings that a text holds; `name` is how messages call it.
    pub(super) fn read(name: String, text: &str, folder: PathBuf, bounds: Vec<Bounds>) -> anyhow::Result<InForce> {
        let file = Config::parse(&name, text).map_err(|misread| anyhow::anyhow!("{name}: {misread}"))?;
        let config = file.as_ref().map(|file| file.value.clone()).unwrap_or_default();
        Ok(InForce { config, name: Some(name), file, folder, bounds, ..InForce::nothing() })
    }

    /// The settings that a revision holds in the file at `path`, with the mapping files that they name.
    pub(super) fn read_at(snapshot: &mut Snapshot, path: &Path, bytes: Vec<u8>) -> anyhow::Result<InForce> {
        let name_of = |path: &Path, snapshot: &Snapshot| {
            let below = path.strip_prefix(snapshot.top()).unwrap_or(path);
            format!("{}@{}", files::shown::shown(below), snapshot.base())
        };
        let utf8 = |bytes: Vec<u8>, name: &str| {
            String::from_utf8(bytes).with_context(|| format!("the settings file {name} cannot be read"))
        };
        let name = name_of(path, snapshot);
        let text = utf8(bytes, &name)?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let mut in_force = InForce::read(name, &text, folder, vec![Bounds::around(snapshot.top())])?;
        in_force.state = State::Revision;
        if let Some(folder) = in_force.config.mappings.clone() {
            let folder = in_force.path("/mappings", &folder)?;
            for path in snapshot.files_in(&folder).into_iter().filter(|path| files::is_mapping_name(path)) {
                let name = name_of(&path, snapshot);
                let read = snapshot.file(&path).with_context(|| format!("{name} cannot be read"))?;
                in_force.mappings.push((name.clone(), utf8(read.unwrap_or_default(), &name)?));
            }
        }
        Ok(in_force)
    }

    /// The mapping files that the settings name: path as shown, text. `None` when they name none.
    ///
    /// # Errors
    /// When they cannot be read, or lie outside of the repository.
    pub fn mapping_files(&self, limits: &Limits) -> anyhow::Result<Option<Vec<(String, String)>>> {
        match (&self.config.mappings, self.state) {
            (None, _) => Ok(None),
            (Some(_), State::Revision) => Ok(Some(self.mappings.clone())),
            (Some(folder), State::WorkTree) => {
                Ok(Some(files::read_mappings(&self.path("/mappings", folder)?, limits)?))
            }
        }
    }

    /// An error about the setting at a JSON pointer, with its place.
    pub fn wrong(&self, pointer: &str, message: &str) -> anyhow::Error {
        match (&self.name, &self.file) {
            (Some(name), Some(file)) => {
                let place = file.place(pointer);
                anyhow::anyhow!("{name}: {message} at line {} column {}", place.line, place.column)
            }
            _ => anyhow::anyhow!("{message}"),
        }
    }

    /// Patterns of files, relative to the settings file; `pointer` tells where each of them is written.
    ///
    /// # Errors
    /// When a pattern cannot be read.
    pub fn globs(&self, patterns: &[&str], pointer: impl Fn(usize) -> String) -> anyhow::Result<Globs> {
        let wrong = |(position, why): (usize, String)| {
            let pattern = patterns.get(position).copied().unwrap_or_default();
            self.wrong(&pointer(position), &format!("`{pattern}` is no pattern of files: {why}"))
        };
        Globs::new(&self.folder, patterns).map_err(wrong)
    }

    /// A path that the setting at `pointer` names, as the run can open it.
    ///
    /// # Errors
    /// When it leads out of the repository: settings come with the manifests, and must not reach further than these.
    pub fn path(&self, pointer: &str, path: &Path) -> anyhow::Result<PathBuf> {
        // By its words: a folder that a branch removed or replaced by a link must not change what is named.
        let full = files::bounds::plain(&self.folder.join(path));
        if self.bounds.iter().any(|bounds| bounds.holds(&full)) {
            return Ok(from_here(full));
        }
        let message = format!(
            "the path {} leads out of the repository; name it on the command line if it is meant",
            files::shown::shown(path)
        );
        Err(self.wrong(pointer, &message))
    }
}

/// The settings that the options ask for: of the named file, of none, or of the nearest `meshlift.yaml` upwards.
///
/// # Errors
/// When the file cannot be read or does not say what a settings file says.
pub fn in_force(args: &SettingsArgs, limits: &Limits) -> anyhow::Result<InForce> {
    let here = Bounds::around(Path::new("."));
    if args.no_config {
        return Ok(InForce::nothing());
    }
    if let Some((base, path)) = args.config.as_deref().and_then(of_revision) {
        return super::revision::named(base, path, limits);
    }
    if let Some(path) = &args.config {
        let text = files::read_text(path, limits)
            .with_context(|| format!("the settings file {} cannot be read", files::shown::shown(path)))?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let around = Bounds::of_root(path);
        return InForce::read(files::shown::shown(path).to_string(), &text, folder, vec![here, around]);
    }
    let Some(path) = files::find_upwards(CONFIG_FILE, Path::new(".")) else { return Ok(InForce::nothing()) };
    let name = files::shown::shown(path.strip_prefix(here.top()).unwrap_or(&path)).to_string();
    let text = files::read_text(&path, limits).with_context(|| format!("the settings file {name} cannot be read"))?;
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let around = Bounds::around(&folder);
    InForce::read(name, &text, folder, vec![here, around])
}

/// `--config REV:PATH`: a file of a revision, as git writes it. A file that is really called so comes first.
pub(super) fn of_revision(named: &Path) -> Option<(&str, &str)> {
    if named.symlink_metadata().is_ok() {
        return None;
    }
    let (base, path) = named.to_str()?.split_once(':')?;
    // `C:` is a drive.
    let drive = cfg!(windows) && base.len() == 1;
    (!drive && !base.is_empty() && !path.is_empty()).then_some((base, path))
}

/// A path below the working directory as one would type it, so that reports are the same on every machine.
fn from_here(path: PathBuf) -> PathBuf {
    let here = Path::new(".").canonicalize().unwrap_or_default();
    match path.strip_prefix(&here) {
        Ok(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Ok(below) => below.to_owned(),
        Err(_) => path,
    }
}

/// The limits that the options set.
pub fn limits(args: &LimitArgs) -> Limits {
    let links = if args.follow_links { Links::Anywhere } else { Links::Inside };
    match args.max_file_size {
        Some(bytes) => Limits { file: bytes, stdin: bytes, links },
        None => Limits { links, ..Limits::default() },
    }
}

/// A number of bytes as people write it: `64MB`, `1GiB`, `500000`.
///
/// # Errors
/// When it is none.
pub fn size(text: &str) -> anyhow::Result<u64> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..).unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        other => bail!("`{other}` is no unit of size; there are KB, MB, GB, KiB, MiB and GiB"),
    };
    let number: u64 = digits.trim().parse().with_context(|| format!("`{text}` is no size like 64MB"))?;
    number.checked_mul(unit).with_context(|| format!("`{text}` is more than any file can hold"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [("500", 500), ("64MB", 64_000_000), ("1 k", 1_000), ("2GiB", 2 << 30), ("3m", 3_000_000)]
        {
            assert_eq!(size(text).expect("a size"), bytes, "{text}");
        }
        for text in ["", "MB", "1.5MB", "-1", "1TB", "99999999999GB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
