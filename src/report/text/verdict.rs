//! Verdicts on access, worst first, each with a request that shows the difference.

use crate::report::model::{Report, Verdict, Verification, Witness};
use crate::report::paint::{self, paint};
use crate::report::{Detail, Style, gate, words};

/// Differences shown with their requests before the rest is only counted (`-v` shows all).
const SHOWN: usize = 20;

/// The verdicts a person has to look at, as one block each. Equal ones are only counted in the summary, except with `-v`.
pub(super) fn render(report: &Report, style: &Style) -> Vec<String> {
    let verbose = style.detail == Detail::Verbose;
    let mut blocks = Vec::new();
    let unequal: Vec<_> = report.verification.iter().filter(|v| v.verdict != Verdict::Equal).collect();
    let limit = if verbose { unequal.len() } else { SHOWN };
    blocks.extend(unequal.iter().take(limit).map(|verification| block(verification, style)));
    if unequal.len() > limit {
        let hidden = unequal.len() - limit;
        blocks.push(format!("{} like these; -v shows all.\n", words::count(hidden, "more comparison")));
    }
    if verbose {
        let equal = report.verification.iter().filter(|v| v.verdict == Verdict::Equal);
        let lines: String = equal.map(|verification| headline(verification, style)).collect();
        blocks.extend((!lines.is_empty()).then_some(lines));
    }
    blocks
}

fn block(verification: &Verification, style: &Style) -> String {
    let mut text = headline(verification, style);
    for (label, witness) in
        [("now allowed", &verification.witness.wider), ("now denied", &verification.witness.narrower)]
    {
        if let Some(witness) = witness {
            text += &details(label, verification, witness, style);
        }
    }
    text
}

fn headline(verification: &Verification, style: &Style) -> String {
    let word = paint(style, paint::of_verdict(verification.verdict), verification.verdict.word());
    let subject = paint(style, paint::BOLD, &words::subject(verification));
    match verification.verdict {
        Verdict::Equal if verification.relaxations.is_empty() => format!("{word}: {subject}\n"),
        Verdict::Equal => format!("{word}: {subject} ({})\n", words::relaxations(verification.relaxations.iter())),
        _ => format!("{word}: {subject}: {}\n", words::statement(verification)),
    }
}

/// The request, what decided it before and after, and how to send it.
fn details(label: &str, verification: &Verification, witness: &Witness, style: &Style) -> String {
    let mut rows = vec![
        (label, words::request(verification, witness)),
        ("before", words::decision(&witness.before)),
        ("after", words::decision(&witness.after)),
    ];
    if let Some(curl) = &witness.curl {
        rows.push(("try", gate::line(curl).into_owned()));
    }
    rows.iter()
        .map(|(name, value)| format!("  {} {value}\n", paint(style, paint::DIM, &format!("{name:<11}"))))
        .collect()
}
