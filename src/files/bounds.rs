//! The folder that a run's files must lie in: a repository cannot hand out what is beside it.
//!
//! Links inside the folder are followed as far as they stay inside. `.git` counts as outside: what git keeps there (URLs
//! with passwords among it) is nobody's manifest.

use super::resolve::resolved;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A folder that paths lead into or out of. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bounds {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Absolute, links resolved.
    top: PathBuf,
    /// The open folder: what is opened below it cannot be moved elsewhere by replacing a folder above.
    #[cfg(target_os = "linux")]
    handle: Option<rustix::fd::OwnedFd>,
}

impl PartialEq for Bounds {
    fn eq(&self, other: &Bounds) -> bool {
        self.inner.top == other.inner.top
    }
}
impl Eq for Bounds {}

impl Bounds {
    /// Around a folder: the git work tree that holds it, else the folder itself.
    pub fn around(folder: &Path) -> Bounds {
        let real = resolved(folder);
        let top = real.ancestors().find(|ancestor| ancestor.join(".git").exists()).unwrap_or(&real).to_owned();
        Bounds::exactly(top)
    }

    /// Around a path of the command line. What lies below the working directory's bounds by its name has to stay there;
    /// another path is the user's own word, and its bounds are around where it leads.
    pub fn of_root(path: &Path) -> Bounds {
        Bounds::of_named(path).unwrap_or_else(|| {
            let real = resolved(path);
            Bounds::around(if real.is_dir() { &real } else { real.parent().unwrap_or(&real) })
        })
    }

    /// The working directory's bounds, when `path` lies inside by its name.
    pub(super) fn of_named(path: &Path) -> Option<Bounds> {
        let here = Bounds::around(Path::new("."));
        plain(path).starts_with(here.top()).then_some(here)
    }

    fn exactly(top: PathBuf) -> Bounds {
        #[cfg(target_os = "linux")]
        let handle = {
            use rustix::fs::{Mode, OFlags};
            rustix::fs::open(&top, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok()
        };
        Bounds {
            inner: Arc::new(Inner {
                top,
                #[cfg(target_os = "linux")]
                handle,
            }),
        }
    }

    /// The folder, links resolved.
    pub fn top(&self) -> &Path {
        &self.inner.top
    }

    /// True when `path`, followed through all links, lies inside. The path itself need not exist.
    pub fn holds(&self, path: &Path) -> bool {
        self.below(&resolved(path)).is_some()
    }

    /// A resolved path relative to the top; `None` when it lies outside or in `.git`.
    pub(super) fn below<'a>(&self, real: &'a Path) -> Option<&'a Path> {
        let below = real.strip_prefix(self.top()).ok()?;
        // A `..` is left where the folder before it does not exist (yet).
        let leaves =
            |part: Component<'_>| part == Component::ParentDir || part.as_os_str().eq_ignore_ascii_case(".git");
        (!below.components().any(leaves)).then_some(below)
    }

    /// The path relative to the top, as it is written: links are not resolved.
    pub(super) fn named_below(&self, path: &Path) -> Option<PathBuf> {
        self.below(&plain(path)).map(Path::to_owned)
    }

    #[cfg(target_os = "linux")]
    pub(super) fn handle(&self) -> std::io::Result<&rustix::fd::OwnedFd> {
        self.inner.handle.as_ref().ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }
}

/// The absolute path without `.` and `..`, taken by its words: links are not looked at.
pub fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_folder_in_a_work_tree_is_bounded_by_the_work_tree() {
        let temp = tempfile::tempdir().unwrap();
        let top = temp.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("repo/.git")).unwrap();
        fs::create_dir_all(top.join("repo/a/b")).unwrap();
        assert_eq!(Bounds::around(&top.join("repo/a/b")).top(), top.join("repo"));
        assert_eq!(Bounds::around(&top).top(), top);
        let bounds = Bounds::of_root(&top.join("repo/a/missing.yaml"));
        for (path, inside) in [
            ("repo/x.yaml", true),
            ("repo/a/../x.yaml", true),
            ("x.yaml", false),
            ("repo/.git/config", false),
            ("repo/a/.GIT/config", false),
            ("repo/missing/../../x.yaml", false),
            ("repo2/x.yaml", false),
        ] {
            assert_eq!(bounds.holds(&top.join(path)), inside, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_judged_by_where_it_leads() {
        let temp = tempfile::tempdir().unwrap();
        let top = temp.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("in/.git")).unwrap();
        std::os::unix::fs::symlink("../out", top.join("in/link")).unwrap();
        std::os::unix::fs::symlink("x.yaml", top.join("in/own.yaml")).unwrap();
        fs::create_dir(top.join("out")).unwrap();
        let bounds = Bounds::around(&top.join("in"));
        assert!(!bounds.holds(&top.join("in/link/a.yaml")));
        assert!(bounds.holds(&top.join("in/own.yaml")));
    }
}
