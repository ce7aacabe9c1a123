//! Codes of the area `jwt`.

use super::codes;

codes! {}
