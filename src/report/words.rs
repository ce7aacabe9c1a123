//! The sentences that several formats share: counts, requests, verdicts, the summary.
//!
//! Plain text without colour or markup; each renderer dresses it.

use super::alike::Shown;
use super::gate;
use super::model::{Decision, OldTexts, Purpose, Report, Transport, Undecided, Verdict, Verification, Witness, Wrote};
use crate::finding::catalogue::given::STATED_FACT;
use crate::finding::catalogue::verify;
use crate::finding::{Assumption, Code, Direction, Finding, ObjectRef, Place, Severity, namespace};
use std::collections::{BTreeMap, BTreeSet};

/// "1 port", "2 ports": a count with its noun, which takes a plain `s` in the plural.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// "file:line:column", as editors and terminals link it; empty for a finding about the run as a whole.
pub(super) fn place(finding: &Finding) -> String {
    finding.place.as_ref().map(|place| gate::line(&place.to_string()).into_owned()).unwrap_or_default()
}

/// A finding in sentences, for formats that know only messages: what happened, what to do, how many more there are.
pub(super) fn message(shown: Shown<'_>) -> String {
    let finding = shown.finding;
    let rest = shown.rest().map(|rest| format!("({rest})"));
    let parts = [Some(finding.message.clone()), Some(finding.remedy.clone()), rest];
    let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// "ServiceRole shop/viewer", on one line.
pub(super) fn object(object: &ObjectRef) -> String {
    gate::line(&object.to_string()).into_owned()
}

/// "Settings from meshlift.yaml@origin/main"; `None` when no settings file is in force.
pub(super) fn settings_line(report: &Report) -> Option<String> {
    report.settings.as_ref().map(|name| format!("Settings from {}", gate::line(name)))
}

/// "port 8080", or what stands for all ports that no Service declares.
pub(super) fn port(verification: &Verification) -> String {
    match verification.port {
        Some(port) => format!("port {port}"),
        None if verification.unseen_service => "ports of a Service that the input does not show".to_owned(),
        None => "ports that no Service declares".to_owned(),
    }
}

/// The workload by name; says so when a Service's selector stands in for it.
pub(super) fn workload(verification: &Verification) -> String {
    if verification.stand_in {
        format!("the pods of {}", object(&verification.workload))
    } else {
        object(&verification.workload)
    }
}

/// What a verdict is about: "Deployment shop/cart, port 8080, HTTP".
pub(super) fn subject(verification: &Verification) -> String {
    format!("{}, {}, {}", workload(verification), port(verification), verification.transport.word())
}

/// What a verdict says about access, as the rest of a sentence that begins with its subject.
pub(super) fn statement(verification: &Verification) -> String {
    // A sample may differ although the proof ran out of its budget; then others may differ in another way.
    let found = |what: &str| match &verification.undecided {
        None => what.to_owned(),
        Some(why) => format!("{what}; {}", undecided(Some(why))),
    };
    match verification.verdict {
        Verdict::Different => found("some denied requests become allowed, and some allowed ones become denied"),
        Verdict::Wider => found("some requests that were denied become allowed"),
        Verdict::Narrower => found("some requests that were allowed become denied"),
        Verdict::Undecided => undecided(verification.undecided.as_ref()),
        Verdict::Equal if verification.relaxations.is_empty() => "proved equal".to_owned(),
        Verdict::Equal => format!("proved equal ({})", relaxations(verification.relaxations.iter())),
    }
}

/// Why nothing is proved, and how far the comparison came.
fn undecided(why: Option<&Undecided>) -> String {
    match why {
        None | Some(Undecided::NotUnderstood) => {
            "nothing is proved: an object that bears on these pods could not be read or is not understood in full, or policies can tell more pods apart than are compared".to_owned()
        }
        Some(Undecided::InternalError { what }) => {
            format!("nothing is proved: meshlift is wrong about itself, the proof has {}", gate::line(what))
        }
        Some(Undecided::OutOfBudget { at, sampled: 0 }) => {
            format!("not everything is proved: the proof ran out of its budget at {}", gate::line(at))
        }
        Some(Undecided::OutOfBudget { at, sampled }) => format!(
            "not everything is proved: the proof ran out of its budget at {}; {} compared and none differs",
            gate::line(at),
            count(usize::try_from(*sampled).unwrap_or(usize::MAX), "sampled request")
                + if *sampled == 1 { " was" } else { " were" }
        ),
    }
}

/// The code and severity under which a verdict is shown where only findings can be; `None` where there is nothing to
/// show. What a conversion announced by a finding of its own is not an error a second time, except where access opens.
pub(super) fn as_finding(report: &Report, verdict: Verdict) -> Option<(Code, Severity)> {
    let converting = report.purpose != Purpose::Compare;
    match verdict {
        Verdict::Different => Some((verify::ACCESS_DIFFERENT, Severity::Error)),
        Verdict::Wider => Some((verify::ACCESS_WIDER, Severity::Error)),
        Verdict::Narrower if converting => Some((verify::ACCESS_NARROWER, Severity::Warning)),
        Verdict::Narrower => Some((verify::ACCESS_NARROWER, Severity::Error)),
        // The finding `proof-undecided` may be accepted by name; this is only where it belongs.
        Verdict::Undecided => Some((verify::ACCESS_UNDECIDED, Severity::Warning)),
        Verdict::Equal => None,
    }
}

/// Where an editor should jump for a verdict: to what decides on the new side, else to what decided on the old one.
pub(super) fn verdict_place(verification: &Verification) -> Option<&Place> {
    verification.witness.iter().find_map(|witness| {
        let at = witness.after.at.as_ref().or(witness.before.at.as_ref());
        at.map(|(_, place)| place)
    })
}

/// A verdict in sentences, for formats that know only messages: the statement, then each request with both decisions.
pub(super) fn verdict_message(verification: &Verification) -> String {
    let mut message = format!("{}: {}.", subject(verification), statement(verification));
    for witness in verification.witness.iter() {
        message += &format!(
            " Request: {}. Before: {}. After: {}.",
            request(verification, witness),
            decision(&witness.before),
            decision(&witness.after)
        );
    }
    message
}

/// "2 relaxations: query-string, undeclared-ports".
pub(super) fn relaxations<I: AsRef<str>>(names: impl Iterator<Item = I>) -> String {
    let names: Vec<String> = names.map(|name| name.as_ref().to_owned()).collect();
    format!("{}: {}", count(names.len(), "relaxation"), names.join(", "))
}

/// A request as one readable line:
/// "from cluster.local/ns/web/sa/front over mutual TLS: GET /v1/items on shop/cart port 8080; header x-env: prod".
pub(super) fn request(verification: &Verification, witness: &Witness) -> String {
    let find = |wanted: &str| {
        witness.request.iter().find(|(name, _)| name == wanted).map(|(_, value)| gate::line(value).into_owned())
    };
    let from = find("from").unwrap_or_else(|| "any caller".to_owned());
    let what = match verification.transport {
        Transport::Tcp => "a TCP connection to".to_owned(),
        Transport::Http => {
            let method = find("method").unwrap_or_else(|| "any method".to_owned());
            let path = find("path").unwrap_or_else(|| "any path".to_owned());
            format!("{method} {path} on")
        }
    };
    let port = match (verification.port, find("port")) {
        (Some(port), _) => format!("port {port}"),
        (None, Some(port)) => format!("port {port}"),
        (None, None) => "on a port that no Service declares".to_owned(),
    };
    let workload = &verification.workload;
    let namespace = match namespace::written(&workload.namespace) {
        "" => String::new(),
        name => format!("{}/", gate::line(name)),
    };
    let mut line = format!("from {from}: {what} {namespace}{} {port}", gate::line(&workload.name));
    for (name, value) in witness.request.iter().filter(|(name, _)| !is_in_sentence(name, verification)) {
        line += &format!("; {}: {}", gate::line(name), gate::line(value));
    }
    line
}

/// The attributes that the sentence itself names; all others are listed after it, so that none is lost.
fn is_in_sentence(name: &str, verification: &Verification) -> bool {
    match name {
        "from" => true,
        "method" | "path" => verification.transport == Transport::Http,
        "port" => verification.port.is_none(),
        _ => false,
    }
}

/// "denied (no ALLOW rule matches)", "allowed (rule 2 of AuthorizationPolicy shop/cart, cart.yaml:12)".
pub(super) fn decision(decision: &Decision) -> String {
    let word = if decision.allowed { "allowed" } else { "denied" };
    let reason = gate::line(&decision.reason);
    match &decision.at {
        // The reason often names the object already; then only its place is missing.
        Some((found, place)) if reason.contains(&object(found)) => {
            format!("{word} ({reason}, {}:{})", gate::line(&place.file), place.line)
        }
        Some((found, place)) => {
            format!("{word} ({reason}; {}, {}:{})", object(found), gate::line(&place.file), place.line)
        }
        None => format!("{word} ({reason})"),
    }
}

/// What was proved, in one line: "42 workloads, 118 ports: proved equal (1 relaxation: query-string)". `None` when the
/// run had nothing to prove.
pub(super) fn access_line(report: &Report) -> Option<String> {
    if let Some(why) = &report.unverified {
        return Some(format!("Access before and after was not compared: {}", gate::line(why)));
    }
    let worst = report.worst()?;
    let outcome = match worst {
        Verdict::Equal if !report.assumptions.is_empty() => {
            format!("proved equal, given {}", count(report.assumptions.len(), "assumption"))
        }
        Verdict::Equal => "proved equal".to_owned(),
        Verdict::Undecided => format!("no difference found, but not everything is proved: {}", tally(report)),
        _ => format!("access differs: {}", tally(report)),
    };
    let names = report.all_relaxations();
    let modulo = if names.is_empty() { String::new() } else { format!(" ({})", relaxations(names.iter())) };
    // `--keep-going`: on the release that reads them they are still enforced, and nothing new touches their workloads.
    let without = match report.summary.refused {
        0 => String::new(),
        1 => "; 1 object was refused and stays".to_owned(),
        refused => format!("; {refused} objects were refused and stay"),
    };
    Some(format!("{}: {outcome}{modulo}{without}", compared(report)))
}

/// Assumptions told one by one before the rest of the same kind is only counted.
const ASSUMPTIONS_TOLD: usize = 3;

/// What the verdict rests on, one sentence each with the command that checks it; many of one kind are counted.
pub(super) fn assumption_lines(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    let mut told: BTreeMap<Code, usize> = BTreeMap::new();
    // What the user states is a given of every report; what the result rests on only matters where it is proved.
    let counts = |assumption: &&Assumption| report.unverified.is_none() || assumption.code == STATED_FACT;
    for assumption in report.assumptions.iter().filter(counts) {
        let told = told.entry(assumption.code).or_default();
        *told += 1;
        if *told <= ASSUMPTIONS_TOLD {
            let wider = match assumption.if_false {
                Direction::Wider => " (if not: wider)",
                Direction::Narrower | Direction::None => "",
            };
            lines.push(format!("{}: {}{wider} Check: {}", assumption.code, assumption.message, assumption.check));
        }
    }
    for (code, number) in told.into_iter().filter(|(_, number)| *number > ASSUMPTIONS_TOLD) {
        let more = number - ASSUMPTIONS_TOLD;
        lines.push(format!("{code}: {} like these; the JSON report lists them all", count(more, "more assumption")));
    }
    lines
}

/// "42 workloads, 118 ports", and how many of the workloads are known by their Services only.
fn compared(report: &Report) -> String {
    let workloads: BTreeSet<_> = report.verification.iter().map(|verification| &verification.workload).collect();
    let ports: BTreeSet<_> = report
        .verification
        .iter()
        .filter_map(|verification| verification.port.map(|port| (&verification.workload, port)))
        .collect();
    let stand_ins: BTreeSet<_> =
        report.verification.iter().filter(|row| row.stand_in).map(|row| &row.workload).collect();
    let made_up = stand_ins.iter().all(|workload| workload.name.starts_with('<'));
    let known_by = match (stand_ins.len(), workloads.len()) {
        (0, _) => String::new(),
        _ if made_up => " (made up, because the input shows no Service)".to_owned(),
        (1, 1) => " (known by its Service only)".to_owned(),
        (some, all) if some == all => " (known by their Services only)".to_owned(),
        (some, _) => format!(" ({some} known by Services only)"),
    };
    let mut line = count(workloads.len(), "workload") + &known_by;
    if !ports.is_empty() {
        line += &format!(", {}", count(ports.len(), "port"));
    }
    line
}

/// "1 comparison wider, 2 narrower, 115 equal": one comparison per workload, port and transport.
fn tally(report: &Report) -> String {
    let parts = Verdict::ALL.into_iter().filter_map(|verdict| {
        let number = report.verification.iter().filter(|verification| verification.verdict == verdict).count();
        (number > 0).then_some((number, verdict.word()))
    });
    parts
        .enumerate()
        .map(|(index, (number, word))| match index {
            0 => format!("{} {word}", count(number, "comparison")),
            _ => format!("{number} {word}"),
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// What was read and what became of it, in one line.
pub(super) fn objects_line(report: &Report) -> String {
    let summary = &report.summary;
    if summary.files == 0 {
        return "No file was read".to_owned();
    }
    let mut line = format!("{} in {}", count(summary.documents, "document"), count(summary.files, "file"));
    if summary.skipped > 0 {
        line += &format!(" ({} skipped)", summary.skipped);
    }
    if report.purpose == Purpose::Compare {
        return line;
    }
    if summary.legacy == 0 {
        return line + ": no object of the old kinds";
    }
    line += &format!(", {} of the old kinds: ", count(summary.legacy, "object"));
    let mut parts = Vec::new();
    if summary.converted > 0 {
        parts.push(format!("{} converted into {}", summary.converted, count(summary.generated, "new object")));
    }
    if summary.refused > 0 {
        parts.push(format!("{} refused", summary.refused));
    }
    if summary.inert > 0 {
        parts.push(format!("{} without effect", summary.inert));
    }
    if parts.is_empty() {
        parts.push("none converted".to_owned());
    }
    line + &parts.join(", ")
}

/// "1 error, 2 warnings, 1 note"; `None` without findings.
pub(super) fn findings_line(report: &Report) -> Option<String> {
    let parts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|severity| (report.count(severity), severity.word()))
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| count(number, word))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The way back from rewritten files, where it is not git: the end of a sentence.
fn old_texts(wrote: &Wrote) -> String {
    match (&wrote.old_texts, wrote.files) {
        (OldTexts::Kept, _) => String::new(),
        (OldTexts::Under(folder), 1) => format!("; its old text is under {}", gate::line(folder)),
        (OldTexts::Under(folder), _) => format!("; their old texts are under {}", gate::line(folder)),
        (OldTexts::Nowhere(_), 1) => "; its old text is kept nowhere (--backup DIR keeps it)".to_owned(),
        (OldTexts::Nowhere(unkept), all) if *unkept == all => {
            "; their old texts are kept nowhere (--backup DIR keeps them)".to_owned()
        }
        (OldTexts::Nowhere(1), _) => "; the old text of 1 of them is kept nowhere (--backup DIR keeps it)".to_owned(),
        (OldTexts::Nowhere(unkept), _) => {
            format!("; the old texts of {unkept} of them are kept nowhere (--backup DIR keeps them)")
        }
    }
}

/// What happened to the files, or what would.
pub(super) fn files_line(report: &Report) -> Option<String> {
    if let Some(wrote) = &report.wrote {
        let files = count(wrote.files, "file");
        return Some(match &wrote.directory {
            Some(directory) => format!("{files} written under {}", gate::line(directory)),
            None => format!("{files} rewritten{}", old_texts(wrote)),
        });
    }
    if let Some(why) = &report.withheld {
        let verb = if report.purpose == Purpose::Preview { "would be" } else { "was" };
        return Some(format!("Nothing {verb} written: {}", gate::line(why)));
    }
    let files = report.files.len();
    let would_change = report.purpose == Purpose::Preview && files > 0;
    let them = if files == 1 { "it" } else { "them" };
    would_change
        .then(|| format!("{} would change; meshlift convert --write changes {them} in place", count(files, "file")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_everything_else_is_plural() {
        assert_eq!((count(0, "port"), count(1, "port"), count(2, "port")).0, "0 ports");
        assert_eq!(count(1, "port"), "1 port");
        assert_eq!(count(2, "port"), "2 ports");
    }
}
