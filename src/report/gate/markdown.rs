//! Text from outside in GitHub's Markdown: it means itself, and it is dead.
//!
//! Escaping is not enough: GitHub looks for mentions, issue numbers, emoji and addresses in the page that Markdown has
//! become, where `\#1` is `#1` again and `&#64;name` is `@name`. Only code is left alone. So a word that could come to
//! life is written as code, and all others as they read.

use super::line;
use std::borrow::Cow;

/// Where a piece of Markdown stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// A paragraph or list item.
    Text,
    /// A cell of a table, where a pipe ends the cell, even inside code.
    Cell,
}

/// Prose of at most `limit` characters (before escaping) that means itself, mentions nobody and links nowhere.
pub fn prose(text: &str, limit: usize, within: Within) -> String {
    let text = line(text);
    let text = bounded(&text, limit);
    let mut escaped = String::with_capacity(text.len() + 8);
    for part in text.split_inclusive([' ', '\t']) {
        let word = part.trim_end_matches([' ', '\t']);
        if is_live(word) {
            escaped += &span(word, within);
        } else {
            word.chars().for_each(|character| push(&mut escaped, character));
        }
        escaped += part.get(word.len()..).unwrap_or_default();
    }
    escaped
}

/// A code span of at most `limit` characters.
pub fn code(text: &str, limit: usize, within: Within) -> String {
    span(&bounded(&line(text), limit), within)
}

/// The length of the longest run of `wanted` in `text`.
pub fn longest_run(text: &str, wanted: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for character in text.chars() {
        run = if character == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// The text, or its beginning and how much is missing.
fn bounded(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some((at, _)) => {
            let (kept, rest) = text.split_at(at);
            Cow::Owned(format!("{kept}… ({} more characters)", rest.chars().count()))
        }
    }
}

/// The delimiters are longer than any run of backticks inside.
fn span(text: &str, within: Within) -> String {
    let text = match within {
        Within::Text => Cow::Borrowed(text),
        // Readers of tables differ about a pipe behind a backslash, so that one is shown as an escape.
        Within::Cell => Cow::Owned(text.replace("\\|", "\\\\u{7c}").replace('|', "\\|")),
    };
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    let pad = if text.is_empty() || text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn push(escaped: &mut String, character: char) {
    match character {
        '<' => *escaped += "&lt;",
        '>' => *escaped += "&gt;",
        '&' => *escaped += "&amp;",
        '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' => {
            escaped.push('\\');
            escaped.push(character);
        }
        _ => escaped.push(character),
    }
}

/// True for a word that GitHub may turn into a mention, a link or a picture.
fn is_live(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    // Mentions, mail addresses, repository@commit; addresses with and without a scheme.
    word.contains('@') || lower.contains("://") || lower.contains("www.") || refers(word) || has_emoji(word)
}

/// `#1`, `GH-1`, and what a repository may have made a link of: `TICKET-1`, a commit's hash.
fn refers(word: &str) -> bool {
    let digit_follows = |at: usize| word.get(at..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let issue = word.match_indices('#').any(|(at, _)| digit_follows(at + 1));
    let ticket = word.match_indices('-').any(|(at, _)| {
        let before = word.get(..at).unwrap_or_default();
        let key: Vec<char> = before.chars().rev().take_while(char::is_ascii_alphanumeric).collect();
        let shouted = key.len() > 1 && key.iter().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        let github = matches!(key.as_slice(), ['h' | 'H', 'g' | 'G']);
        (shouted || github) && digit_follows(at + 1)
    });
    let hash = word
        .split(|character: char| !character.is_ascii_alphanumeric())
        .any(|run| (7..=40).contains(&run.len()) && run.bytes().all(|byte| byte.is_ascii_hexdigit()));
    issue || ticket || hash
}

/// `:name:`.
fn has_emoji(word: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-');
    // ALL pieces between two colons are looked at: the first and the last have only one.
    let mut pieces = word.split(':').skip(1).peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_some() && !piece.is_empty() && piece.chars().all(is_name) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_could_come_to_life_is_code() {
        for word in [
            "@octocat",
            "(@org/team)",
            "a@b.c",
            "https://evil.example",
            "HTTP://x",
            "www.evil.example",
            "WWW.x.y",
            "#1",
            "owner/repo#12",
            "&#64;octocat",
            "GH-1",
            "gh-7",
            "JIRA-12",
            ":tada:",
            "a:+1:b",
            "1234567",
            "deadbeef1",
            "ftp://x",
        ] {
            assert!(is_live(word), "{word}");
            assert_eq!(prose(&format!("see {word} now"), 100, Within::Text), format!("see `{word}` now"));
        }
    }

    #[test]
    fn ordinary_words_read_as_they_are() {
        for word in [
            "cart.shop.svc.cluster.local",
            "v1beta1",
            "shop/cart,",
            "8080",
            "9:30",
            "a:b",
            "x-1",
            "e37",
            "::",
            "10.0.0.0/8",
        ] {
            assert!(!is_live(word), "{word}");
            assert_eq!(prose(word, 100, Within::Text), word);
        }
    }

    #[test]
    fn markup_means_itself() {
        assert_eq!(
            prose("<img src=x> *a* [b](c) ~d~ $e$", 100, Within::Text),
            "&lt;img src=x&gt; \\*a\\* \\[b\\](c) \\~d\\~ \\$e\\$"
        );
        assert_eq!(prose("a|b `c`", 100, Within::Cell), "a\\|b \\`c\\`");
        assert_eq!(prose("@a|b`c", 100, Within::Cell), "``@a\\|b`c``");
        assert_eq!(code("a\\|b", 100, Within::Cell), "`a\\\\u{7c}b`");
        assert_eq!(code("", 100, Within::Text), "`  `");
    }

    #[test]
    fn long_text_says_how_much_is_missing() {
        assert_eq!(code("abcdef", 4, Within::Text), "`abcd… (2 more characters)`");
        assert_eq!(prose("ééé", 3, Within::Text), "ééé");
    }
}
