//! Files that are not read because of their names, and hold old objects all the same: templates of other programs
//! (`.yaml.tmpl`, `.json.j2`), copies (`.yaml.bak`), slips (`.yalm`). Each is reported, because what was skipped must be
//! visible.

use super::filter;
use super::open::{Limits, Refused};
use super::read::opened;
use super::walk::{Source, unreadable};
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place, Span};
use rayon::prelude::*;
use std::io::{self, Read};
use std::path::Path;

/// How many bytes of such a file are looked at: manifests are small, and the file may be anything.
const LOOKED_AT: u64 = 1 << 20;

/// Extensions of templates that manifests are made from, without one that says what comes out.
const TEMPLATES: [&str; 8] = ["tpl", "tmpl", "gotmpl", "template", "j2", "jinja", "jinja2", "erb"];
/// What an extension of a manifest contains, also a misspelt one.
const MANIFESTS: [&str; 4] = ["yaml", "yml", "json", "yalm"];

/// True for names that a manifest may have although meshlift does not read it when it is met in a folder.
pub(super) fn may_hold_manifests(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let name = name.to_ascii_lowercase();
    // ANY part behind the first point: `policy.yaml.tmpl`, `policy.yaml~`, `policy.tpl`.
    name.split('.')
        .skip(1)
        .any(|part| TEMPLATES.contains(&part) || MANIFESTS.iter().any(|extension| part.contains(extension)))
}

/// A finding for every file that names the API of an old kind, in the order of the files.
pub(super) fn look(sources: &[Source], limits: &Limits) -> Vec<Finding> {
    sources.par_iter().filter_map(|source| look_at(source, limits)).collect()
}

fn look_at(source: &Source, limits: &Limits) -> Option<Finding> {
    let bytes = match beginning(source, source.path.as_deref()?, limits) {
        Ok(bytes) => bytes,
        // A link that leads out of the folder, or a file that is far too large for a manifest, was nobody's manifest.
        Err(error) if Refused::of(&error).is_some() => return None,
        Err(error) => return Some(unreadable(source.shown.clone(), &error)),
    };
    let group = filter::first_old_api(&bytes)?;
    let name = String::from_utf8_lossy(bytes.get(group.clone()).unwrap_or_default());
    let message = format!(
        "{} names {name} and was not read, because its name does not end in .yaml, .yml or .json",
        source.shown
    );
    let before = bytes.get(..group.start).unwrap_or_default();
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
    let line = 1 + memchr::memchr_iter(b'\n', before).count();
    let column = 1 + String::from_utf8_lossy(before.get(line_start..).unwrap_or_default()).chars().count();
    let place = Place { file: source.shown.clone(), line, column, span: Span::from(group) };
    Some(Finding::new(input::NOT_READ, message).at(place))
}

fn beginning(source: &Source, path: &Path, limits: &Limits) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    opened(source, path, limits)?.take(LOOKED_AT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_only_look_like_manifests() {
        for name in [
            "a.yaml.template",
            "a.yaml.tmpl",
            "a.tpl",
            "a.yalm",
            "a.json.j2",
            "a.yaml~",
            "a.YAML.bak",
            "a.yaml-old",
            "a.yaml.d",
        ] {
            assert!(may_hold_manifests(Path::new(name)), "{name}");
        }
        for name in ["a.md", "yaml", "json.go", "a.txt", "a", "tpl"] {
            assert!(!may_hold_manifests(Path::new(name)), "{name}");
        }
    }
}
