//! Where a rule applies: the Services and selectors that it is for, the ports of their pods, and what it asks of the
//! destination.

pub mod constraints;
pub mod destination;
pub mod findings;
pub mod given;
pub mod ports;
pub mod services;
pub mod survey;
pub mod targets;
pub mod view;
