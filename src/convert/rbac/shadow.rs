//! Dry-run copies of what was only logged (`--shadow`, `meaning/rbac.md` §6.8). Nothing here is ever enforced.

use crate::api::legacy::Enforcement;
use crate::convert::rbac::bindings::{self, Grant};
use crate::convert::rbac::config::scope::Scope;
use crate::convert::rbac::place::survey::Survey;
use crate::convert::rbac::place::view::NamespaceView;
use crate::convert::rbac::roles;
use crate::convert::{Context, Draft, Part};
use crate::finding::Finding;
use crate::finding::catalogue::rbac as codes;

/// Marks a policy as never enforced.
const DRY_RUN: &str = "istio.io/dry-run";

/// The first release that knows the annotation; an older one would enforce the policy.
const KNOWN_SINCE: u16 = 10;

/// Keeps the conversion of a PERMISSIVE config as dry-run copies; without them its objects are inert.
pub fn keep(context: Context<'_>, copy: Part, part: &mut Part) {
    if !supported(context, part) {
        return crate::convert::rbac::objects::all_inert(context, codes::PERMISSIVE_CONFIG, part);
    }
    part.ledger.absorb_dry_run(copy.ledger);
    part.drafts.extend(copy.drafts.into_iter().map(dry_run));
}

/// Adds a dry-run copy for the PERMISSIVE bindings of every role.
pub fn permissive_bindings(context: Context<'_>, scope: Scope<'_>, part: &mut Part) {
    let permissive = |role| bindings::of(context, role, Enforcement::Permissive);
    if context.mesh.roles.iter().all(|role| permissive(role).is_empty()) || !supported(context, part) {
        return;
    }
    let survey = Survey::of(context.mesh);
    for role in &context.mesh.roles {
        let grant = Grant { role, bindings: permissive(role) };
        let refused = role.meta.manifest.is_some_and(|id| part.ledger.is_refused(id));
        if grant.bindings.is_empty() || refused || !scope.reaches_namespace(&role.meta.namespace) {
            continue;
        }
        let view = NamespaceView { context, scope, survey: &survey, namespace: &role.meta.namespace };
        let converted = roles::convert(&grant, view);
        if converted.refused() {
            continue;
        }
        for draft in converted.drafts {
            for id in &draft.from {
                part.ledger.not_inert(*id);
            }
            let name = format!("{}-dry-run", draft.name);
            part.drafts.push(dry_run(Draft { name, ..draft }));
        }
    }
}

fn supported(context: Context<'_>, part: &mut Part) -> bool {
    let target = context.mesh.settings.target;
    if target.at_least(KNOWN_SINCE) {
        return true;
    }
    part.ledger.tell(Finding::new(
        codes::DRY_RUN_UNSUPPORTED,
        format!("Istio {target} does not know dry-run policies and would enforce them, so none are written."),
    ));
    false
}

fn dry_run(mut draft: Draft) -> Draft {
    draft.annotations.insert(DRY_RUN.to_owned(), "true".to_owned());
    draft.comment.push("Only logged, as before: never enforced while the dry-run annotation stands.".to_owned());
    draft
}
