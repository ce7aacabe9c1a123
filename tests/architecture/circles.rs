//! Circles of imports among modules: each of them can be understood only with all the others.

use std::collections::{BTreeMap, BTreeSet};

/// A module's path below `src`, for example `convert::authn`, to its code without comments.
pub type Modules = BTreeMap<Vec<String>, String>;

/// Circles of modules, each sorted. What `outside` defines is everybody's vocabulary: paths that lead there do not count.
pub fn circles(modules: &Modules, outside: &[&str]) -> Vec<Vec<String>> {
    let outside: Vec<String> = outside.iter().map(|name| (*name).to_owned()).collect();
    let graph: BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> = modules
        .keys()
        .filter(|module| **module != outside)
        .map(|module| {
            let mut used = used(modules, module);
            used.remove(&outside);
            (module, used)
        })
        .collect();
    let reached: BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> =
        graph.keys().map(|module| (*module, reached(&graph, module))).collect();
    let mut circles: BTreeSet<Vec<String>> = BTreeSet::new();
    for (module, others) in &reached {
        let circle = others.iter().filter(|other| reached.get(*other).is_some_and(|back| back.contains(*module)));
        let circle: Vec<String> = circle.map(|module| module.join("::")).collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

/// Every module that can be reached from one by following paths.
fn reached<'g>(
    graph: &'g BTreeMap<&Vec<String>, BTreeSet<Vec<String>>>,
    from: &Vec<String>,
) -> BTreeSet<&'g Vec<String>> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<&Vec<String>> = graph.get(from).into_iter().flatten().collect();
    while let Some(module) = waiting.pop() {
        if found.insert(module) {
            waiting.extend(graph.get(module).into_iter().flatten());
        }
    }
    found
}

/// The modules that a module names by path.
fn used(modules: &Modules, module: &Vec<String>) -> BTreeSet<Vec<String>> {
    let code = modules.get(module).map(String::as_str).unwrap_or_default();
    let found = paths(code).into_iter().filter_map(|path| meant(modules, module, &path, 0));
    found.filter(|other| other != module).collect()
}

/// The module in which the thing stands that a path names; a name that the module of the path has from another one leads on.
fn meant(modules: &Modules, from: &[String], path: &[String], hops: usize) -> Option<Vec<String>> {
    let absolute = absolute(modules, from, path)?;
    let longest = (1..=absolute.len()).rev().find(|length| modules.contains_key(&absolute[..*length]))?;
    let module = absolute[..longest].to_vec();
    let Some(name) = absolute.get(longest).filter(|_| hops < 4) else { return Some(module) };
    let imports = paths(modules.get(&module).map(String::as_str).unwrap_or_default());
    let mut sources = imports.iter().filter(|import| import.len() > 1 && import.last() == Some(name));
    let source = sources.find_map(|import| meant(modules, &module, import, hops + 1).filter(|found| *found != module));
    Some(source.unwrap_or(module))
}

/// A path from the root of the crate; `None` for one that leads to another crate or begins with a type.
fn absolute(modules: &Modules, from: &[String], path: &[String]) -> Option<Vec<String>> {
    let first = path.first()?.as_str();
    let (base, rest) = match first {
        "crate" => (Vec::new(), &path[1..]),
        "self" => (from.to_vec(), &path[1..]),
        "super" => {
            let up = path.iter().take_while(|part| *part == "super").count();
            (from[..from.len().checked_sub(up)?].to_vec(), &path[up..])
        }
        child if modules.contains_key(&[from, &[child.to_owned()]].concat()) => (from.to_vec(), path),
        _ => return None,
    };
    Some([base, rest.to_vec()].concat())
}

/// Every path of two parts or more in a text, groups in braces written out.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '_') {
        rest = &rest[start..];
        if let Some(seen_from) = rest.strip_prefix("pub(in ") {
            rest = seen_from.trim_start_matches(|c| c != ')');
            continue;
        }
        let after = rest.trim_start_matches(is_word);
        rest = if is_joined(after) { branches(rest, &[], &mut found) } else { after };
    }
    found
}

/// Reads one path, or group of paths, at the start of `text`; returns what comes after.
fn branches<'t>(text: &'t str, before: &[String], found: &mut Vec<Vec<String>>) -> &'t str {
    if let Some(group) = text.strip_prefix('{') {
        let mut rest = group.trim_start();
        while !rest.is_empty() && !rest.starts_with('}') {
            let after = branches(rest, before, found);
            let next = after.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if next.len() == rest.len() {
                return next;
            }
            rest = next;
        }
        return rest.strip_prefix('}').unwrap_or(rest);
    }
    let after = text.trim_start_matches(is_word);
    let word = &text[..text.len() - after.len()];
    let path = [before, &[word.to_owned()]].concat();
    if word.is_empty() {
        // A star, or what is no path after all.
        found.push(before.to_vec());
        return text.strip_prefix('*').unwrap_or(text);
    }
    if is_joined(after) {
        return branches(&after[2..], &path, found);
    }
    found.push(if word == "self" { before.to_vec() } else { path });
    match after.strip_prefix(" as ") {
        Some(renamed) => renamed.trim_start_matches(is_word),
        None => after,
    }
}

/// True where a path goes on.
fn is_joined(text: &str) -> bool {
    text.starts_with("::") && !text.starts_with("::<")
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let modules = |codes: &[(&str, &str)]| -> Modules {
        let path = |name: &str| name.split("::").map(str::to_owned).collect();
        codes.iter().map(|(name, code)| (path(name), (*code).to_owned())).collect()
    };
    let found = |codes: &[(&str, &str)]| {
        circles(&modules(codes), &["a"]).into_iter().map(|circle| circle.join(" ")).collect::<Vec<_>>()
    };
    let down = [
        ("a", "mod x;\nmod y;\npub struct Shared;\nfn f() { x::f() }"),
        ("a::x", "use super::{Shared, y::{Thing, g}};"),
        ("a::y", "use super::Shared;\npub(in crate::a::x) fn g(x: u8) { std::mem::drop(x) }"),
    ];
    assert_eq!(found(&down), Vec::<String>::new(), "the vocabulary of the room is no circle");
    let mut sideways = down;
    sideways[2].1 = "fn g() { super::x::f::<u8>() }";
    assert_eq!(found(&sideways), ["a::x a::y"]);
    let by_a_child = [
        ("a::x", "mod z;\nuse z::work;\npub struct Work;"),
        ("a::x::z", "use super::Work;"),
        ("a::y", "use crate::a::x::{Work as Other, work};"),
    ];
    assert_eq!(found(&by_a_child), ["a::x a::x::z"], "a folder's own file counts");
    let by_another_name = [
        ("a::x", "pub use y::Thing;\nmod y;\nmod z;"),
        ("a::x::y", "use crate::a::x::z;"),
        ("a::x::z", "use super::Thing;"),
    ];
    let with_itself = [
        ("a::x", "use super::y::{self, g};"),
        ("a::y", "use super::z::{self as other};\npub fn g() {}"),
        ("a::z", "use crate::a::x;"),
    ];
    assert_eq!(found(&with_itself), ["a::x a::y a::z"]);
    assert_eq!(found(&by_another_name), ["a::x::y a::x::z"], "a name that is passed on leads to where it comes from");
}
