//! Characters that a reader cannot see, or that change how the text around them is shown.

/// True for what must never reach a terminal, a log or a page as it is: control characters (C0, DEL, C1; also newline
/// and tab, which a caller may let through where it means them), line and paragraph separators, marks that reorder
/// text, and characters without any width.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            // Soft hyphen, Arabic letter mark, Hangul fillers, Mongolian vowel separator.
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{180e}'
            // Zero-width space, non-joiner and joiner, directional marks.
            | '\u{200b}'..='\u{200f}'
            // Line and paragraph separator, embeddings and overrides.
            | '\u{2028}'..='\u{202e}'
            // Word joiner, invisible operators, isolates, deprecated format characters.
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            // Tags and variation selectors: text that can be carried along unseen.
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::is_hidden;

    #[test]
    fn what_cannot_be_seen_is_hidden_and_text_of_any_language_is_not() {
        for hidden in "\0\u{1b}\n\t\r\u{7f}\u{85}\u{9b}\u{202a}\u{202e}\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}".chars()
        {
            assert!(is_hidden(hidden), "{hidden:?}");
        }
        for hidden in "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{2028}\u{2029}\u{ad}\u{e0041}".chars() {
            assert!(is_hidden(hidden), "{hidden:?}");
        }
        for shown in "az 09~é ß 漢 ع 🦀\u{fe0f}\u{a0}\u{301}".chars() {
            assert!(!is_hidden(shown), "{shown:?}");
        }
    }
}
