//! Codes of the area `verify`.

use super::codes;

codes! {}
