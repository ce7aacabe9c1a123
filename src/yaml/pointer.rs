//! JSON pointers (RFC 6901), and the two spellings of a field name.

use std::borrow::Cow;

/// The tokens of a pointer, unescaped.
pub(super) fn tokens(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    // What stands before the first slash is empty in a well-formed pointer.
    pointer.split('/').skip(1).map(|token| {
        if token.contains('~') { Cow::Owned(token.replace("~1", "/").replace("~0", "~")) } else { Cow::Borrowed(token) }
    })
}

/// The lowerCamelCase spelling of a field name: protobuf's JSON form takes `source_principal` for `sourcePrincipal`.
pub(super) fn camel(name: &str) -> Cow<'_, str> {
    if !name.contains('_') {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    let mut raise = false;
    for letter in name.chars() {
        match letter {
            '_' => raise = true,
            letter if raise => {
                out.extend(letter.to_uppercase());
                raise = false;
            }
            letter => out.push(letter),
        }
    }
    Cow::Owned(out)
}

/// A pointer in camelCase tokens: equal for every spelling of one path.
pub(super) fn normal(pointer: &str) -> Vec<String> {
    tokens(pointer).map(|token| camel(&token).into_owned()).collect()
}
