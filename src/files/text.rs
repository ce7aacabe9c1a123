//! Bytes into text. Manifests are UTF-8; everything else is reported with the place of the first byte that is not.

use crate::finding::catalogue::input;
use crate::finding::{Finding, Place, Span};
use std::sync::Arc;

/// The text of a file, a byte order mark included (the YAML reader knows what to do with it).
pub fn decode(shown: &Arc<str>, bytes: Vec<u8>) -> Result<Arc<str>, Finding> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(error) => Err(not_utf8(shown, error.as_bytes(), error.utf8_error().valid_up_to())),
    }
}

/// The finding for a file whose byte at `offset` is the first that is not UTF-8.
fn not_utf8(shown: &Arc<str>, bytes: &[u8], offset: usize) -> Finding {
    if let Some(encoding) = utf16(bytes) {
        return Finding::new(input::NOT_UTF8, format!("{shown} is written in {encoding}, not in UTF-8."))
            .at(Place::start_of(shown.clone()))
            .remedy(
                "Save the file as UTF-8; in PowerShell write it with `| Out-File -Encoding utf8`, because `>` writes UTF-16.",
            );
    }
    let before = bytes.get(..offset).unwrap_or_default();
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let line = 1 + memchr::memchr_iter(b'\n', before).count();
    let column = 1 + String::from_utf8_lossy(before.get(line_start..).unwrap_or_default()).chars().count();
    let byte = bytes.get(offset).copied().unwrap_or_default();
    Finding::new(
        input::NOT_UTF8,
        format!(
            "The byte 0x{byte:02X} in line {line}, column {column} of {shown} is not UTF-8, so the file was not read."
        ),
    )
    .at(Place { file: shown.clone(), line, column, span: Span { start: offset, end: offset + 1 } })
}

/// The name of the two-byte encoding that a byte order mark announces.
fn utf16(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xFF, 0xFE, ..] => Some("UTF-16 (little-endian)"),
        [0xFE, 0xFF, ..] => Some("UTF-16 (big-endian)"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &str) {
        let finding = decode(&"a.yaml".into(), bytes.to_vec()).unwrap_err();
        assert_eq!(finding.code, input::NOT_UTF8);
        assert_eq!(finding.place.unwrap().to_string(), expected);
    }

    #[test]
    fn the_first_bad_byte_is_located_in_characters() {
        check(b"\xFFa", "a.yaml:1:1");
        check(b"a: 1\nb: \xE9t\xE9\n", "a.yaml:2:4");
        check("ä: é".as_bytes().iter().chain(b"\xC3").copied().collect::<Vec<_>>().as_slice(), "a.yaml:1:5");
        check(b"a: 1\r\n\xC3", "a.yaml:2:1");
    }

    #[test]
    fn utf16_from_powershell_is_named() {
        let finding = decode(&"a.yaml".into(), b"\xFF\xFEk\0i\0".to_vec()).unwrap_err();
        assert!(finding.message.contains("UTF-16"), "{}", finding.message);
    }

    #[test]
    fn a_byte_order_mark_stays_in_the_text() {
        assert_eq!(&*decode(&"a.yaml".into(), b"\xEF\xBB\xBFa: 1".to_vec()).unwrap(), "\u{FEFF}a: 1");
    }
}
