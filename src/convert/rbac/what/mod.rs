//! What may be asked: methods, paths, ports, and conditions on the request.

pub mod access_rule;
pub mod addresses;
pub mod headers;
