//! Source and destination addresses: old Istio ignored what it could not read (`meaning/rbac.md` §2.5), and took an
//! IPv4-mapped address for the IPv4 address (C8).

use crate::finding::catalogue::rbac as codes;
use crate::finding::{Direction, Finding, Severity};
use std::net::{IpAddr, Ipv4Addr};

/// A list of addresses, read as old Istio did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Addresses {
    /// Addresses and CIDR blocks as the new API takes them.
    pub valid: Vec<String>,
    /// What could not be read and was ignored.
    pub ignored: Vec<String>,
    /// IPv4-mapped blocks whose length was taken for a number of IPv4 bits, and the block that was enforced; `None` when
    /// IPv4 has no such length.
    pub shortened: Vec<(String, Option<String>)>,
}

impl Addresses {
    /// What there is to say about the values that mean something else than they read.
    pub fn findings(&self) -> impl Iterator<Item = Finding> {
        self.shortened.iter().map(|(value, enforced)| match enforced {
            Some(enforced) => Finding::new(
                codes::MAPPED_ADDRESS_LENGTH,
                format!("Old Istio enforced the block `{value}` as `{enforced}`, and so does the result."),
            ),
            None => Finding::new(
                codes::MAPPED_ADDRESS_LENGTH,
                format!("Old Istio made an IPv4 block of `{value}` with a length that IPv4 does not have; what its proxies matched is not known."),
            )
            .severity(Severity::Error)
            .direction(Direction::Wider),
        })
    }
}

/// Reads a list of addresses.
pub fn read<'a>(values: impl IntoIterator<Item = &'a str>) -> Addresses {
    let mut addresses = Addresses::default();
    for value in values {
        let Some(valid) = normalise(value) else {
            addresses.ignored.push(value.to_owned());
            continue;
        };
        match of_mapped(&valid) {
            Mapped::No => addresses.valid.push(valid),
            Mapped::Exactly(block) => addresses.valid.push(block),
            Mapped::Shortened(block) => {
                addresses.shortened.push((value.to_owned(), Some(block.clone())));
                addresses.valid.push(block);
            }
            Mapped::TooLong => {
                addresses.shortened.push((value.to_owned(), None));
                addresses.valid.push(valid);
            }
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

/// What an IPv4-mapped address came to in old Istio.
enum Mapped {
    /// It is none.
    No,
    /// The same addresses in IPv4 form.
    Exactly(String),
    /// A prefix of less than 96 bits, whose number was kept.
    Shortened(String),
    /// The kept number is more than the 32 bits of IPv4.
    TooLong,
}

/// Looks at a value that [`normalise`] has read.
fn of_mapped(value: &str) -> Mapped {
    let (address, length) = match value.split_once('/') {
        Some((address, length)) => (address, length.parse::<u32>().ok()),
        None => (value, None),
    };
    let mapped = |ip: IpAddr| match ip {
        IpAddr::V6(ip) => ip.to_ipv4_mapped(),
        IpAddr::V4(_) => None,
    };
    let Some(ip) = address.parse().ok().and_then(mapped) else { return Mapped::No };
    let block = |ip: Ipv4Addr, length: u32| format!("{ip}/{length}");
    match length {
        None => Mapped::Exactly(ip.to_string()),
        Some(length @ 96..) => Mapped::Exactly(block(ip, length - 96)),
        Some(length @ ..=32) => Mapped::Shortened(block(ip, length)),
        Some(_) => Mapped::TooLong,
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
        for same in ["::ffff:10.1.2.3", "::ffff:10.0.0.0/104"] {
            check(same, Some(same));
        }
        for wrong in ["bad", "", "10.1.2", "10.1.2.256", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "*"] {
            check(wrong, None);
        }
    }

    #[test]
    fn c8_mapped_addresses_are_written_as_the_ipv4_addresses_they_were() {
        let read = read(["::ffff:10.1.2.3", "::ffff:10.0.0.0/104", "::ffff:a00:0/24", "2001:db8::1"]);
        assert_eq!(read.valid, ["10.1.2.3", "10.0.0.0/8", "10.0.0.0/24", "2001:db8::1"]);
        assert_eq!(read.shortened, [("::ffff:a00:0/24".to_owned(), Some("10.0.0.0/24".to_owned()))]);
        let too_long = super::read(["::ffff:10.0.0.0/64"]);
        assert!(too_long.findings().all(|finding| finding.refuses()));
    }
}
