//! Did you mean ...? The known name that a misspelt one most likely stands for.

/// The candidate nearest to `written`, when it is near enough to be a slip. Case, `_` and `-` do not count, so
/// `role_ref` finds `roleRef`. Among equally near candidates the first in alphabetical order.
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain_written = plain(written);
    let allowed = if plain_written.len() < 5 { 1 } else { 2 };
    candidates
        .into_iter()
        .map(|candidate| (distance(&plain_written, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

fn plain(name: &str) -> Vec<char> {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// Insertions, deletions and replacements that turn one into the other (Levenshtein).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.iter().zip(row.windows(2)) {
            let [diagonal, above] = above else { continue };
            left = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_field_and_an_invention_finds_nothing() {
        let fields = ["methods", "notMethods", "paths", "ports", "roleRef", "services", "user"];
        let check = |written, expected| assert_eq!(nearest(written, fields), expected, "{written}");
        check("method", Some("methods"));
        check("role_ref", Some("roleRef"));
        check("path", Some("paths"));
        check("users", Some("user"));
        check("Services", Some("services"));
        check("not_method", Some("notMethods"));
        check("surprise", None);
        check("x", None);
    }

    #[test]
    fn distance_counts_single_edits() {
        let d = |a: &str, b: &str| distance(&plain(a), &plain(b));
        assert_eq!((d("", "abc"), d("abc", ""), d("abc", "abc"), d("kitten", "sitting")), (3, 3, 0, 3));
    }
}
