use super::*;
use crate::access::logic::attribute::Attribute;
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr};

/// A class: a witness, and which tests pass.
#[derive(Clone, Debug, PartialEq)]
struct Class {
    witness: String,
    passes: Vec<bool>,
}

fn glob_tests(patterns: &[&str]) -> Vec<Test> {
    patterns.iter().map(|p| Test::Glob(Glob::parse(p))).collect()
}

fn values_of(attribute: &Attribute, tests: &[Test]) -> Values {
    let meter = &mut Meter::new(1_000_000);
    values(attribute, &tests.iter().collect::<Vec<_>>(), &BTreeSet::new(), meter).unwrap()
}

/// Every class of a grid.
fn classes_of(attribute: Attribute, tests: &[Test]) -> Vec<Class> {
    let Values::One(grid) = values_of(&attribute, tests) else { panic!("{attribute} is a list") };
    let mut choices: Vec<Vec<usize>> = vec![Vec::new()];
    for &items in &grid.axes {
        choices = choices.iter().flat_map(|c| (0..items).map(|i| [&c[..], &[i]].concat())).collect();
    }
    choices.retain(|items| grid.pinned(items.clone()) == *items);
    let holds = |items: &[usize], passing: &Passing| match passing {
        Passing::Present => true,
        Passing::Items(axis, ranges) => ranges.iter().any(|range| range.contains(&items[*axis])),
    };
    let class = |items: Vec<usize>| Class {
        witness: grid.text(&items),
        passes: grid.passing.iter().map(|passing| holds(&items, passing)).collect(),
    };
    choices.into_iter().map(class).collect()
}

fn six_zero() -> IpAddr {
    IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED)
}

fn each_once(tests: &[Test]) -> Vec<Test> {
    tests.iter().cloned().collect::<BTreeSet<Test>>().into_iter().collect()
}

/// Every value has its class, and every class has a value: the tests it passes are those of some class.
fn check(attribute: Attribute, tests: &[Test], value: &str) {
    let tests = &each_once(tests);
    let passes = |value: &str| tests.iter().map(|test| test.holds(value)).collect::<Vec<bool>>();
    let found = classes_of(attribute.clone(), tests);
    for class in &found {
        assert!(attribute.admits(&class.witness), "{class:?} under {tests:?}");
        assert_eq!(passes(&class.witness), class.passes, "{class:?} under {tests:?}");
    }
    assert!(
        found.iter().any(|class| class.passes == passes(value)),
        "{value:?} under {tests:?} has no class in {found:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn every_string_has_a_class(
        patterns in prop::collection::vec("\\*?[ab]{0,3}\\*?", 0..6),
        value in "[abc]{1,6}",
    ) {
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        check(Attribute::Method, &glob_tests(&patterns), &value);
    }

    #[test]
    fn every_path_has_a_class(patterns in prop::collection::vec("\\*?[/a?]{0,3}\\*?", 0..6), value in "/[/ab]{0,5}") {
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        check(Attribute::Path, &glob_tests(&patterns), &value);
    }

    #[test]
    fn every_query_has_a_class(patterns in prop::collection::vec("\\*?[ab]{0,3}\\*?", 0..6), value in "[abc]{0,5}") {
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        check(Attribute::Query, &glob_tests(&patterns), &value);
    }

    #[test]
    fn every_host_has_a_class(
        patterns in prop::collection::vec(("\\*?[aAb]{1,2}\\*?", any::<bool>()), 0..4),
        value in "[aAbBc]{1,4}",
    ) {
        let tests: Vec<Test> = patterns.iter().map(|(pattern, fold)| match fold {
            true => Test::AnyCase(Glob::parse(pattern).lower()),
            false => Test::Glob(Glob::parse(pattern)),
        }).collect();
        // Lower-case hosts are exact; mixed case is tried in the cases that the tests name.
        check(Attribute::Host, &tests, &value.to_ascii_lowercase());
    }

    #[test]
    fn every_host_has_a_class_where_no_test_looks_at_case(
        patterns in prop::collection::vec("\\*?[ab]{1,2}\\*?", 0..4),
        value in "[aAbBc]{1,4}",
    ) {
        let tests: Vec<Test> = patterns.iter().map(|pattern| Test::AnyCase(Glob::parse(pattern))).collect();
        check(Attribute::Host, &tests, &value);
    }

    #[test]
    fn every_address_has_a_class(
        nets in prop::collection::vec((any::<u32>(), 0u8..=32), 0..5),
        sixes in prop::collection::vec((any::<u128>(), 0u8..=128), 0..3),
        four in any::<u32>(),
        six in any::<u128>(),
    ) {
        let block = |ip: IpAddr, length: u8| Test::Cidr(ipnet::IpNet::new(ip, length).unwrap());
        let four_blocks = nets.iter().map(|(ip, length)| block(Ipv4Addr::from(*ip).into(), *length));
        let six_blocks = sixes.iter().map(|(ip, length)| block(std::net::Ipv6Addr::from(*ip).into(), *length));
        let tests: Vec<Test> = four_blocks.chain(six_blocks).collect();
        check(Attribute::SourceIp, &tests, &Ipv4Addr::from(four).to_string());
        check(Attribute::DestinationIp, &tests, &std::net::Ipv6Addr::from(six).to_string());
        let mapped: Test = Test::Cidr("::ffff:10.0.0.0/104".parse().unwrap());
        check(Attribute::RemoteIp, &[mapped, tests.first().cloned().unwrap_or(block(six_zero(), 0))], "::fffe:1");
    }

    #[test]
    fn what_a_list_passes_its_elements_pass_together(
        patterns in prop::collection::vec("\\*?[ab]{0,3}\\*?", 0..6),
        list in prop::collection::vec("[abc]{1,4}", 0..4),
    ) {
        let tests = each_once(&glob_tests(&patterns.iter().map(String::as_str).collect::<Vec<_>>()));
        let claim = Attribute::Claim("groups".to_owned());
        let Values::Many(elements) = values_of(&claim, &tests) else { panic!("a claim is a list") };
        for (test, passing) in tests.iter().zip(&elements.passing) {
            let expected: Vec<usize> = (0..elements.texts.len()).filter(|&i| test.holds(&elements.texts[i])).collect();
            prop_assert_eq!(passing, &expected);
        }
        // The elements that pass nothing but what the list passes together pass what it passes.
        let passes = |text: &str| tests.iter().map(|test| test.holds(text)).collect::<Vec<bool>>();
        let union = |texts: &[String]| {
            texts.iter().map(|text| passes(text)).fold(vec![false; tests.len()], |all, one| {
                all.iter().zip(&one).map(|(a, b)| a | b).collect()
            })
        };
        let wanted = union(&list);
        let within = |text: &&String| passes(text).iter().zip(&wanted).all(|(one, all)| !one || *all);
        let chosen: Vec<String> = elements.texts.iter().filter(within).cloned().collect();
        prop_assert_eq!(union(&chosen), wanted);
    }
}

#[test]
fn witnesses_pass_what_their_class_says() {
    let tests = glob_tests(&["/a*", "*/b", "/a", "/c/*", "*"]);
    for class in classes_of(Attribute::Path, &tests) {
        let witness = class.witness;
        assert_eq!(class.passes, tests.iter().map(|t| t.holds(&witness)).collect::<Vec<_>>(), "{witness}");
    }
}

#[test]
fn declared_ports_are_not_undeclared() {
    let tests = glob_tests(&["8080", "9090"]);
    let refs: Vec<&Test> = tests.iter().collect();
    let found = values(&Attribute::Port, &refs, &[8080].into(), &mut Meter::new(10_000)).unwrap();
    let Values::One(grid) = found else { panic!("a port is no list") };
    let ports: Vec<String> = (0..grid.axes[0]).map(|item| grid.text(&[item])).collect();
    assert!(ports.contains(&"9090".to_owned()) && !ports.contains(&"8080".to_owned()) && ports.len() == 2, "{ports:?}");
}

#[test]
fn many_starts_and_many_ends_are_few_items() {
    let patterns: Vec<String> = (0..440).flat_map(|n| [format!("/a{n}/*"), format!("*/z{n}")]).collect();
    let tests = glob_tests(&patterns.iter().map(String::as_str).collect::<Vec<_>>());
    let Values::One(grid) = values_of(&Attribute::Path, &tests) else { panic!("a path is no list") };
    assert!(grid.axes.iter().sum::<usize>() < 900, "{:?}", grid.axes);
}

#[test]
fn what_is_too_much_is_said() {
    let tests: Vec<Test> = (0..100)
        .flat_map(|n| [Test::LooseSuffix(format!("a{n}.b")), Test::Glob(Glob::Prefix(format!("p{n}")))])
        .collect();
    let refs: Vec<&Test> = tests.iter().collect();
    let meter = &mut Meter::new(10_000);
    assert!(values(&Attribute::ServiceAccount, &refs, &BTreeSet::new(), meter).is_err());
}
