//! The current kinds of `security.istio.io`: one file per kind.

mod authorization;
mod peer;
mod request;

pub use authorization::{Action, AuthorizationPolicy, Condition, Field, Operation, PolicyRule, Source};
pub use peer::{MtlsMode, PeerAuthentication};
pub use request::{JwtHeader, JwtRule, RequestAuthentication};
