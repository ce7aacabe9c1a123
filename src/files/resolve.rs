//! Where a path really leads, also when the file itself does not exist (yet, or any more).

use std::path::{Path, PathBuf};

/// The absolute path with all links resolved as far as it exists; what does not exist is appended as written.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for ancestor in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (ancestor.canonicalize(), path.strip_prefix(ancestor)) {
            return if rest.as_os_str().is_empty() { real } else { real.join(rest) };
        }
    }
    path
}
