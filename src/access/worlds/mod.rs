//! Who is allowed, in the old world (`legacy`) and in the new one (`modern`): objects into conditions on requests.
//!
//! Each returns a `decide::Ruling`; what both worlds share (identities, tokens, mTLS modes) stands beside them.

pub mod decide;
pub mod jwt;
pub mod legacy;
pub mod modern;
pub mod mtls;
pub mod subject;
pub mod terms;
pub mod trust_domain;
