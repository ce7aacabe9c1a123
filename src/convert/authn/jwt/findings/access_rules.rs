//! What tokens do to access rules in the same input.

use crate::api::legacy::AuthenticationPolicy;
use crate::convert::authn::jwt::readers::Reader;
use crate::finding::catalogue::jwt as codes;
use crate::finding::{Finding, Severity};

fn reads(reader: &Reader) -> String {
    format!("{} reads {}", reader.object, reader.key)
}

/// The request principal becomes another one, and no rule reads it.
pub(in super::super) fn principal_read_by_nobody(policy: &AuthenticationPolicy) -> Finding {
    let message = format!(
        "With {} the request principal was the caller's peer identity; with the new objects it is `issuer/subject` of the token.",
        policy.meta.object()
    );
    Finding::new(codes::REQUEST_PRINCIPAL, message).severity(Severity::Note)
}

/// The request principal becomes another one, and these rules read it; `None` when there are none.
pub(in super::super) fn principal_read(policy: &AuthenticationPolicy, readers: &[&Reader]) -> Option<Finding> {
    let message = format!(
        "{}, which was the caller's peer identity under {}; with the new objects it is `issuer/subject` of the token.",
        reads(readers.first()?),
        policy.meta.object()
    );
    let related = |finding: Finding, reader: &&Reader| finding.related(reader.place.clone(), reads(reader));
    Some(readers.iter().fold(Finding::new(codes::REQUEST_PRINCIPAL, message), related))
}

/// A rule reads tokens on requests on which nobody read them.
pub(in super::super) fn claims_on_more_requests(policy: &AuthenticationPolicy, reader: &Reader) -> Finding {
    let message = format!(
        "{}; tokens were read only where {} was triggered, and are read on every path and HTTP port of its pods now, so the rule grants more.",
        reads(reader),
        policy.meta.object()
    );
    Finding::new(codes::CLAIMS_ON_MORE_REQUESTS, message).related(reader.place.clone(), reads(reader))
}
