//! Sets of paths as an AuthorizationPolicy can write them: `paths` and `notPaths` of exact values, prefixes and suffixes.

/// A path pattern. `Prefix("")` is every path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pattern {
    /// The whole path.
    Exact(String),
    /// Its start.
    Prefix(String),
    /// Its end.
    Suffix(String),
}

/// The paths that two patterns have in common.
#[derive(Debug, PartialEq)]
enum Meet {
    Nothing,
    One(Pattern),
    /// A prefix and a suffix: no pattern says both.
    Inexpressible,
}

/// No list of patterns says what is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inexpressible;

impl Pattern {
    /// Every path.
    pub(super) fn any() -> Pattern {
        Pattern::Prefix(String::new())
    }

    /// The form that `paths` takes.
    pub(super) fn encoded(&self) -> String {
        match self {
            Pattern::Exact(path) => path.clone(),
            Pattern::Prefix(start) => format!("{start}*"),
            Pattern::Suffix(end) => format!("*{end}"),
        }
    }

    /// True when every path of `other` is one of this pattern.
    fn covers(&self, other: &Pattern) -> bool {
        match (self, other) {
            (Pattern::Exact(mine), Pattern::Exact(theirs)) => mine == theirs,
            (Pattern::Exact(_), _) => false,
            (Pattern::Prefix(mine), Pattern::Exact(theirs) | Pattern::Prefix(theirs)) => theirs.starts_with(mine),
            (Pattern::Suffix(mine), Pattern::Exact(theirs) | Pattern::Suffix(theirs)) => theirs.ends_with(mine),
            (Pattern::Prefix(mine), Pattern::Suffix(_)) | (Pattern::Suffix(mine), Pattern::Prefix(_)) => {
                mine.is_empty()
            }
        }
    }

    fn meet(&self, other: &Pattern) -> Meet {
        if self.covers(other) {
            return Meet::One(other.clone());
        }
        if other.covers(self) {
            return Meet::One(self.clone());
        }
        match (self, other) {
            (Pattern::Prefix(_), Pattern::Suffix(_)) | (Pattern::Suffix(_), Pattern::Prefix(_)) => Meet::Inexpressible,
            _ => Meet::Nothing,
        }
    }
}

/// The paths of `include` (every path when `None`) without those of `exclude`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Region {
    include: Option<Vec<Pattern>>,
    exclude: Vec<Pattern>,
}

impl Region {
    /// Every path.
    pub(super) fn everything() -> Region {
        Region { include: None, exclude: Vec::new() }
    }

    /// The region in its simplest form.
    pub(super) fn new(include: Option<Vec<Pattern>>, exclude: Vec<Pattern>) -> Region {
        let include = include.map(without_covered).filter(|patterns| !patterns.contains(&Pattern::any()));
        let mut exclude = without_covered(exclude);
        if exclude.contains(&Pattern::any()) {
            return Region { include: Some(Vec::new()), exclude: Vec::new() };
        }
        let include = include.map(|mut patterns| {
            patterns.retain(|pattern| !exclude.iter().any(|excluded| excluded.covers(pattern)));
            patterns
        });
        if let Some(patterns) = &include {
            // An exclusion that takes nothing away says nothing.
            exclude.retain(|excluded| patterns.iter().any(|pattern| pattern.meet(excluded) != Meet::Nothing));
        }
        Region { include, exclude }
    }

    /// True when it holds no path.
    pub(super) fn is_empty(&self) -> bool {
        self.include.as_ref().is_some_and(Vec::is_empty)
    }

    /// True when it holds every path.
    pub(super) fn is_everything(&self) -> bool {
        self.include.is_none() && self.exclude.is_empty()
    }

    /// The values of `paths`; empty means any.
    pub(super) fn paths(&self) -> Vec<String> {
        self.include.iter().flatten().map(Pattern::encoded).collect()
    }

    /// The values of `notPaths`.
    pub(super) fn not_paths(&self) -> Vec<String> {
        self.exclude.iter().map(Pattern::encoded).collect()
    }

    /// True when a path is in it.
    #[cfg(test)]
    pub(super) fn holds(&self, path: &str) -> bool {
        let matches = |pattern: &Pattern| pattern.covers(&Pattern::Exact(path.to_owned()));
        self.include.as_ref().is_none_or(|patterns| patterns.iter().any(matches)) && !self.exclude.iter().any(matches)
    }

    /// The paths of both.
    pub(super) fn and(&self, other: &Region) -> Result<Region, Inexpressible> {
        let exclude: Vec<Pattern> = self.exclude.iter().chain(&other.exclude).cloned().collect();
        let include = match (&self.include, &other.include) {
            (None, None) => None,
            (Some(patterns), None) | (None, Some(patterns)) => Some(patterns.clone()),
            (Some(mine), Some(theirs)) => Some(common(mine, theirs, &exclude)?),
        };
        Ok(Region::new(include, exclude))
    }

    /// The paths outside, as a union of regions.
    pub(super) fn complement(&self) -> Vec<Region> {
        let outside = self.include.iter().map(|patterns| Region::new(None, patterns.clone()));
        let excluded =
            (!self.exclude.is_empty()).then(|| Region::new(Some(self.exclude.clone()), Vec::new())).into_iter();
        outside.chain(excluded).filter(|region| !region.is_empty()).collect()
    }
}

/// The patterns that two lists have in common. A pair that no pattern can write is no harm where `exclude` takes all of
/// it away.
fn common(mine: &[Pattern], theirs: &[Pattern], exclude: &[Pattern]) -> Result<Vec<Pattern>, Inexpressible> {
    let mut both = Vec::new();
    for one in mine {
        for other in theirs {
            match one.meet(other) {
                Meet::Nothing => {}
                Meet::One(pattern) => both.push(pattern),
                Meet::Inexpressible if exclude.iter().any(|e| e.covers(one) || e.covers(other)) => {}
                Meet::Inexpressible => return Err(Inexpressible),
            }
        }
    }
    Ok(both)
}

/// The list in its order, without patterns that another one covers.
fn without_covered(patterns: Vec<Pattern>) -> Vec<Pattern> {
    let mut kept: Vec<Pattern> = Vec::new();
    for pattern in patterns {
        if !kept.iter().any(|other| other.covers(&pattern)) {
            kept.retain(|other| !pattern.covers(other));
            kept.push(pattern);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        match (text.strip_suffix('*'), text.strip_prefix('*')) {
            (Some(start), _) => Pattern::Prefix(start.to_owned()),
            (None, Some(end)) => Pattern::Suffix(end.to_owned()),
            (None, None) => Pattern::Exact(text.to_owned()),
        }
    }

    fn region(include: &[&str], exclude: &[&str]) -> Region {
        let patterns = |texts: &[&str]| texts.iter().map(|text| pattern(text)).collect::<Vec<_>>();
        Region::new((!include.is_empty()).then(|| patterns(include)), patterns(exclude))
    }

    #[test]
    fn regions_intersect_pattern_by_pattern() {
        assert_eq!(region(&["/a*"], &[]).and(&region(&["/a/b*", "/c"], &[])), Ok(region(&["/a/b*"], &[])));
        assert_eq!(region(&["/a*"], &[]).and(&region(&[], &["/a/x"])), Ok(region(&["/a*"], &["/a/x"])));
        assert_eq!(region(&["/a*"], &[]).and(&region(&["*.js"], &[])), Err(Inexpressible));
        assert_eq!(region(&["/a*"], &["*.js"]).and(&region(&["*.js"], &[])).map(|r| r.is_empty()), Ok(true));
        assert!(region(&["/a*"], &[]).and(&region(&["/b*"], &[])).is_ok_and(|r| r.is_empty()));
    }

    #[test]
    fn a_complement_is_what_is_outside_or_excluded() {
        assert_eq!(region(&["/a*"], &["/a/x"]).complement(), [region(&[], &["/a*"]), region(&["/a/x"], &[])]);
        assert_eq!(Region::everything().complement(), []);
    }

    #[test]
    fn a_region_is_kept_in_its_simplest_form() {
        assert_eq!(region(&["/a/b", "/a*", "/c"], &[]).paths(), ["/a*", "/c"]);
        assert_eq!(region(&["/a*"], &["/b", "/a/b"]).not_paths(), ["/a/b"]);
        assert!(region(&["*"], &[]).is_everything());
        assert!(region(&["/a"], &["/a*"]).is_empty());
        assert!(region(&[], &["*"]).is_empty());
    }
}
