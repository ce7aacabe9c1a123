//! Regular expressions of trigger rules that mean no more than an exact value, a prefix or a suffix. They are ECMAScript
//! and match the whole path; what is not provably equal to a pattern is not rewritten (`meaning/authn.md` J7).

use crate::api::legacy::StringMatch;

/// The plain matches that together are equal to a regular expression, or `None`.
pub(super) fn rewritten(regex: &str) -> Option<Vec<StringMatch>> {
    // A full match of an alternation is a full match of ANY alternative.
    alternatives(regex)?.into_iter().map(|alternative| single(&alternative)).collect()
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Literal(char),
    /// `.*`
    Anything,
    /// `*`, `+`, `?` or `{`.
    Quantifier,
    /// Any other operator.
    Other,
}

fn single(alternative: &str) -> Option<StringMatch> {
    let text = alternative.strip_prefix('^').unwrap_or(alternative);
    let text = match text.strip_suffix('$') {
        Some(rest) if !rest.ends_with('\\') => rest,
        _ => text,
    };
    let tokens = tokens(text)?;
    let (starts_open, tokens) = match tokens.split_first() {
        Some((Token::Anything, rest)) => (true, rest),
        _ => (false, tokens.as_slice()),
    };
    let (ends_open, tokens) = match tokens.split_last() {
        Some((Token::Anything, rest)) => (true, rest),
        _ => (false, tokens),
    };
    let literal: Option<String> = tokens
        .iter()
        .map(|token| match token {
            Token::Literal(character) => Some(*character),
            Token::Anything | Token::Quantifier | Token::Other => None,
        })
        .collect();
    let literal = literal?;
    if literal.is_empty() && (starts_open || ends_open) {
        return Some(StringMatch::Prefix(literal));
    }
    match (starts_open, ends_open) {
        (false, false) => Some(StringMatch::Exact(literal)),
        (false, true) => Some(StringMatch::Prefix(literal)),
        (true, false) => Some(StringMatch::Suffix(literal)),
        (true, true) => None,
    }
}

/// The alternatives of the topmost level; `None` when brackets or groups make the level unclear.
fn alternatives(regex: &str) -> Option<Vec<String>> {
    if !regex.contains('|') {
        return Some(vec![regex.to_owned()]);
    }
    if regex.contains(['(', ')', '[', ']', '\\']) {
        return None;
    }
    Some(regex.split('|').map(str::to_owned).collect())
}

/// `None` for an escape whose meaning is not a literal character, as in `\d`.
fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            '\\' => match characters.next() {
                Some(escaped) if escaped.is_ascii_punctuation() => Token::Literal(escaped),
                _ => return None,
            },
            '.' if characters.peek() == Some(&'*') => {
                characters.next();
                // `.*?` matches the same paths, but keep to what is plain.
                if matches!(characters.peek(), Some('?' | '+' | '*' | '{')) { Token::Other } else { Token::Anything }
            }
            '*' | '+' | '?' | '{' => Token::Quantifier,
            '.' | '(' | ')' | '[' | ']' | '}' | '^' | '$' | '|' => Token::Other,
            literal => Token::Literal(literal),
        });
    }
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(regex: &str, expected: Option<&[StringMatch]>) {
        assert_eq!(rewritten(regex).as_deref(), expected, "{regex}");
    }

    #[test]
    fn authn_e57_what_is_provably_equal_is_rewritten() {
        check("/pub/.*", Some(&[StringMatch::Prefix("/pub/".into())]));
        check(r".*\.js", Some(&[StringMatch::Suffix(".js".into())]));
        check("/ok", Some(&[StringMatch::Exact("/ok".into())]));
        check("^/ok$", Some(&[StringMatch::Exact("/ok".into())]));
        check(".*", Some(&[StringMatch::Prefix(String::new())]));
        check("/a|/b/.*", Some(&[StringMatch::Exact("/a".into()), StringMatch::Prefix("/b/".into())]));
    }

    #[test]
    fn authn_e56_what_is_not_equal_is_left() {
        for regex in
            ["/v[0-9]+/x", "/a/[^/]+/b", "/a.b", "/a/.+", ".*x.*", "/a(/.*)?", r"/\d", "/ab*", "/a.*?", "(/a|/b)"]
        {
            check(regex, None);
        }
    }
}
