//! ServiceRoles: is RBAC on for the service, and does ANY role grant the request (`meaning/rbac.md` §3.2, §3.3)?

use super::role::Target;
use super::{Caller, role, subject};
use crate::access::Transport;
use crate::access::logic::formula::{Formula, Formulas};
use crate::access::worlds::decide::{Clause, Ruling};
use crate::access::worlds::subject::Subject;
use crate::api::legacy::{Enforcement, RbacConfig, RbacMode, RbacTarget};
use crate::mesh::Mesh;

/// Adds a clause for every grant: ANY access rule of a role AND ANY subject that an enforced binding gives the role.
pub fn authorize(
    f: &mut Formulas,
    mesh: &Mesh,
    subject: &Subject<'_>,
    chain: Transport,
    caller: &Caller,
    ruling: &mut Ruling,
) {
    let Some((service, _)) = subject.governing else { return };
    let Some(config) = mesh.effective_config() else {
        ruling.otherwise = Clause::new(Formula::TRUE, true, "RBAC is off: there is no ClusterRbacConfig");
        return;
    };
    if !enabled(config, &mesh.host(service), &service.meta.namespace) {
        let reason = format!("RBAC is off for {}", service.meta.object());
        ruling.otherwise = Clause::new(Formula::TRUE, true, reason).of(&config.meta);
        return;
    }
    if config.enforcement == Enforcement::Permissive {
        ruling.otherwise = Clause::new(Formula::TRUE, true, "RBAC only logs (PERMISSIVE)").of(&config.meta);
        return;
    }
    grants(f, mesh, &Target { mesh, service, host: mesh.host(service), subject, chain }, caller, ruling);
    let reason = "no ServiceRole grants it, and RBAC is on for the Service";
    ruling.otherwise = Clause::new(Formula::TRUE, false, reason).of(&config.meta);
}

/// Roles and bindings act in the namespace of the service only.
fn grants(f: &mut Formulas, mesh: &Mesh, target: &Target<'_>, caller: &Caller, ruling: &mut Ruling) {
    let namespace = &target.service.meta.namespace;
    for role in mesh.roles.iter().filter(|role| role.meta.namespace == *namespace) {
        let rules: Vec<(usize, Formula)> = role
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| target.fits(rule))
            .map(|(index, rule)| (index, role::matches(f, target, rule)))
            .filter(|(_, asked)| *asked != Formula::FALSE)
            .collect();
        if rules.is_empty() {
            continue;
        }
        let bindings = mesh.bindings.iter().filter(|binding| {
            binding.role.name == role.meta.name
                && binding.meta.namespace == *namespace
                && binding.enforcement == Enforcement::Enforced
        });
        for binding in bindings {
            for member in &binding.subjects {
                let named = subject::matches(f, &mesh.settings, target.chain, mesh.settings.source, caller, member);
                for &(index, asked) in &rules {
                    let when = f.all([asked, named]);
                    if let (false, Some(rule)) = (when == Formula::FALSE, role.rules.get(index)) {
                        let (granted, by) = (role.meta.object(), binding.meta.object());
                        let reason = format!("rule {} of {granted} allows it, given by {by}", index + 1);
                        ruling.push(Clause::new(when, true, reason).at(&role.meta, &rule.place));
                    }
                }
            }
        }
    }
}

/// Is RBAC on for the service with this host name and namespace? Plain equality, no wildcards.
fn enabled(config: &RbacConfig, host: &str, namespace: &str) -> bool {
    let lists = |target: &Option<RbacTarget>| {
        target.as_ref().is_some_and(|target| {
            target.namespaces.iter().any(|(name, _)| name == namespace)
                || target.services.iter().any(|(name, _)| name == host)
        })
    };
    match config.mode {
        RbacMode::Off => false,
        RbacMode::On => true,
        RbacMode::OnWithInclusion => lists(&config.inclusion),
        RbacMode::OnWithExclusion => !lists(&config.exclusion),
    }
}
