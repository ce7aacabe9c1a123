//! Single files that a user names by an option: settings, mapping files, the report.

use super::commit::{Before, Change, replace_one};
use super::open::{self, Limits};
use super::shown::shown;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The text of a file. What is named inside the repository may not lead out of it.
///
/// # Errors
/// When it cannot be read or is not UTF-8.
pub fn read_text(path: &Path, limits: &Limits) -> io::Result<String> {
    let bytes = open::read_named(path, limits)?;
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}

/// The bytes of a file, or `None` when there is none.
///
/// # Errors
/// As for [`read_text`].
pub fn read_if_there(path: &Path, limits: &Limits) -> io::Result<Option<Vec<u8>>> {
    match open::read_named(path, limits) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The mapping files of a folder, by path: (path as shown, text) of every `.yaml` and `.yml` file directly in it.
///
/// # Errors
/// When the folder or one of the files cannot be read; the error names it.
pub fn read_mappings(folder: &Path, limits: &Limits) -> io::Result<Vec<(String, String)>> {
    mapping_paths(folder)?
        .into_iter()
        .map(|path| {
            let text = read_text(&path, limits).map_err(|error| named(&error, &path))?;
            Ok((shown(&path).to_string(), text))
        })
        .collect()
}

/// The paths of the mapping files of a folder, in order.
///
/// # Errors
/// When the folder cannot be read; the error names it.
pub fn mapping_paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| named(&error, folder))? {
        paths.push(entry?.path());
    }
    paths.retain(|path| is_mapping_name(path));
    paths.sort();
    Ok(paths)
}

/// True for the names that mapping files have.
pub fn is_mapping_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn named(error: &io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", shown(path)))
}

/// Writes a whole file, or leaves what was there: never half a file.
///
/// # Errors
/// When it cannot be written.
pub fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    // A pipe or a device (`--report /dev/stderr`) cannot be replaced, only written to.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return fs::write(path, text);
    }
    let change = Change {
        shown: shown(path),
        path: path.to_path_buf(),
        before: Before::Any { model: None },
        after: text.to_owned(),
    };
    replace_one(change).map_err(|finding| io::Error::other(finding.message))
}
