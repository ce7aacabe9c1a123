//! Validation as Istio's admission webhook did it (`meaning/rbac.md` §1.2–1.4, `meaning/authn.md` §1.8).
//!
//! What needs the raw document (a missing `roleRef`, a port selector with neither key) is checked while decoding.

mod authentication;
mod rbac;

use super::decode::{Node, Object, Problems};

/// Reports every rule that a decoded legacy object breaks. Other objects are not validated.
pub(super) fn object(object: &Object, root: &Node<'_>, problems: &mut Problems) {
    let mut rules = Rules { root, problems };
    match object {
        Object::Authentication(policy) => authentication::policy(policy, &mut rules),
        Object::Config(config) => rbac::config(config, &mut rules),
        Object::Role(role) => rbac::role(role, &mut rules),
        Object::Binding(binding) => rbac::binding(binding, &mut rules),
        _ => {}
    }
}

/// Where broken rules are reported to.
struct Rules<'r, 'a> {
    root: &'r Node<'a>,
    problems: &'r mut Problems,
}

impl Rules<'_, '_> {
    /// Refuses the object because of the value at a JSON pointer.
    fn refuse(&mut self, pointer: &str, message: impl Into<String>) {
        self.problems.invalid(self.root.place_of(pointer), message);
    }
}

#[cfg(test)]
mod tests;
