//! The connection and the token: what Policy and MeshPolicy refuse, and what they tell RBAC about the caller
//! (`meaning/authn.md` §1.6, §1.7, §2.4, §2.5).

use super::{Caller, Identity, is_http, select, version};
use crate::access::Transport;
use crate::access::logic::attribute::Attribute;
use crate::access::logic::formula::{Formula, Formulas};
use crate::access::logic::pattern::Glob;
use crate::access::worlds::decide::{Clause, Ruling};
use crate::access::worlds::jwt::{self, Principal, View};
use crate::access::worlds::mtls::{self, PortModes, SetMode};
use crate::access::worlds::subject::Subject;
use crate::access::worlds::terms;
use crate::api::legacy::{AuthenticationPolicy, Jwt, PeerMethod, PrincipalBinding, StringMatch, TriggerRule};
use crate::api::security::MtlsMode;
use crate::mesh::{Mesh, SourceRelease};

/// Adds the clauses that refuse a connection or a request before RBAC is asked, and tells what RBAC sees.
pub fn connect(f: &mut Formulas, mesh: &Mesh, subject: &Subject<'_>, chain: Transport, ruling: &mut Ruling) -> Caller {
    let policy = select::in_force(mesh, subject);
    // PeerAuthentication and RequestAuthentication exist from 1.5 on; each switches off its half of the old policy.
    let new_kinds = mesh.settings.source >= SourceRelease::V1_5;
    let composed = if new_kinds { mtls::composed(mesh, subject, version(mesh)) } else { None };
    let peers_overridden = composed.is_some();
    if !subject.is_gateway() {
        let modes = composed.or_else(|| policy_modes(mesh, subject, policy));
        mtls::refuse(f, modes.as_ref(), subject, ruling);
    }
    let mtls = f.present(Attribute::Mtls);
    let certificate = if subject.is_gateway() && is_http(chain) { Formula::FALSE } else { mtls };
    let mut caller = Caller { identities: vec![(certificate, Identity::Certificate)], view: View::nothing() };
    if !is_http(chain) {
        return caller;
    }
    let requested = if new_kinds {
        let policies = jwt::applying(mesh, &subject.workload.meta.namespace, &subject.workload.pod_labels);
        jwt::requested(f, &policies, version(mesh))
    } else {
        None
    };
    if let Some(policy) = policy {
        let filter = Filter { policy, gateway: subject.is_gateway(), peers_overridden };
        if filter.installed() {
            filter.ask_peers(f, &mut caller, ruling);
            if requested.is_none() {
                filter.ask_origins(f, &mut caller, ruling);
            }
        }
    }
    if policy.is_none() && new_kinds && subject.governing.is_some() && !subject.is_gateway() && requested.is_none() {
        // 1.5 installs the filter with PERMISSIVE mTLS; its principal is the peer (`USE_PEER`).
        let preflight = jwt::preflight(f);
        let ordinary = f.not(preflight);
        caller.view.principal = Principal::Peer(ordinary);
    }
    if let Some(requested) = requested {
        let clause = Clause::new(requested.rejected, false, "the token does not verify (401)");
        ruling.push_unauthorized(f, clause);
        ruling.uses_token = requested.verified;
        ruling.rejects_token = requested.rejected;
        caller.view = requested.view;
    }
    caller
}

/// The mode that the old policy gives the port: the first `mtls` peer decides, none means plaintext only. Without any
/// policy 1.4 took plaintext only and 1.5 both. `None`: ports of no Service, which took whatever came.
fn policy_modes<'a>(
    mesh: &Mesh,
    subject: &Subject<'_>,
    policy: Option<&'a AuthenticationPolicy>,
) -> Option<PortModes<'a>> {
    subject.governing?;
    let mode = match (policy, mesh.settings.source) {
        (None, SourceRelease::V1_4) => MtlsMode::Disable,
        (None, SourceRelease::V1_5) => return None,
        (Some(policy), _) => {
            let first = policy.peers.iter().find_map(|peer| match peer {
                PeerMethod::Mtls(mtls) => Some(mtls.permissive),
                PeerMethod::Jwt(_) | PeerMethod::Empty => None,
            });
            match first {
                Some(true) => MtlsMode::Permissive,
                Some(false) => MtlsMode::Strict,
                None => MtlsMode::Disable,
            }
        }
    };
    Some(PortModes { base: SetMode { mode, by: policy.map(|policy| &policy.meta) }, exceptions: Vec::new() })
}

/// The `istio_authn` filter of one HTTP port.
struct Filter<'a> {
    policy: &'a AuthenticationPolicy,
    gateway: bool,
    /// A PeerAuthentication replaced the peers by its own mTLS mode.
    peers_overridden: bool,
}

impl<'a> Filter<'a> {
    /// The peers that count here: gateways lose mTLS peers, empty ones count nowhere.
    fn peers(&self) -> impl Iterator<Item = &'a PeerMethod> {
        let gateway = self.gateway;
        let overridden = self.peers_overridden;
        self.policy.peers.iter().filter(move |peer| match peer {
            PeerMethod::Mtls(_) => !gateway,
            PeerMethod::Jwt(_) => !overridden,
            PeerMethod::Empty => false,
        })
    }

    /// True when there is something to ask.
    fn installed(&self) -> bool {
        self.peers().next().is_some() || !self.policy.origins.is_empty()
    }

    /// ANY peer method must accept the caller, in order; the first that does names it.
    fn ask_peers(&self, f: &mut Formulas, caller: &mut Caller, ruling: &mut Ruling) {
        if self.peers_overridden || self.peers().next().is_none() {
            return;
        }
        let mtls = f.present(Attribute::Mtls);
        let mut identities = Vec::new();
        let mut accepted = Vec::new();
        for peer in self.peers() {
            match peer {
                PeerMethod::Mtls(method) => {
                    identities.push((mtls, Identity::Certificate));
                    accepted.push(mtls);
                    if method.permissive {
                        identities.push((Formula::TRUE, Identity::Nobody));
                        accepted.push(Formula::TRUE);
                    }
                }
                PeerMethod::Jwt(method) => {
                    let verified = jwt::legacy_verifies(f, self.policy, method);
                    identities.push((verified, Identity::Token));
                    accepted.push(verified);
                }
                PeerMethod::Empty => {}
            }
        }
        caller.identities = identities;
        if !self.policy.peer_is_optional {
            let accepted = f.any(accepted);
            let refused = f.not(accepted);
            let reason = "no peer method accepts the caller (401 Peer authentication failed)";
            ruling.push_unauthorized(f, Clause::new(refused, false, reason).of(&self.policy.meta));
        }
    }

    /// The request passes when it is a preflight, or when no method is triggered, or when ANY triggered method verifies
    /// its token. Only the last case shows claims.
    fn ask_origins(&self, f: &mut Formulas, caller: &mut Caller, ruling: &mut Ruling) {
        let policy = self.policy;
        let use_origin = policy.principal_binding == PrincipalBinding::UseOrigin;
        let preflight = jwt::preflight(f);
        let ordinary = f.not(preflight);
        let (mut triggered, mut verified) = (Vec::new(), Vec::new());
        for method in &policy.origins {
            let trigger = triggers(f, method);
            let verifies = jwt::legacy_verifies(f, policy, method);
            triggered.push(trigger);
            verified.push(f.all([trigger, verifies]));
        }
        let triggered = f.any(triggered);
        let verified = f.any(verified);
        let untriggered = f.not(triggered);
        let satisfied = f.any([untriggered, verified]);
        // `USE_ORIGIN` without origins fails every request, preflights too.
        let hopeless = policy.origins.is_empty() && use_origin;
        let passed = if hopeless { Formula::FALSE } else { f.any([preflight, satisfied]) };
        if !policy.origin_is_optional {
            let refused = f.not(passed);
            let reason = "a token is required and none verifies (401 Origin authentication failed)";
            ruling.push_unauthorized(f, Clause::new(refused, false, reason).of(&policy.meta));
        }
        if hopeless {
            return;
        }
        let claims = f.all([ordinary, verified]);
        let bound = f.all([ordinary, satisfied]);
        let principal = if use_origin { Principal::Token(claims) } else { Principal::Peer(bound) };
        ruling.uses_token = claims;
        caller.view = View { claims, principal };
    }
}

/// ANY trigger rule holds (no rules: always): NONE of its excluded paths matches, and ANY of its included ones does
/// (no included ones: all do). Both releases cut the query off before.
fn triggers(f: &mut Formulas, method: &Jwt) -> Formula {
    if method.triggers.is_empty() {
        return Formula::TRUE;
    }
    let rules: Vec<Formula> = method.triggers.iter().map(|rule| trigger(f, rule)).collect();
    f.any(rules)
}

fn trigger(f: &mut Formulas, rule: &TriggerRule) -> Formula {
    let excluded: Vec<Formula> = rule.excluded.iter().map(|path| trigger_path(f, path)).collect();
    let included: Vec<Formula> = rule.included.iter().map(|path| trigger_path(f, path)).collect();
    let excluded = f.any(excluded);
    let included = f.any(included);
    terms::any_and_none(f, (!rule.included.is_empty()).then_some(included), excluded)
}

fn trigger_path(f: &mut Formulas, path: &StringMatch) -> Formula {
    let glob = match path {
        StringMatch::Exact(text) => Glob::Exact(text.clone()),
        StringMatch::Prefix(text) if text.is_empty() => Glob::Any,
        StringMatch::Prefix(text) => Glob::Prefix(text.clone()),
        StringMatch::Suffix(text) if text.is_empty() => Glob::Any,
        StringMatch::Suffix(text) => Glob::Suffix(text.clone()),
        StringMatch::Nothing => return Formula::FALSE,
        StringMatch::Regex(text) => match literal_regex(text) {
            Some(glob) => glob,
            None => return terms::opaque(f, &format!("path matches the regular expression {text:?}")),
        },
    };
    f.glob(Attribute::Path, glob)
}

/// A regular expression (full match) that is a literal, a literal and `.*`, `.*` and a literal, or `.*`.
fn literal_regex(regex: &str) -> Option<Glob> {
    let literal = |text: &str| {
        let mut plain = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => plain.push(chars.next().filter(char::is_ascii_punctuation)?),
                _ if "^$.|?*+()[]{}".contains(c) => return None,
                _ => plain.push(c),
            }
        }
        Some(plain)
    };
    if regex == ".*" {
        Some(Glob::Any)
    } else if let Some(suffix) = regex.strip_prefix(".*") {
        Some(Glob::Suffix(literal(suffix)?))
    } else if let Some(prefix) = regex.strip_suffix(".*").filter(|text| !text.ends_with('\\')) {
        Some(Glob::Prefix(literal(prefix)?))
    } else {
        Some(Glob::Exact(literal(regex)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authn_e57_a_regex_that_is_a_literal_is_read() {
        assert_eq!(literal_regex("/pub/.*"), Some(Glob::Prefix("/pub/".into())));
        assert_eq!(literal_regex(r".*\.js"), Some(Glob::Suffix(".js".into())));
        assert_eq!(literal_regex("/ok"), Some(Glob::Exact("/ok".into())));
        assert_eq!(literal_regex("/v[0-9]+/x"), None, "authn-E56");
        assert_eq!(literal_regex("/a.b"), None);
    }
}
