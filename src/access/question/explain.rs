//! A counterexample in the words of a person: who calls what how, and which rule decides on each side.

use crate::access::logic::attribute::{Attribute, BAD};
use crate::access::logic::formula::Formulas;
use crate::access::logic::request::Request;
use crate::access::worlds::decide::{Clause, Ruling};
use crate::access::worlds::jwt;
use crate::access::worlds::subject::Subject;
use crate::access::{Decider, Transport, Witness};
use crate::api::Labels;

/// Shows a request and who decides it on both sides. `labels` were added to a stand-in.
pub fn witness(
    f: &Formulas,
    request: &Request,
    subject: &Subject<'_>,
    labels: &Labels,
    old: &Ruling,
    new: &Ruling,
) -> Witness {
    let request = completed(request, subject);
    Witness {
        supposed: labels.clone(),
        request: lines(&request, subject, labels),
        curl: (subject.traffic == Transport::Http).then(|| curl(&request, subject)),
        old: decider(old.decide(f, &request)),
        new: decider(new.decide(f, &request)),
    }
}

fn decider(clause: &Clause) -> Decider {
    Decider { allowed: clause.allowed, reason: clause.reason.clone(), at: clause.at.clone() }
}

/// Fills in what no policy looks at, so that the request can be sent.
fn completed(request: &Request, subject: &Subject<'_>) -> Request {
    let mut full = request.clone();
    let mut default = |attribute: Attribute, value: &str| {
        if !full.has(&attribute) {
            full.set(attribute, value);
        }
    };
    if subject.traffic == Transport::Http {
        default(Attribute::Method, "GET");
        default(Attribute::Path, "/");
        default(Attribute::Host, "service.example");
    }
    full
}

/// The lines of a witness, in the order a person would tell them.
fn lines(request: &Request, subject: &Subject<'_>, labels: &Labels) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut tell = |what: &str, value: String| lines.push((what.to_owned(), value));
    match request.identity() {
        Some(identity) => tell("from", format!("{identity} over mutual TLS")),
        None => tell("from", "a caller without identity, in plaintext".to_owned()),
    }
    if !labels.is_empty() {
        let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        tell("to pods labelled", labels.join(", "));
    }
    for attribute in [Attribute::SourceIp, Attribute::RemoteIp, Attribute::DestinationIp, Attribute::Sni] {
        if let Some(value) = request.value(&attribute) {
            tell(&attribute.to_string(), value.to_owned());
        }
    }
    if let Some(port) = request.value(&Attribute::Port) {
        tell(
            "port",
            match subject.governing {
                None => format!("{port}, which no Service declares"),
                Some((service, named)) => {
                    format!("{port}, if port {} of {} leads there", named.port, service.meta.object())
                }
            },
        );
    }
    if subject.traffic == Transport::Http {
        for attribute in [Attribute::Method, Attribute::Host] {
            if let Some(value) = request.value(&attribute) {
                tell(&attribute.to_string(), value.to_owned());
            }
        }
        if let Some(path) = request.full_path() {
            tell("path", path);
        }
        for (attribute, value) in request.values() {
            if let Attribute::Header(name) = attribute {
                tell(&format!("header {name}"), value.to_owned());
            }
        }
        token(request, &mut tell);
    }
    for (attribute, value) in request.values() {
        match attribute {
            Attribute::Metadata(_) => tell(&attribute.to_string(), value.to_owned()),
            Attribute::Opaque(what) => tell("given that", what.clone()),
            _ => {}
        }
    }
    for (attribute, elements) in request.lists() {
        if matches!(attribute, Attribute::MetadataList(_)) {
            tell(&attribute.to_string(), list(elements));
        }
    }
    lines
}

/// The lines about the token.
fn token(request: &Request, tell: &mut impl FnMut(&str, String)) {
    let place = request.value(&Attribute::TokenLocation).unwrap_or(jwt::BEARER);
    match request.value(&Attribute::Token) {
        None => return tell("token", "none".to_owned()),
        Some(BAD) => return tell("token", format!("an invalid one, in {place}")),
        Some(_) => tell("token", format!("a valid one, in {place}")),
    }
    let singles =
        [Attribute::Issuer, Attribute::TokenKey, Attribute::Subject, Attribute::Audience, Attribute::Presenter];
    for attribute in singles {
        if let Some(value) = request.value(&attribute) {
            let short = value.split_once('\n').map_or(value, |(first, _)| first);
            tell(&attribute.to_string(), short.to_owned());
        }
    }
    for (attribute, elements) in request.lists() {
        match attribute {
            Attribute::Claim(name) if request.has(&Attribute::Spaced(name.clone())) => {
                let mut elements: Vec<&str> = elements.iter().map(String::as_str).collect();
                if elements.len() < 2 {
                    elements.push("another");
                }
                tell(&attribute.to_string(), format!("{:?}, one string", elements.join(" ")));
            }
            Attribute::Claim(name) if request.has(&Attribute::Mixed(name.clone())) => {
                let quoted = elements.iter().map(|element| format!("{element:?}"));
                let all: Vec<String> = quoted.chain(["1".to_owned()]).collect();
                tell(&attribute.to_string(), format!("[{}]", all.join(", ")));
            }
            Attribute::Claim(_) | Attribute::OtherAudiences => tell(&attribute.to_string(), list(elements)),
            _ => {}
        }
    }
}

fn list(elements: &std::collections::BTreeSet<String>) -> String {
    let quoted: Vec<String> = elements.iter().map(|element| format!("{element:?}")).collect();
    format!("[{}]", quoted.join(", "))
}

/// A command line that sends about this request from inside the mesh.
fn curl(request: &Request, subject: &Subject<'_>) -> String {
    let mut parts = vec!["curl".to_owned()];
    let value = |attribute: &Attribute| request.value(attribute).unwrap_or_default();
    if value(&Attribute::Method) != "GET" {
        parts.push(format!("-X {}", quote(value(&Attribute::Method))));
    }
    parts.push(format!("-H {}", quote(&format!("Host: {}", value(&Attribute::Host)))));
    for (attribute, value) in request.values() {
        if let Attribute::Header(name) = attribute {
            parts.push(format!("-H {}", quote(&format!("{name}: {value}"))));
        }
    }
    let mut path = request.full_path().unwrap_or_default();
    if request.has(&Attribute::Token) {
        let place = request.value(&Attribute::TokenLocation).unwrap_or(jwt::BEARER);
        if let Some(parameter) = place.strip_prefix("query parameter ") {
            let separator = if path.contains('?') { '&' } else { '?' };
            path = format!("{path}{separator}{parameter}=$TOKEN");
        } else if let Some(header) = place.strip_prefix("header ") {
            let (name, prefix) = header.split_once(": ").unwrap_or((header, ""));
            let space = if prefix.is_empty() { "" } else { " " };
            parts.push(format!("-H \"{name}: {prefix}{space}$TOKEN\""));
        }
    }
    let port = match (subject.port, request.value(&Attribute::Port)) {
        (Some(port), _) => port.to_string(),
        (None, free) => free.unwrap_or("PORT").to_owned(),
    };
    let pod = format!("http://POD-IP:{port}{path}");
    parts.push(if path.contains("$TOKEN") { format!("\"{pod}\"") } else { quote(&pod) });
    parts.join(" ")
}

/// A word for the shell: bare when it is harmless, else in single quotes.
fn quote(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
    if !text.is_empty() && text.chars().all(harmless) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
