//! Help and version.

use super::*;

#[test]
fn help_and_version_are_values() {
    assert!(printed("-h").contains("Commands:"));
    assert!(printed("--help").contains("Exit status:"));
    assert!(printed("upload -h").contains("--install-type TYPE"));
    assert!(printed("upload --help").contains("Examples:"));
    assert_eq!(printed("-V"), printed("--version"));
    assert_eq!(printed("upload --version"), printed("-V"));
    assert!(printed("-V").contains("neither made nor endorsed by Pgyer"));
}

#[test]
fn what_comes_first_counts() {
    assert_eq!(printed("upload -h --bogus"), printed("upload -h"));
    assert_eq!(printed("upload a b -qh"), printed("upload -h"));
    says("upload --bogus -h", &["--bogus"]);
    assert_eq!(upload("upload -- -h").files, [PathBuf::from("-h")]);
}
