//! What an access rule asks of the destination: decided for a Service and its pods before any request (`meaning/rbac.md` §6.5);
//! and the selectors that come of it.

use crate::api::Labels;

/// The part that Pilot evaluated for a service and its pods. All parts must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Destination {
    /// Host name patterns (ORed); empty means every service.
    pub services: Vec<String>,
    /// Pod label key to value patterns (ORed).
    pub labels: Vec<(String, Vec<String>)>,
    /// Patterns for the service's short name (ORed), if asked for.
    pub names: Option<Vec<String>>,
    /// Patterns for the service account (ORed), if asked for.
    pub users: Option<Vec<String>>,
    /// Some condition holds nowhere: the rule never applied.
    pub never: bool,
}

/// One selector that an access rule is attached to.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// `None` is the whole namespace.
    pub selector: Option<Labels>,
    /// What tells this target from the role's others in a name: the service, then label values.
    pub suffix: Vec<String>,
    /// True when the rule is for whatever Service the pods have, also for one that nobody has shown.
    pub every_service: bool,
}
