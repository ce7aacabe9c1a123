//! How a path is written for people: as the user would type it, with `/` between its parts on every system.

use std::path::{Component, Path};
use std::sync::Arc;

/// The name under which standard input is shown, and asked for.
pub const STDIN: &str = "-";

/// A path as shown to the user: relative paths stay relative, `./` and doubled separators go, `..` stays.
///
/// Bytes that are not UTF-8 are written `\xNN`, so that two different files are never shown alike. The working
/// directory itself is the empty string, as the parent of `a.yaml` is.
pub fn shown(path: &Path) -> Arc<str> {
    let mut text = String::with_capacity(path.as_os_str().len());
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::RootDir => text.push('/'),
            Component::Prefix(_) | Component::ParentDir | Component::Normal(_) => {
                if !text.is_empty() && !text.ends_with('/') {
                    text.push('/');
                }
                push_escaped(&mut text, component.as_os_str().as_encoded_bytes());
            }
        }
    }
    text.into()
}

/// For messages about folders, where an empty string would read oddly.
pub fn folder(shown: &str) -> &str {
    if shown.is_empty() { "." } else { shown }
}

fn push_escaped(text: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &str) {
        assert_eq!(&*shown(Path::new(path)), expected);
    }

    #[test]
    fn paths_are_shown_as_a_user_would_type_them() {
        check("./a.yaml", "a.yaml");
        check("a/./b//c.yaml", "a/b/c.yaml");
        check("../a.yaml", "../a.yaml");
        check("a/../b.yaml", "a/../b.yaml");
        check("/tmp/a.yaml", "/tmp/a.yaml");
        check("/", "/");
        check(".", "");
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_utf8_stay_apart() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(&*shown(Path::new(OsStr::from_bytes(b"d/\xFFa.yaml"))), "d/\\xFFa.yaml");
    }
}
