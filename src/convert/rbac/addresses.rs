//! Source and destination addresses: old Istio ignored what it could not read (`spec/rbac.md` §2.5).

use std::net::IpAddr;

/// A list of addresses, read as old Istio did.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Addresses {
    /// Addresses and CIDR blocks as the new API takes them.
    pub valid: Vec<String>,
    /// What could not be read and was ignored.
    pub ignored: Vec<String>,
}

/// Reads a list of addresses.
pub(super) fn read<'a>(values: impl IntoIterator<Item = &'a str>) -> Addresses {
    let mut addresses = Addresses::default();
    for value in values {
        match normalise(value) {
            Some(valid) => addresses.valid.push(valid),
            None => addresses.ignored.push(value.to_owned()),
        }
    }
    addresses
}

/// The value without leading zeros in its octets, which old Go took and the new API does not (E67); `None` when it is
/// neither an address nor a CIDR block. Host bits are allowed and kept.
fn normalise(value: &str) -> Option<String> {
    let (address, length) = match value.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (value, None),
    };
    let address = match address.parse::<IpAddr>() {
        Ok(_) => address.to_owned(),
        Err(_) => without_leading_zeros(address)?,
    };
    let bits = if address.contains(':') { 128 } else { 32 };
    match length {
        None => Some(address),
        Some(length) => {
            let all_digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
            let length: u32 = length.parse().ok().filter(|_| all_digits)?;
            (length <= bits).then(|| format!("{address}/{length}"))
        }
    }
}

fn without_leading_zeros(address: &str) -> Option<String> {
    let octets: Option<Vec<String>> = address
        .split('.')
        .map(|octet| {
            let all_digits = !octet.is_empty() && octet.bytes().all(|byte| byte.is_ascii_digit());
            octet.parse::<u8>().ok().filter(|_| all_digits).map(|number| number.to_string())
        })
        .collect();
    octets.filter(|octets| octets.len() == 4).map(|octets| octets.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Option<&str>) {
        assert_eq!(normalise(value).as_deref(), expected, "{value}");
    }

    #[test]
    fn e66_e67_addresses_are_read_as_old_istio_read_them() {
        check("10.0.0.0/8", Some("10.0.0.0/8"));
        check("10.1.2.3/8", Some("10.1.2.3/8"));
        check("010.1.2.3", Some("10.1.2.3"));
        check("2001:db8::/32", Some("2001:db8::/32"));
        for wrong in ["bad", "", "10.1.2", "10.1.2.256", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "*"] {
            check(wrong, None);
        }
    }
}
