//! `golden/README.md`: from a finding, an edge case's number or an area to the cases that show it.

use super::index::{self, Indexed, Number};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Cases linked for one code; of more, those that tell the fewest other findings.
const LINKED: usize = 5;

const HEAD: &str = "\
# Golden cases

Each folder is a sentence about behaviour: `case.yaml` says why it exists and how meshlift is run, `input/` (or `before/` and `after/`) what it starts
from, `expected/` the files that change, `report.txt` (or `verdict.txt`) what the user reads. `shared/` holds scenery that cases name in `shares:`.
[CONTRIBUTING.md](../CONTRIBUTING.md) says how to add one.

Generated from the cases by `UPDATE_GOLDEN=1 cargo test --test golden -- README`; do not edit.
";

/// The tables that cases cite.
const TABLES: [(&str, &str); 5] = [
    ("authn-E", "Edge cases of the authentication reference"),
    ("J", "Forms of token rules (authentication reference, 4.5)"),
    ("S", "Scopes of mutual TLS (authentication reference, 4.2)"),
    ("E", "Edge cases of the RBAC reference"),
    ("C", "Corrections from compiled configurations (RBAC reference, appendix C)"),
];

/// The text of `golden/README.md`.
pub fn readme(cases: &[Indexed]) -> String {
    let mut text = HEAD.to_owned();
    text += "\n## Findings\n\n`meshlift explain CODE` tells what a finding means. The cases with the fewest other findings are linked.\n\n";
    for (code, cases) in index::by(cases, |case| case.codes.clone()) {
        let _ = writeln!(text, "* `{code}`: {}", examples(cases));
    }
    text += "\n## Edge cases\n";
    let numbers = index::by(cases, |case| index::numbers(&case.area, &case.shows));
    for (table, title) in TABLES {
        let _ = writeln!(text, "\n### {title}\n");
        for (Number { number, .. }, cases) in numbers.iter().filter(|(number, _)| number.table == table) {
            let links: Vec<String> = cases.iter().map(|case| case.link()).collect();
            let _ = writeln!(text, "* {table}{number}: {}", links.join(", "));
        }
    }
    text += "\n## Shared scenery\n\n";
    for (name, cases) in index::by(cases, |case| case.shares.iter().cloned().collect()) {
        let _ = writeln!(text, "* [{name}](shared/{name}): {} cases", cases.len());
    }
    text += "\n## Areas\n";
    for (area, cases) in index::by(cases, |case| BTreeSet::from([case.area.clone()])) {
        let _ = writeln!(text, "\n### {area}\n");
        for case in cases {
            let _ = writeln!(text, "* {}", case.link());
        }
    }
    text
}

/// Links to the cases that show best what they have in common.
fn examples(mut cases: Vec<&Indexed>) -> String {
    cases.sort_by_key(|case| case.codes.len());
    let links: Vec<String> = cases.iter().take(LINKED).map(|case| case.link()).collect();
    let more = match cases.len().saturating_sub(LINKED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    links.join(", ") + &more
}
