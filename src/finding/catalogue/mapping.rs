//! Codes of the area `mapping`.

use super::codes;

codes! {}
