//! Standard output and standard error: the only place that prints, and the last look at what is printed.

use super::args::{Color, Format, OutputArgs};
use crate::report::{self, Detail, Report, Style, gate};
use anstream::{AutoStream, ColorChoice};
use std::io::{self, IsTerminal, Write};

/// Where a command's words go.
#[derive(Debug)]
pub struct Output {
    choice: ColorChoice,
    quiet: bool,
    verbose: bool,
}

impl Output {
    /// Output as the options ask for it. `NO_COLOR` and `CLICOLOR_FORCE` are honoured by `auto`.
    pub fn new(args: &OutputArgs) -> Output {
        let choice = match args.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Output { choice, quiet: args.quiet, verbose: args.verbose }
    }

    /// Output for commands that have no options for it.
    pub fn plain() -> Output {
        Output { choice: ColorChoice::Auto, quiet: false, verbose: false }
    }

    /// Writes text for people to standard output.
    ///
    /// # Errors
    /// When it cannot be written. A reader that went away (`| head`) is not an error.
    pub fn out(&self, text: &str) -> anyhow::Result<()> {
        self.data(&gate::page(text, colour(self.style())))
    }

    /// Writes to standard output what programs read: YAML, JSON, commands. It is written as it is, so whoever puts it
    /// together has passed it through the gate, or it is the user's own text.
    ///
    /// # Errors
    /// As for [`Output::out`].
    pub fn data(&self, text: &str) -> anyhow::Result<()> {
        settle(AutoStream::new(io::stdout().lock(), self.choice).write_all(text.as_bytes()))
    }

    /// Writes text for people to standard error.
    ///
    /// # Errors
    /// As for [`Output::out`].
    pub fn err(&self, text: &str) -> anyhow::Result<()> {
        let text = gate::page(text, colour(self.style_of_errors()));
        settle(AutoStream::new(io::stderr().lock(), self.choice).write_all(text.as_bytes()))
    }

    /// Notes for `--verbose`, on standard error.
    ///
    /// # Errors
    /// As for [`Output::out`].
    pub fn notes(&self, notes: &[String]) -> anyhow::Result<()> {
        if self.verbose {
            for note in notes {
                self.err(&format!("{}\n", gate::line(note)))?;
            }
        }
        Ok(())
    }

    /// How renderers should write for standard output.
    pub fn style(&self) -> Style {
        self.style_for(io::stdout().is_terminal(), AutoStream::choice(&io::stdout()))
    }

    /// How renderers should write for standard error.
    pub fn style_of_errors(&self) -> Style {
        self.style_for(io::stderr().is_terminal(), AutoStream::choice(&io::stderr()))
    }

    fn style_for(&self, terminal: bool, detected: ColorChoice) -> Style {
        let color = match self.choice {
            ColorChoice::Auto => detected != ColorChoice::Never,
            ColorChoice::Never => false,
            ColorChoice::Always | ColorChoice::AlwaysAnsi => true,
        };
        let detail = match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        };
        let width = if terminal { width() } else { Style::PLAIN.width };
        Style { color, unicode: terminal, width, detail }
    }

    /// Writes the report in a format to standard output, as `diff` and `check` print it.
    ///
    /// # Errors
    /// As for [`Output::out`].
    pub fn report(&self, report: &Report, format: Format, with_diff: bool) -> anyhow::Result<()> {
        let style = self.style();
        match format {
            Format::Text => {
                let diff = if with_diff { report::diff::render(report, &style) } else { String::new() };
                self.out(&(diff + &report::text::render(report, &style)))
            }
            Format::Markdown => self.out(&report::markdown::render(report, &style)),
            Format::Json => self.data(&report::json::render(report, &style)),
            Format::Sarif => self.data(&report::sarif::render(report, &style)),
            Format::Github => self.data(&report::github::render(report, &style)),
        }
    }
}

fn colour(style: Style) -> gate::Colour {
    if style.color { gate::Colour::Own } else { gate::Colour::None }
}

/// The columns of the terminal.
fn width() -> usize {
    terminal_size::terminal_size().map_or(Style::PLAIN.width, |(width, _)| usize::from(width.0))
}

/// A broken pipe means that the reader has seen enough.
fn settle(result: io::Result<()>) -> anyhow::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
