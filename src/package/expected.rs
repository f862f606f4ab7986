//! What a caller wants a package to be.

use std::path::Path;

use crate::error::{Error, Result};
use crate::finding::{Finding, Level};
use crate::package::identity::Identity;

/// What a package has to be before anything is sent. By default anything will do.
///
/// ```
/// let mut expected = pgyer::Expected::default();
/// expected.identifier = Some("com.example.app".into());
/// expected.strict = true;
/// ```
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
    /// Fails with what is wrong with a package. Another value than was asked for comes before
    /// findings.
    pub(crate) fn check(
        &self,
        path: &Path,
        identity: &Identity,
        findings: &[Finding],
    ) -> Result<()> {
        if let Some(problem) = self.other_values(identity) {
            return Err(Error::Unexpected { path: path.to_owned(), problem, findings: Vec::new() });
        }
        match self.blocks(findings) {
            Some(problem) => Err(Error::Unexpected {
                path: path.to_owned(),
                problem,
                findings: findings.to_vec(),
            }),
            None => Ok(()),
        }
    }

    fn other_values(&self, identity: &Identity) -> Option<String> {
        let others: Vec<_> = [
            ("identifier", &self.identifier, &identity.identifier),
            ("version", &self.version, &identity.version),
            ("build", &self.build, &identity.build),
        ]
        .into_iter()
        .filter_map(|(name, expected, found)| other(name, expected.as_ref()?, found.as_deref()))
        .collect();
        (!others.is_empty()).then(|| others.join("; "))
    }

    fn blocks(&self, findings: &[Finding]) -> Option<String> {
        let blocks = findings.iter().filter(|finding| finding.level == Level::Blocks);
        let blocks: Vec<_> = blocks.filter(|_| self.strict).map(Finding::to_string).collect();
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

    fn problem(expected: &Expected, identity: &Identity, findings: &[Finding]) -> Option<String> {
        expected.check(Path::new("a.apk"), identity, findings).err().map(|error| error.to_string())
    }

    #[test]
    fn values_are_compared_byte_for_byte() {
        assert_eq!(problem(&expected(), &identity(), &[]), None);
        assert_eq!(problem(&Expected::default(), &Identity::default(), &[]), None);
        let other = Identity { version: Some("1.0.0".into()), build: None, ..identity() };
        assert_eq!(
            problem(&expected(), &other, &[]).unwrap(),
            "a.apk: its version is 1.0.0, and 1.0 is expected; its build can't be read, and 7 is expected"
        );
        let upper = Identity { identifier: Some("com.Example".into()), ..identity() };
        let said = problem(&expected(), &upper, &[]).unwrap();
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
        let said = problem(&strict, &identity(), &findings).unwrap();
        assert!(
            said.contains("a! [a]; b! [b]") && !said.contains("c!") && !said.contains("d!"),
            "{said}"
        );
        assert_eq!(problem(&strict, &identity(), &findings[2..]), None);
        assert_eq!(problem(&expected(), &identity(), &findings), None);
        // Another value goes first.
        let said = problem(&strict, &Identity::default(), &findings).unwrap();
        assert!(said.contains("7 is expected") && !said.contains("[a]"), "{said}");
    }
}
