//! Files by pattern, for the settings that speak of folders (`namespaces:`, `meshes:`).
//!
//! Patterns are relative to the folder of the settings file. `*` and `?` stay within one part of a path, `**` does not,
//! and a pattern that names a folder means everything below it.

use super::bounds::plain;
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use std::path::{Path, PathBuf};

/// Patterns, and the folder they are relative to.
#[derive(Clone, Debug)]
pub struct Globs {
    folder: PathBuf,
    set: GlobSet,
    /// The length of each pattern, for [`Globs::length_of`].
    lengths: Vec<usize>,
}

impl Globs {
    /// Reads patterns.
    ///
    /// # Errors
    /// The position of the first pattern that cannot be read, and what is wrong with it.
    pub fn new(folder: &Path, patterns: &[&str]) -> Result<Globs, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        for (position, pattern) in patterns.iter().enumerate() {
            let wrong = |error: globset::Error| (position, error.kind().to_string());
            let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
            set.add(glob(pattern).map_err(wrong)?);
            // The folder itself, or what is in it.
            let below = if pattern.is_empty() || pattern == "." { "**".to_owned() } else { format!("{pattern}/**") };
            set.add(glob(&below).map_err(wrong)?);
        }
        let set = set.build().map_err(|error| (0, error.to_string()))?;
        let lengths = patterns.iter().map(|pattern| pattern.len()).collect();
        // The empty path is the working directory.
        Ok(Globs { folder: plain(&Path::new(".").join(folder)), set, lengths })
    }

    /// True when ANY of the patterns matches a file, given by its path as shown.
    pub fn matches(&self, shown: &str) -> bool {
        self.length_of(shown).is_some()
    }

    /// The length of the longest pattern that matches a file: of several the most precise.
    pub fn length_of(&self, shown: &str) -> Option<usize> {
        let path = plain(Path::new(shown));
        let inside = path.strip_prefix(&self.folder).ok()?;
        self.set.matches(inside).into_iter().filter_map(|index| self.lengths.get(index / 2)).max().copied()
    }
}

fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(pattern).literal_separator(true).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_means_what_is_below_it_and_a_star_stays_within_a_part() {
        let found =
            |pattern: &str, path: &str| Globs::new(Path::new("."), &[pattern]).expect("a pattern").matches(path);
        for (pattern, path, expected) in [
            ("prod", "prod/a.yaml", true),
            ("prod/", "prod/deep/a.yaml", true),
            ("./prod", "prod/a.yaml", true),
            ("prod", "prod-2/a.yaml", false),
            ("prod/*.yaml", "prod/a.yaml", true),
            ("prod/*.yaml", "prod/deep/a.yaml", false),
            ("**/prod", "k8s/prod/a.yaml", true),
            ("*/prod/**", "k8s/prod/deep/a.yaml", true),
            (".", "a.yaml", true),
            ("prod", "./prod/../prod/a.yaml", true),
            ("prod", "../prod/a.yaml", false),
        ] {
            assert_eq!(found(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_told_by_its_position() {
        assert_eq!(Globs::new(Path::new("."), &["a", "b[", "c"]).expect_err("broken").0, 1);
    }
}
