//! Addresses: every block is a range of the intervals between the ends of all blocks.

use super::{Grid, Passing, Pin, Plain, Show};
use crate::access::logic::attribute::Attribute;
use crate::access::logic::budget::{Meter, Overdrawn, steps};
use crate::access::logic::pattern::Test;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The first IPv4-mapped address of IPv6, and the address after the last one ([`Attribute::admits`]).
const MAPPED: Ipv6Addr = Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0);
const AFTER_MAPPED: Ipv6Addr = Ipv6Addr::new(0, 0, 0, 0, 1, 0, 0, 0);

/// Ordinary addresses on the first axis, with one more item for all others; intervals on the second.
#[derive(Clone, Debug)]
pub struct Addresses {
    ordinary: Vec<IpAddr>,
    /// The first address of every interval.
    firsts: Vec<IpAddr>,
}

impl Addresses {
    /// The ordinary address, or the first one of the interval.
    pub fn text(&self, named: usize, interval: usize) -> String {
        let found = self.ordinary.get(named).or_else(|| self.firsts.get(interval));
        found.map(IpAddr::to_string).unwrap_or_default()
    }

    fn interval(&self, ip: IpAddr) -> usize {
        self.firsts.partition_point(|first| *first <= ip).saturating_sub(1)
    }
}

/// Sorts the ends of all blocks.
pub fn grid(attribute: &Attribute, tests: &[&Test], meter: &mut Meter) -> Result<Grid, Overdrawn> {
    meter.spend(steps(tests.len()).saturating_mul(40))?;
    let ordinary = attribute.ordinary().iter().filter_map(|text| text.parse().ok()).collect();
    let mut firsts = cuts(tests);
    // Cut off on both sides, what is not admitted has intervals of its own.
    firsts.extend([MAPPED, AFTER_MAPPED].map(IpAddr::V6));
    firsts.retain(|first| attribute.admits(&first.to_string()));
    let addresses = Addresses { ordinary, firsts: firsts.into_iter().collect() };
    let named = addresses.ordinary.len();
    let pin = |(index, ip): (usize, &IpAddr)| Pin { items: index..index + 1, axis: 1, item: addresses.interval(*ip) };
    let passing = tests.iter().map(|test| match test {
        Test::Cidr(net) => {
            let start = addresses.firsts.partition_point(|first| *first < net.network());
            let end = addresses.firsts.partition_point(|first| *first <= net.broadcast());
            Passing::Items(1, std::iter::once(start..end).filter(|range| !range.is_empty()).collect())
        }
        _ => Passing::nothing(),
    });
    Ok(Grid {
        axes: vec![named + 1, addresses.firsts.len()],
        pins: addresses.ordinary.iter().enumerate().map(pin).collect(),
        plain: Plain::All,
        passing: passing.collect(),
        show: Show::Address(addresses),
    })
}

/// The first address of every interval, as text.
pub fn firsts(tests: &[&Test]) -> Vec<String> {
    cuts(tests).iter().map(IpAddr::to_string).collect()
}

/// The first address of every interval that the blocks cut.
fn cuts(tests: &[&Test]) -> BTreeSet<IpAddr> {
    let mut found: BTreeSet<IpAddr> =
        [IpAddr::from(Ipv4Addr::UNSPECIFIED), IpAddr::from(Ipv6Addr::UNSPECIFIED)].into_iter().collect();
    for test in tests {
        if let Test::Cidr(net) = test {
            found.insert(net.network());
            found.extend(after(test));
        }
    }
    found
}

/// The address after a block, if its family has one.
fn after(test: &Test) -> Option<IpAddr> {
    let Test::Cidr(net) = test else { return None };
    match net.broadcast() {
        IpAddr::V4(last) => u32::from(last).checked_add(1).map(|n| IpAddr::from(Ipv4Addr::from(n))),
        IpAddr::V6(last) => u128::from(last).checked_add(1).map(|n| IpAddr::from(Ipv6Addr::from(n))),
    }
}
