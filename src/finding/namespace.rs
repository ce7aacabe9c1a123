//! Namespaces that nobody named.
//!
//! Many files name no namespace: they were applied with `kubectl -n`, by an overlay or by a chart. The documents of one
//! folder share one unknown namespace. Inside the program it is a text that no real name can be, so that look-ups work
//! on it as on any other name; it never reaches a user. This is the only place that knows the text.

const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

/// The unknown namespace of the documents of a folder (`""` for the top) that name none.
pub fn unnamed(folder: &str) -> String {
    format!("{OPEN}{folder}{CLOSE}")
}

/// A namespace that a document names; not even a forged one is taken for that of [`unnamed`].
pub fn as_named(text: &str) -> String {
    text.trim_start_matches(OPEN).to_owned()
}

/// True for a namespace of [`unnamed`].
pub fn is_unnamed(namespace: &str) -> bool {
    namespace.starts_with(OPEN)
}

/// The folder whose documents share this unnamed namespace; `None` for a namespace with a name.
pub fn folder_of_unnamed(namespace: &str) -> Option<&str> {
    namespace.strip_prefix(OPEN)?.strip_suffix(CLOSE)
}

/// The namespace as it may be written: empty when nobody named it, and for cluster-scoped kinds.
pub fn written(namespace: &str) -> &str {
    if is_unnamed(namespace) { "" } else { namespace }
}

/// True when two namespaces are one, or may be: nobody knows which one an unnamed one is. Not for cluster-scoped kinds,
/// whose namespace is empty.
pub fn may_be_same(one: &str, other: &str) -> bool {
    one == other || ((is_unnamed(one) || is_unnamed(other)) && !one.is_empty() && !other.is_empty())
}

/// The namespace in a sentence: ``namespace `shop` `` or ``the unnamed namespace of folder `app/` ``.
pub fn in_words(namespace: &str) -> String {
    match folder_of_unnamed(namespace) {
        None => format!("namespace `{namespace}`"),
        Some("") => "the unnamed namespace".to_owned(),
        Some(folder) => format!("the unnamed namespace of folder `{folder}/`"),
    }
}

/// A sentence or command with every unnamed namespace in it put into words, or left out where it stands before a name
/// or behind `-n`.
pub fn readable(text: String) -> String {
    if !text.contains(OPEN) {
        return text;
    }
    let mut rest = text.as_str();
    let mut out = String::with_capacity(text.len());
    while let Some((before, folder, after)) = next_unnamed(rest) {
        out.push_str(before);
        rest = after;
        let quoted = out.ends_with('`') && rest.starts_with('`');
        let before = if quoted { out.strip_suffix('`').unwrap_or(&out) } else { &out };
        if let Some(kept) = before.strip_suffix(" -n ") {
            out.truncate(kept.len());
        } else if let Some(kept) = before.strip_suffix("own namespace ") {
            out.truncate(kept.len() + "own namespace".len());
            rest = rest.strip_prefix('`').filter(|_| quoted).unwrap_or(rest);
        } else if let Some(kept) = before.strip_suffix("namespace ") {
            out.truncate(kept.len());
            out.push_str(&in_words(&unnamed(folder)));
            rest = rest.strip_prefix('`').filter(|_| quoted).unwrap_or(rest);
        } else if let Some(kept) = before.strip_suffix("Namespace ") {
            out.truncate(kept.len());
            out.push_str(&at_the_start(&in_words(&unnamed(folder))));
            rest = rest.strip_prefix('`').filter(|_| quoted).unwrap_or(rest);
        } else if let Some(name) = rest.strip_prefix('/') {
            rest = name;
        } else {
            out.push_str("NAMESPACE");
        }
    }
    out.push_str(rest);
    out
}

/// Words at the start of a sentence.
pub fn at_the_start(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// What stands before the next unnamed namespace, its folder, and what follows.
fn next_unnamed(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(OPEN)?;
    let (folder, after) = rest.split_once(CLOSE)?;
    Some((before, folder, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unnamed_namespace_is_told_by_its_folder_and_never_as_a_name() {
        let app = unnamed("app");
        for (text, expected) in [
            (format!("Service {app}/cart is missing."), "Service cart is missing."),
            (format!("in namespace `{app}`, so"), "in the unnamed namespace of folder `app/`, so"),
            (format!("no Service of namespace {app}."), "no Service of the unnamed namespace of folder `app/`."),
            (format!("roles of its own namespace `{app}` only"), "roles of its own namespace only"),
            (format!("`kubectl get service cart -n {app} -o yaml`"), "`kubectl get service cart -o yaml`"),
            (format!("`cart.{app}.svc.cluster.local`"), "`cart.NAMESPACE.svc.cluster.local`"),
            (format!("{app}/a and {app}/b"), "a and b"),
            (format!("namespace `{}`", unnamed("")), "the unnamed namespace"),
            (format!("Namespace `{app}` holds"), "The unnamed namespace of folder `app/` holds"),
            ("namespace `foo`".to_owned(), "namespace `foo`"),
        ] {
            assert_eq!(readable(text), expected);
        }
    }

    #[test]
    fn nobody_can_name_the_unnamed_namespace() {
        assert!(!is_unnamed(&as_named(&unnamed("app"))));
        assert_eq!(as_named("app"), "app");
    }

    #[test]
    fn an_unnamed_namespace_may_be_any_other_one() {
        assert!(may_be_same(&unnamed("a"), "foo") && may_be_same("foo", &unnamed("a")));
        assert!(may_be_same(&unnamed("a"), &unnamed("b")));
        assert!(!may_be_same("foo", "bar"));
        assert!(!may_be_same("", &unnamed("a")));
    }
}
