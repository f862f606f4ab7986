//! What a caller wants a package to be.

use crate::package::finding::{Finding, Level};
use crate::package::identity::Identity;

/// What a package has to be before anything is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expected {
    /// Its identifier.
    pub identifier: Option<String>,
    /// The version that people see.
    pub version: Option<String>,
    /// The version that systems compare.
    pub build: Option<String>,
    /// Whether it must have no finding of the level [`Level::Blocks`].
    pub strict: bool,
}

impl Expected {
    /// What is wrong with a package, in one line; none if it is as expected. Another value than was
    /// asked for comes before findings.
    pub(crate) fn problem(&self, identity: &Identity, findings: &[Finding]) -> Option<String> {
        let others: Vec<_> = [
            ("identifier", &self.identifier, &identity.identifier),
            ("version", &self.version, &identity.version),
            ("build", &self.build, &identity.build),
        ]
        .into_iter()
        .filter_map(|(name, expected, found)| other(name, expected.as_ref()?, found.as_deref()))
        .collect();
        if !others.is_empty() {
            return Some(others.join("; "));
        }
        let blocks = findings.iter().filter(|finding| finding.level == Level::Blocks);
        let blocks: Vec<_> = blocks
            .filter(|_| self.strict)
            .map(|finding| format!("{} [{}]", finding.message, finding.code))
            .collect();
        (!blocks.is_empty()).then(|| format!("no phone could install it: {}", blocks.join("; ")))
    }
}

/// Compared byte for byte.
fn other(name: &str, expected: &str, found: Option<&str>) -> Option<String> {
    match found {
        Some(found) if found == expected => None,
        Some(found) => Some(format!("its {name} is {found}, and {expected} is expected")),
        None => Some(format!("its {name} can't be read, and {expected} is expected")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: &'static str, level: Level) -> Finding {
        Finding { code, level, message: format!("{code}!") }
    }

    fn expected() -> Expected {
        Expected {
            identifier: Some("com.example".into()),
            version: Some("1.0".into()),
            build: Some("7".into()),
            strict: false,
        }
    }

    fn identity() -> Identity {
        Identity {
            identifier: Some("com.example".into()),
            version: Some("1.0".into()),
            build: Some("7".into()),
            ..Identity::default()
        }
    }

    #[test]
    fn values_are_compared_byte_for_byte() {
        assert_eq!(expected().problem(&identity(), &[]), None);
        assert_eq!(Expected::default().problem(&Identity::default(), &[]), None);
        let other = Identity { version: Some("1.0.0".into()), build: None, ..identity() };
        assert_eq!(
            expected().problem(&other, &[]).unwrap(),
            "its version is 1.0.0, and 1.0 is expected; its build can't be read, and 7 is expected"
        );
        let upper = Identity { identifier: Some("com.Example".into()), ..identity() };
        let said = expected().problem(&upper, &[]).unwrap();
        assert!(said.contains("com.Example") && said.contains("com.example"), "{said}");
    }

    #[test]
    fn strictness_names_all_that_blocks() {
        let findings = [
            finding("a", Level::Blocks),
            finding("b", Level::Blocks),
            finding("c", Level::SomeDevices),
            finding("d", Level::Note),
        ];
        let strict = Expected { strict: true, ..expected() };
        let said = strict.problem(&identity(), &findings).unwrap();
        assert!(
            said.contains("a! [a]; b! [b]") && !said.contains("c!") && !said.contains("d!"),
            "{said}"
        );
        assert_eq!(strict.problem(&identity(), &findings[2..]), None);
        assert_eq!(expected().problem(&identity(), &findings), None);
        // Another value goes first.
        let said = strict.problem(&Identity::default(), &findings).unwrap();
        assert!(said.contains("7 is expected") && !said.contains("[a]"), "{said}");
    }
}
