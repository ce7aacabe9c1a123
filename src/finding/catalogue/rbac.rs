//! Codes of the area `rbac`.

use super::codes;

codes! {}
