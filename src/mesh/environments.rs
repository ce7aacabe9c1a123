//! Which objects see each other: splitting the input into environments (`inside/design.md` §5).
//!
//! No cluster holds two objects of one identity (kind, namespace, name). So when an identity occurs in two folders,
//! these folders belong to different clusters, or to different moments of one. The rule:
//!
//! 1. Where an identity occurs in several folders, every folder below which only some of the occurrences lie, directly
//!    below a folder that holds others as well, is an **environment root**. Namespaces do not count (they are
//!    repeated everywhere), and neither do inventories.
//! 2. An object belongs to the innermost root above it. Roots without roots below them are environments.
//! 3. An object that belongs to no root, or to a root with further roots below it, is **shared**: every
//!    environment below sees it, unless something nearer has the same identity.
//! 4. A folder whose own object is hidden that way in some environment below is an environment itself: what it holds
//!    is in force somewhere.
//! 5. Inventories are shared by all, and found after the input; what the user states is found last.
//! 6. A caller that compares with a state that was split already gives its roots ([`super::BuildOptions::roots`]).
//!
//! For example, with a MeshPolicy in `dev/` and in `prod/`, Policies in both, and Services in `common/`:
//!
//! ```text
//! common/services.yaml    shared: seen by both
//! dev/mesh.yaml           environment dev:  dev/ and common/
//! prod/mesh.yaml          environment prod: prod/ and common/
//! ```
//!
//! When nothing occurs twice everything is one environment, rooted at `""`.

use crate::finding::ObjectRef;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the rule needs to know about an object.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// Its file, as shown.
    pub(super) file: Arc<str>,
    /// The folder of its file, `""` for the top.
    pub(super) folder: String,
    /// Equal for objects that cannot both exist; `None` for an object that anything may exist beside.
    pub(super) identity: Option<ObjectRef>,
    /// False for objects that may occur in many folders without separating them.
    pub(super) separates: bool,
    /// Where it comes from.
    pub(super) from: Origin,
}

/// Where an object comes from, the farthest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// The user states it.
    Stated,
    /// From `--inventory`.
    Inventory,
    /// From the input.
    Input,
}

/// An environment as indexes into the members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The folder it is rooted at.
    pub(super) root: String,
    /// What it sees, in order. Several of one identity are equally near.
    pub(super) members: Vec<usize>,
    /// Those of them that other environments see as well.
    pub(super) shared: BTreeSet<usize>,
}

/// Splits members into environments; with `one_mesh` there is one. `given` are roots whatever the members say.
pub(super) fn plan(members: &[Member], one_mesh: bool, given: &BTreeSet<String>) -> Vec<Plan> {
    let mut roots = if one_mesh { BTreeSet::new() } else { roots(members) };
    roots.extend(given.iter().cloned());
    let levels: Vec<&str> = members.iter().map(|member| level(&member.folder, &roots)).collect();
    let mut plans: Vec<Plan> = environments(members, &levels, &roots)
        .into_iter()
        .map(|root| Plan { root: root.to_owned(), members: visible(members, &levels, root), shared: BTreeSet::new() })
        .collect();
    mark_shared(&mut plans);
    plans
}

/// The environments that the user has named, each with its files: a mesh sees these, then what no mesh has, then
/// inventories, then what is stated.
pub(super) fn plan_meshes(members: &[Member], meshes: &BTreeMap<String, BTreeSet<Arc<str>>>) -> Vec<Plan> {
    let is_shared = |member: &Member| !meshes.values().any(|files| files.contains(&member.file));
    let plan = |(name, files): (&String, &BTreeSet<Arc<str>>)| {
        let nearness = |index: usize| {
            let member = members.get(index)?;
            match () {
                () if member.from != Origin::Input => Some((member.from, 0)),
                () if files.contains(&member.file) => Some((Origin::Input, 1)),
                () => is_shared(member).then_some((Origin::Input, 0)),
            }
        };
        Plan { root: name.clone(), members: nearest(members, nearness), shared: BTreeSet::new() }
    };
    let mut plans: Vec<Plan> = meshes.iter().map(plan).collect();
    mark_shared(&mut plans);
    plans
}

/// The folders that contain `folder`, from the top (`""`) down to itself.
fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
    let top = (!folder.is_empty()).then_some("");
    let inner = folder.char_indices().filter(|(index, c)| *c == '/' && *index > 0).filter_map(|(i, _)| folder.get(..i));
    top.into_iter().chain(inner).chain([folder])
}

/// True when a folder is another one or contains it. Folders are paths as shown, `""` is the top.
pub fn contains(outer: &str, inner: &str) -> bool {
    is_below(inner, outer)
}

/// True when `folder` is `root` or below it.
fn is_below(folder: &str, root: &str) -> bool {
    root.is_empty() || folder.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Rule 1.
fn roots(members: &[Member]) -> BTreeSet<String> {
    let mut folders_of: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for member in members.iter().filter(|member| member.separates && member.from == Origin::Input) {
        if let Some(identity) = &member.identity {
            folders_of.entry(identity).or_default().insert(&member.folder);
        }
    }
    let mut roots = BTreeSet::new();
    for folders in folders_of.into_values().filter(|folders| folders.len() > 1) {
        // Every folder above an occurrence, with the branches below it that lead to one; an occurrence in the
        // folder itself is the branch `None`.
        let mut branches: BTreeMap<&str, BTreeSet<Option<&str>>> = BTreeMap::new();
        for folder in folders {
            let chain: Vec<&str> = ancestors(folder).collect();
            for (index, ancestor) in chain.iter().enumerate() {
                branches.entry(ancestor).or_default().insert(chain.get(index + 1).copied());
            }
        }
        let separating = branches.into_values().filter(|branches| branches.len() > 1).flatten().flatten();
        roots.extend(separating.map(str::to_owned));
    }
    roots
}

/// Rule 2: the innermost root above a folder, `""` for none.
fn level<'r>(folder: &str, roots: &'r BTreeSet<String>) -> &'r str {
    ancestors(folder).filter_map(|ancestor| roots.get(ancestor)).last().map_or("", String::as_str)
}

/// Rules 2 and 4: the roots (or the top) that are environments, in path order.
fn environments<'r>(members: &[Member], levels: &[&'r str], roots: &'r BTreeSet<String>) -> BTreeSet<&'r str> {
    let is_leaf = |root: &str| !roots.iter().any(|other| other != root && is_below(other, root));
    let mut environments: BTreeSet<&str> = roots.iter().map(String::as_str).filter(|root| is_leaf(root)).collect();
    if roots.is_empty() {
        environments.insert("");
    }
    let mut levels_of: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for (member, level) in
        members.iter().zip(levels).filter(|(member, _)| member.separates && member.from == Origin::Input)
    {
        levels_of.entry(&member.identity).or_default().insert(level);
    }
    for (_, levels) in levels_of.into_iter().filter(|(identity, _)| identity.is_some()) {
        let hidden = |level: &&str| levels.iter().any(|nearer| nearer != level && is_below(nearer, level));
        environments.extend(levels.iter().copied().filter(hidden));
    }
    environments
}

/// Rules 3 and 5: what an environment sees.
fn visible(members: &[Member], levels: &[&str], root: &str) -> Vec<usize> {
    // How near a member is: the longer its level, the nearer; an inventory is farther, and what is stated farthest.
    let nearness = |index: usize| -> Option<(Origin, usize)> {
        let (member, level) = (members.get(index)?, levels.get(index)?);
        if member.from != Origin::Input {
            return Some((member.from, 0));
        }
        is_below(root, level).then_some((Origin::Input, level.len()))
    };
    nearest(members, nearness)
}

/// The members that are near at all, and of one identity only the nearest.
fn nearest(members: &[Member], nearness: impl Fn(usize) -> Option<(Origin, usize)>) -> Vec<usize> {
    let mut nearest: BTreeMap<_, (Origin, usize)> = BTreeMap::new();
    for (index, member) in members.iter().enumerate() {
        if let (Some(identity), Some(near)) = (&member.identity, nearness(index)) {
            let best = nearest.entry(identity).or_insert(near);
            *best = (*best).max(near);
        }
    }
    let is_visible = |(index, member): &(usize, &Member)| match (&member.identity, nearness(*index)) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(identity), Some(near)) => nearest.get(identity) == Some(&near),
    };
    members.iter().enumerate().filter(is_visible).map(|(index, _)| index).collect()
}

fn mark_shared(plans: &mut [Plan]) {
    let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
    for index in plans.iter().flat_map(|plan| &plan.members) {
        *seen.entry(*index).or_default() += 1;
    }
    for plan in plans {
        plan.shared = plan.members.iter().copied().filter(|index| seen.get(index).is_some_and(|n| *n > 1)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Members from `folder name` lines: `inventory` as a folder is an inventory, names in upper case do not separate.
    fn members(lines: &[&str]) -> Vec<Member> {
        lines
            .iter()
            .map(|line| {
                let (folder, name) = line.split_once(' ').unwrap();
                Member {
                    file: Arc::from(format!("{folder}/{name}.yaml")),
                    folder: folder.to_owned(),
                    identity: Some(ObjectRef::new("Kind", "ns", name)),
                    separates: !name.starts_with(|c: char| c.is_uppercase()),
                    from: if folder == "inventory" { Origin::Inventory } else { Origin::Input },
                }
            })
            .collect()
    }

    /// Each environment as `root: what it sees`, shared objects with a `+`.
    fn check(lines: &[&str], expected: &[&str]) {
        let plans = plan(&members(lines), false, &BTreeSet::new());
        let shown: Vec<String> = plans
            .iter()
            .map(|plan| {
                let sees: Vec<String> = plan
                    .members
                    .iter()
                    .map(|index| {
                        let mark = if plan.shared.contains(index) { "+" } else { "" };
                        format!("{mark}{}", lines[*index].replace(' ', "/"))
                    })
                    .collect();
                format!("{:?}: {}", plan.root, sees.join(" "))
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn without_repetition_there_is_one_environment() {
        check(&["a web", "b cart", " mesh"], &[r#""": a/web b/cart /mesh"#]);
        check(&[], &[r#""": "#]);
    }

    #[test]
    fn dev_and_prod_are_two_environments_and_common_is_shared() {
        check(
            &["common web", "dev mesh", "dev/shop policy", "prod mesh", "prod/shop policy"],
            &[r#""dev": +common/web dev/mesh dev/shop/policy"#, r#""prod": +common/web prod/mesh prod/shop/policy"#],
        );
    }

    #[test]
    fn roots_are_the_branches_below_the_lowest_common_folder() {
        check(
            &["k8s/overlays/dev/istio mesh", "k8s/overlays/prod/istio mesh", "k8s/overlays/prod/apps web"],
            &[
                r#""k8s/overlays/dev": k8s/overlays/dev/istio/mesh"#,
                r#""k8s/overlays/prod": k8s/overlays/prod/istio/mesh k8s/overlays/prod/apps/web"#,
            ],
        );
    }

    #[test]
    fn the_innermost_root_wins_and_outer_roots_share_downwards() {
        check(
            &["eu mesh", "eu/dev web", "eu/prod web", "us mesh", "us web"],
            &[r#""eu/dev": +eu/mesh eu/dev/web"#, r#""eu/prod": +eu/mesh eu/prod/web"#, r#""us": us/mesh us/web"#],
        );
    }

    #[test]
    fn a_folder_whose_object_is_overridden_below_is_an_environment_itself() {
        check(&["a mesh", "a web", "a/b mesh"], &[r#""": a/mesh +a/web"#, r#""a/b": +a/web a/b/mesh"#]);
    }

    #[test]
    fn a_folder_name_that_starts_like_another_is_not_below_it() {
        check(&["dev mesh", "dev-2 mesh", "dev-2 web"], &[r#""dev": dev/mesh"#, r#""dev-2": dev-2/mesh dev-2/web"#]);
    }

    #[test]
    fn namespaces_do_not_separate_but_the_nearest_is_seen() {
        check(&["a Shop", "b Shop", "b web"], &[r#""": a/Shop b/Shop b/web"#]);
        check(
            &["a Shop", "dev Shop", "dev web", "prod web"],
            &[r#""dev": dev/Shop dev/web"#, r#""prod": a/Shop prod/web"#],
        );
    }

    #[test]
    fn the_inventory_is_found_last_and_separates_nothing() {
        check(&["a web", "inventory web", "inventory cart"], &[r#""": a/web inventory/cart"#]);
        check(
            &["dev mesh", "prod mesh", "inventory mesh", "inventory web"],
            &[r#""dev": dev/mesh +inventory/web"#, r#""prod": prod/mesh +inventory/web"#],
        );
    }

    #[test]
    fn the_same_folder_does_not_separate() {
        check(&["a web", "a web"], &[r#""": a/web a/web"#]);
    }

    #[test]
    fn one_mesh_sees_everything() {
        let plans = plan(&members(&["dev mesh", "prod mesh"]), true, &BTreeSet::new());
        assert_eq!(plans, [Plan { root: String::new(), members: vec![0, 1], shared: BTreeSet::new() }]);
    }

    #[test]
    fn meshes_see_their_own_files_and_those_of_no_mesh() {
        let members = members(&["eu mesh", "us mesh", "common web", "us web", "inventory mesh", "inventory cart"]);
        let files = |names: &[&str]| names.iter().map(|name| Arc::from(format!("{name}.yaml"))).collect();
        let meshes = BTreeMap::from([
            ("prod".to_owned(), files(&["eu/mesh"])),
            ("test".to_owned(), files(&["us/mesh", "us/web"])),
        ]);
        let plans = plan_meshes(&members, &meshes);
        let seen: Vec<(&str, &[usize])> = plans.iter().map(|plan| (plan.root.as_str(), &plan.members[..])).collect();
        assert_eq!(seen, [("prod", &[0, 2, 5][..]), ("test", &[1, 3, 5])]);
        assert_eq!(plans[0].shared, BTreeSet::from([5]));
    }

    #[test]
    fn given_roots_separate_whatever_is_below_them() {
        let given = BTreeSet::from(["dev".to_owned(), "prod".to_owned()]);
        let plans = plan(&members(&["dev mesh", "prod policy", "common web"]), false, &given);
        let seen: Vec<(&str, &[usize])> = plans.iter().map(|plan| (plan.root.as_str(), &plan.members[..])).collect();
        assert_eq!(seen, [("dev", &[0, 2][..]), ("prod", &[1, 2])]);
    }

    #[test]
    fn absolute_paths_have_ancestors_too() {
        assert_eq!(ancestors("/a/b").collect::<Vec<_>>(), ["", "/a", "/a/b"]);
        assert_eq!(ancestors("a").collect::<Vec<_>>(), ["", "a"]);
        assert_eq!(ancestors("").collect::<Vec<_>>(), [""]);
    }
}
