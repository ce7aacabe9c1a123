//! Conditions on requests, and whether a request exists that satisfies them: no policy and no release is known here.
//!
//! `attribute` says what a request is made of and `pattern` which texts a test passes; `formula` joins tests, `partition`
//! cuts their values into classes, `solve` decides, within a `budget`.

pub mod attribute;
pub mod budget;
pub mod formula;
pub mod impossible;
pub mod nesting;
pub mod partition;
pub mod pattern;
pub mod request;
pub mod solve;
