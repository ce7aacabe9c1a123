//! Codes of the area `mtls`.

use super::codes;

codes! {}
