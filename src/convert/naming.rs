//! Final names: the name people would choose, and a number only where two objects would share it (`inside/design.md` §6.2).

use super::{Draft, NewKind};
use crate::mesh::Mesh;
use std::collections::BTreeSet;

/// Kubernetes' limit for object names.
const LONGEST: usize = 253;

/// The names already taken in an environment: (kind, namespace, name).
pub type Taken = BTreeSet<(NewKind, String, String)>;

/// The names of the objects that are already in the input.
pub fn taken(mesh: &Mesh) -> Taken {
    let peer = mesh.peer.iter().map(|o| (NewKind::Peer, &o.meta));
    let request = mesh.request.iter().map(|o| (NewKind::Request, &o.meta));
    let authorization = mesh.authorization.iter().map(|o| (NewKind::Authorization, &o.meta));
    peer.chain(request)
        .chain(authorization)
        .map(|(kind, meta)| (kind, meta.namespace.clone(), meta.name.clone()))
        .collect()
}

/// Gives every draft a name of its own, in the order of the drafts.
pub fn assign(drafts: &mut [Draft], mut taken: Taken) {
    for draft in drafts {
        let name = free(&taken, draft);
        taken.insert((draft.kind, draft.namespace.clone(), name.clone()));
        draft.name = name;
    }
}

/// The draft's preferred name, or the first of `name-2`, `name-3`, ... that is free.
fn free(taken: &Taken, draft: &Draft) -> String {
    let is_free = |name: &String| !taken.contains(&(draft.kind, draft.namespace.clone(), name.clone()));
    let wanted = shortened(&draft.name, LONGEST);
    if is_free(&wanted) {
        return wanted;
    }
    // As many candidates as names are taken, and one more: one of them is free.
    (2..taken.len() + 3)
        .map(|number| {
            let suffix = format!("-{number}");
            shortened(&draft.name, LONGEST - suffix.len()) + &suffix
        })
        .find(is_free)
        .unwrap_or(wanted)
}

/// The name cut to a length, without a trailing `-` or `.`, which Kubernetes refuses.
fn shortened(name: &str, longest: usize) -> String {
    let cut: String = name.chars().take(longest).collect();
    cut.trim_end_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Tree;

    fn draft(name: &str) -> Draft {
        Draft {
            kind: NewKind::Authorization,
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            from: Vec::new(),
            annotations: Default::default(),
            comment: Vec::new(),
            spec: Tree::Map(Vec::new()),
        }
    }

    fn names(wanted: &[&str], taken: Taken) -> Vec<String> {
        let mut drafts: Vec<Draft> = wanted.iter().map(|name| draft(name)).collect();
        assign(&mut drafts, taken);
        drafts.into_iter().map(|draft| draft.name).collect()
    }

    #[test]
    fn a_number_is_added_only_on_collision() {
        assert_eq!(names(&["cart", "pay", "cart", "cart"], Taken::new()), ["cart", "pay", "cart-2", "cart-3"]);
    }

    #[test]
    fn names_of_existing_objects_are_not_reused() {
        let taken = Taken::from([(NewKind::Authorization, "shop".to_owned(), "cart".to_owned())]);
        assert_eq!(names(&["cart"], taken), ["cart-2"]);
    }

    #[test]
    fn another_kind_may_have_the_same_name() {
        let taken = Taken::from([(NewKind::Peer, "shop".to_owned(), "cart".to_owned())]);
        assert_eq!(names(&["cart"], taken), ["cart"]);
    }

    #[test]
    fn long_names_are_cut_and_stay_unique() {
        let long = "a".repeat(300);
        let names = names(&[&long, &long], Taken::new());
        assert!(names.iter().all(|name| name.len() <= 253));
        assert_ne!(names[0], names[1]);
    }
}
