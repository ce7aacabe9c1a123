//! Who may ask: users, groups, properties, trust domains and tokens.

pub mod authentication;
pub mod identity;
pub mod principal_binding;
pub mod request_principal;
pub mod subjects;
pub mod trust_domain;
