//! What a plain scalar means to kubectl: sigs.k8s.io/yaml over goyaml.v2, that is YAML 1.1 booleans and octals, the
//! `0o` of YAML 1.2, and Go's number syntax.
//!
//! Checked against `kubectl patch --local` 1.32; the table in the tests is the contract.

use serde_json::{Number, Value};

/// The longest explanation of why a scalar has no meaning.
pub(super) type Unreadable = String;

/// The value of an unquoted, untagged scalar.
///
/// `.inf` and `.nan` have no JSON value and kubectl refuses them; this function answers with the string, and reading a
/// document reports them (see [`is_not_json`]).
pub fn resolve_plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return true.into(),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return false.into(),
        _ => {}
    }
    match text.as_bytes().first() {
        Some(b'.') => go_float(text),
        Some(b'0'..=b'9' | b'+' | b'-') => {
            let plain = text.replace('_', "");
            go_int(&plain).or_else(|| yaml_float(&plain)).or_else(|| stray_binary(&plain))
        }
        _ => None,
    }
    .unwrap_or_else(|| text.into())
}

/// The infinities and not-a-number: floats to kubectl, which it then cannot write as JSON.
pub(super) fn is_not_json(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// The value of a scalar with a tag of the YAML core (`!!int`); `tag` is the part after `!!`.
pub(super) fn resolve_tagged(tag: &str, text: &str) -> Result<Value, Unreadable> {
    let value = match tag {
        "binary" => return decode_base64(text).map(Value::String),
        "int" | "float" | "bool" | "null" => resolve_plain(text),
        _ => return Ok(text.into()),
    };
    let fits = match tag {
        "int" => value.is_i64() || value.is_u64(),
        "float" => value.is_number(),
        "bool" => value.is_boolean(),
        _ => value.is_null(),
    };
    if fits { Ok(value) } else { Err(format!("`{text}` is not a value of the type `!!{tag}`")) }
}

/// A key as kubectl writes it in JSON: `on` becomes `true`, `0x10` becomes `16`. `None` for null. `source` is the
/// scalar's text, which still tells `1e6` (a float, written `1e+06`) from `1000000`.
pub(super) fn key_text(value: &Value, source: &str) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => {
            let plain = source.replace('_', "");
            let is_int = go_int(&plain).or_else(|| stray_binary(&plain)).is_some();
            Some(if is_int { number.to_string() } else { go_float_key(number.as_f64().unwrap_or_default()) })
        }
        _ => None,
    }
}

/// Go's `strconv.FormatFloat(f, 'g', -1, 32)`, which sigs.k8s.io/yaml uses for keys that are floats.
fn go_float_key(value: f64) -> String {
    let value = value as f32;
    if value.is_infinite() {
        return if value > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() };
    }
    let shortest = format!("{value:e}");
    let Some((mantissa, exponent)) = shortest.split_once('e') else { return shortest };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// A float as JSON: Go writes 8080.0 as `8080`, which the API server reads as an integer where it fits one.
fn json_float(value: f64) -> Option<Value> {
    if !value.is_finite() {
        return None;
    }
    // Both Go and Rust write the shortest digits that give the float back, filled up with zeros.
    match value.to_string().parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) => Number::from_f64(value).map(Value::Number),
    }
}

/// `strconv.ParseFloat` of a scalar that begins with a point: underscores may stand between digits.
fn go_float(text: &str) -> Option<Value> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    // EVERY underscore must have a digit on both sides.
    let separated =
        bytes.iter().enumerate().all(|(at, byte)| *byte != b'_' || at > 0 && digit(at - 1) && digit(at + 1));
    if separated { yaml_float(&text.replace('_', "")) } else { None }
}

/// goyaml's `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`; out of range is not a float.
fn yaml_float(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|part| digits(part.strip_prefix(['-', '+']).unwrap_or(part)));
    if mantissa_fits && exponent_fits { text.parse().ok().and_then(json_float) } else { None }
}

/// `strconv.ParseInt(s, 0, 64)`, then `ParseUint`: sign, the prefixes `0x`, `0o`, `0b`, and a bare `0` for octal.
fn go_int(text: &str) -> Option<Value> {
    let (negative, signed, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, true, text.get(1..)?),
        b'+' => (false, true, text.get(1..)?),
        _ => (false, false, text),
    };
    let lower = unsigned.to_ascii_lowercase();
    let (radix, digits) = if let Some(digits) = lower.strip_prefix("0x") {
        (16, digits)
    } else if let Some(digits) = lower.strip_prefix("0o") {
        (8, digits)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        (2, digits)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, lower.get(1..)?)
    } else {
        (10, lower.as_str())
    };
    // Rust's own parsing would take a sign here.
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        i64::try_from(-i128::from(magnitude)).ok().map(Value::from)
    } else if let Ok(value) = i64::try_from(magnitude) {
        Some(value.into())
    } else if signed {
        None
    } else {
        Some(magnitude.into())
    }
}

/// goyaml's last resort parses what follows `0b` as a signed number, so that `0b-1` is -1.
fn stray_binary(plain: &str) -> Option<Value> {
    let digits = plain.strip_prefix("0b")?;
    digits.bytes().all(|byte| matches!(byte, b'0' | b'1' | b'+' | b'-')).then_some(())?;
    i64::from_str_radix(digits, 2).ok().map(Value::from)
}

/// Standard base64 with padding, line breaks ignored, as Go decodes it. Bytes that are not UTF-8 become U+FFFD, as
/// they do when Go writes JSON.
fn decode_base64(text: &str) -> Result<String, Unreadable> {
    let bad = || "the text after `!!binary` is not base64".to_owned();
    let packed: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    if !packed.len().is_multiple_of(4) {
        return Err(bad());
    }
    let padding = packed.iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 {
        return Err(bad());
    }
    let mut bytes = Vec::with_capacity(packed.len() / 4 * 3);
    let mut bits: u32 = 0;
    for (count, byte) in packed.iter().take(packed.len() - padding).enumerate() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return Err(bad()),
        };
        bits = bits << 6 | u32::from(six);
        // The first character of a group of four completes no byte; the others complete one each.
        let left_over = match count % 4 {
            0 => continue,
            1 => 4,
            2 => 2,
            _ => 0,
        };
        bytes.push((bits >> left_over & 0xFF) as u8);
    }
    // Go replaces each byte that is not UTF-8; Rust may replace a run of them by one character.
    Ok(bytes.utf8_chunks().fold(String::new(), |mut text, chunk| {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Every expected value was printed by kubectl 1.32.
    #[test]
    fn plain_scalars_mean_what_kubectl_reads() {
        let table = [
            ("y", json!(true)),
            ("Y", json!(true)),
            ("yes", json!(true)),
            ("on", json!(true)),
            ("ON", json!(true)),
            ("oN", json!("oN")),
            ("n", json!(false)),
            ("no", json!(false)),
            ("off", json!(false)),
            ("tRue", json!("tRue")),
            ("", json!(null)),
            ("~", json!(null)),
            ("Null", json!(null)),
            ("nULL", json!("nULL")),
            ("012", json!(10)),
            ("08", json!(8)),
            ("0o7", json!(7)),
            ("0O7", json!(7)),
            ("0x1F", json!(31)),
            ("0x_1", json!(1)),
            ("0_x1", json!(1)),
            ("0b11", json!(3)),
            ("0B1", json!(1)),
            ("+0b1", json!(1)),
            ("0b-1", json!(-1)),
            ("0b+1", json!(1)),
            ("-0b-1", json!("-0b-1")),
            ("1_000", json!(1000)),
            ("1_", json!(1)),
            ("1__0", json!(10)),
            ("_1", json!("_1")),
            ("-0", json!(0)),
            ("-", json!("-")),
            ("+", json!("+")),
            ("0x", json!("0x")),
            ("18446744073709551615", json!(18446744073709551615_u64)),
            ("18446744073709551616", json!(18446744073709551616_f64)),
            ("-9223372036854775808", json!(-9223372036854775808_i64)),
            ("1e3", json!(1000)),
            ("1.e3", json!(1000)),
            (".e3", json!(".e3")),
            (".5E3", json!(500)),
            ("8080.0", json!(8080)),
            ("1.5_0", json!(1.5)),
            ("-._5", json!(-0.5)),
            ("._5", json!("._5")),
            (".5_", json!(".5_")),
            (".5_e1", json!(".5_e1")),
            (".0_83", json!(0.083)),
            (".5_4", json!(0.54)),
            (".04_8", json!(0.048)),
            (".5e1_0", json!(5000000000_i64)),
            ("1e999", json!("1e999")),
            ("3e17", json!(300000000000000000_i64)),
            ("5e20", json!(5e20)),
            ("1:30", json!("1:30")),
            ("2001-01-01", json!("2001-01-01")),
            ("1.2.3", json!("1.2.3")),
            ("<<", json!("<<")),
            ("=", json!("=")),
            (".", json!(".")),
        ];
        for (text, expected) in table {
            assert_eq!(resolve_plain(text), expected, "{text}");
        }
    }

    #[test]
    fn tags_of_the_core_are_obeyed() {
        assert_eq!(resolve_tagged("str", "y"), Ok(json!("y")));
        assert_eq!(resolve_tagged("int", "012"), Ok(json!(10)));
        assert_eq!(resolve_tagged("bool", "yes"), Ok(json!(true)));
        assert_eq!(resolve_tagged("float", "1"), Ok(json!(1)));
        assert_eq!(resolve_tagged("null", "~"), Ok(json!(null)));
        assert_eq!(resolve_tagged("binary", "aGVs\nbG8="), Ok(json!("hello")));
        assert_eq!(resolve_tagged("binary", "/////w=="), Ok(json!("\u{fffd}\u{fffd}\u{fffd}\u{fffd}")));
        for (tag, text) in [("int", "abc"), ("int", ""), ("bool", "1"), ("binary", "a"), ("binary", "a=b=")] {
            assert!(resolve_tagged(tag, text).is_err(), "!!{tag} {text}");
        }
    }

    #[test]
    fn keys_are_written_as_go_writes_them() {
        let table = [
            ("y", "true"),
            ("0x10", "16"),
            ("1.10", "1.1"),
            ("1234567.5", "1.2345675e+06"),
            ("1e30", "1e+30"),
            ("1e5", "100000"),
            ("1e6", "1e+06"),
            ("20000000.0", "2e+07"),
            ("12345678", "12345678"),
            ("08", "8"),
            ("-2e69", "-.inf"),
            (".0001", "0.0001"),
            ("1.5e-7", "1.5e-07"),
            ("plain", "plain"),
        ];
        for (text, expected) in table {
            assert_eq!(key_text(&resolve_plain(text), text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(key_text(&Value::Null, "~"), None);
    }
}
