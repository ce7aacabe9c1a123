//! One model of the result, one renderer per format.
//!
//! `run` fills a [`Report`]; every renderer is a pure function from it and a [`Style`] to text. Whether a terminal is
//! listening, how wide it is and whether it wants colour is the caller's knowledge, not this module's.

pub mod diff;
pub mod explain;
pub mod gate;
pub mod github;
pub mod json;
pub mod markdown;
pub mod model;
pub mod sarif;
pub mod table;
pub mod text;

mod alike;
mod paint;
#[cfg(test)]
mod tests;
mod words;

pub use json::json_schema;
pub use model::{
    Conversion, Decision, FileChange, NewObject, OldObject, OldTexts, Purpose, Refused, Report, Summary, Transport,
    Undecided, Verdict, Verification, Witness, Witnesses, Wrote,
};

/// How text for people is to look. Formats for programs ignore it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Write ANSI colour codes.
    pub color: bool,
    /// Draw with box characters; otherwise plain ASCII.
    pub unicode: bool,
    /// Columns available.
    pub width: usize,
    /// How much to say.
    pub detail: Detail,
}

/// How much to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// `-q`: errors, differences in access and the summary.
    Quiet,
    /// Everything a person has to look at.
    #[default]
    Normal,
    /// `-v`: every verdict, also the equal ones.
    Verbose,
}

impl Style {
    /// For pipes and files: no colour, ASCII, 100 columns.
    pub const PLAIN: Style = Style { color: false, unicode: false, width: 100, detail: Detail::Normal };
}

impl Default for Style {
    fn default() -> Style {
        Style::PLAIN
    }
}
