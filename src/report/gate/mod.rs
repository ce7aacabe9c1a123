//! The one gate between text that somebody else wrote and a reader: terminal, log, comment, page.
//!
//! Names, paths, values and source lines come from strangers. What a reader cannot see ([`is_hidden`]) is shown as an
//! escape (`\u{202e}`), and what a program that reads the output would take for a command is made powerless:
//!
//! * `::warning::` at the start of a line, where blanks do not count: GitHub's runner takes such a line for a command;
//! * `##[error]`, `##vso[…]`, `##teamcity[…]` anywhere in a line: GitHub's older commands, Azure Pipelines, TeamCity.
//!
//! Text for people passes twice: in pieces while it is put together ([`line()`], [`prose`]), so that no piece can begin a
//! line of its own, and as a whole before it is printed ([`page`]). JSON and SARIF keep the exact string of every value
//! ([`json`]) and gate only their sentences. Markdown has rules of its own ([`markdown`]).

pub(super) mod markdown;

use crate::finding::is_hidden;
use std::borrow::Cow;

/// What stands between `##` and `[` of a command is never longer in practice; a longer run of letters ends the search.
const LONGEST_COMMAND: usize = 32;

/// Text from outside, made safe to stand on one line: line breaks too are shown as escapes; tabs stay.
pub fn line(text: &str) -> Cow<'_, str> {
    shown(text, |character| character == '\t')
}

/// Sentences, made safe: newlines and tabs stay.
pub fn prose(text: &str) -> Cow<'_, str> {
    shown(text, |character| matches!(character, '\t' | '\n'))
}

/// Whether a text may hold meshlift's own colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Colour codes (`ESC [ … m`) are meshlift's own; what came from outside has passed [`line()`] before.
    Own,
    /// No escape is meshlift's.
    None,
}

/// A whole text for people, just before it is printed: the last look at what the pieces should have kept out already.
/// No line of it is a command to a CI system.
pub fn page(text: &str, colour: Colour) -> Cow<'_, str> {
    if !text.split('\n').any(|line| is_suspect(line, colour)) {
        return Cow::Borrowed(text);
    }
    let mut page = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        if is_suspect(line.strip_suffix('\n').unwrap_or(line), colour) {
            push_line(&mut page, line, colour);
        } else {
            page.push_str(line);
        }
    }
    Cow::Owned(page)
}

/// A JSON text whose strings mean what they meant, but that shows everything it holds: hidden characters become JSON's
/// own escapes, and so does the bracket of a command.
pub fn json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut commands = Commands::default();
    for character in text.chars() {
        // Outside of strings a newline is the only character that could be hidden, and inside JSON allows none.
        if character == '\n' || !(commands.completes(character) || is_hidden(character)) {
            escaped.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            escaped.push_str(&format!("\\u{unit:04x}"));
        }
    }
    escaped
}

fn shown(text: &str, keep: fn(char) -> bool) -> Cow<'_, str> {
    let mut commands = Commands::default();
    let is_safe = |character| !commands.completes(character) && (keep(character) || !is_hidden(character));
    if text.chars().all(is_safe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut commands = Commands::default();
    for character in text.chars() {
        push(&mut shown, character, commands.completes(character), keep);
    }
    Cow::Owned(shown)
}

/// A character, or the escape that shows it.
fn push(text: &mut String, character: char, completes_command: bool, keep: fn(char) -> bool) {
    if completes_command {
        text.extend(character.escape_unicode());
    } else if is_hidden(character) && !keep(character) {
        text.extend(character.escape_default());
    } else {
        text.push(character);
    }
}

fn is_suspect(line: &str, colour: Colour) -> bool {
    let mut commands = Commands::default();
    starts_command(line, colour)
        || line.chars().any(|character| commands.completes(character) || (character != '\t' && is_hidden(character)))
}

/// True for `::` at the start of a line, behind blanks and colours.
fn starts_command(line: &str, colour: Colour) -> bool {
    let mut rest = line.trim_start();
    while let (Colour::Own, Some(length)) = (colour, colour_code(rest)) {
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    rest.starts_with("::")
}

/// The length of the colour code that text begins with.
fn colour_code(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let length = parameters.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
    parameters.get(length..)?.starts_with('m').then_some(length + 3)
}

fn push_line(page: &mut String, line: &str, colour: Colour) {
    let mut commands = Commands::default();
    let mut at_start = starts_command(line, colour);
    let mut rest = line;
    while let Some(character) = rest.chars().next() {
        if let (Colour::Own, Some(length)) = (colour, colour_code(rest)) {
            let (code, after) = rest.split_at(length);
            page.push_str(code);
            rest = after;
            continue;
        }
        let begins_command = at_start && character == ':';
        at_start &= !begins_command;
        push(page, character, commands.completes(character) || begins_command, |c| matches!(c, '\t' | '\n'));
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
}

/// Watches for `##[` and `##name[`.
#[derive(Default)]
struct Commands {
    hashes: usize,
    letters: usize,
}

impl Commands {
    /// True when this character is the bracket that makes a command of what stood before it.
    fn completes(&mut self, character: char) -> bool {
        let armed = self.hashes >= 2;
        match character {
            '#' if self.letters == 0 => self.hashes += 1,
            '#' => (self.hashes, self.letters) = (1, 0),
            _ if armed && character.is_ascii_alphanumeric() && self.letters < LONGEST_COMMAND => self.letters += 1,
            _ => (self.hashes, self.letters) = (0, 0),
        }
        armed && character == '['
    }
}

#[cfg(test)]
mod tests;
