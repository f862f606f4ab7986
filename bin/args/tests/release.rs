//! What describes the release.

use pgyer::{Region, Validity};

use super::*;

#[test]
fn types() {
    for (name, build_type) in [
        ("ios", BuildType::Ios),
        ("ipa", BuildType::Ios),
        ("android", BuildType::Android),
        ("apk", BuildType::Android),
        ("harmonyos", BuildType::HarmonyOs),
        ("hap", BuildType::HarmonyOs),
        ("harmony", BuildType::HarmonyOs),
    ] {
        let release = upload(&format!("upload --type {name} a")).release;
        assert_eq!(release.build_type, Some(build_type), "{name}");
    }
    says("upload --type windows a", &["--type 'windows'", "ios, android or harmonyos"]);
}

#[test]
fn install_types() {
    for (given, install) in [
        ("public", Install::Public),
        ("1", Install::Public),
        ("invite", Install::Invite),
        ("3", Install::Invite),
    ] {
        let release = upload(&format!("upload --install-type {given} a")).release;
        assert_eq!(release.install, Some(install), "{given}");
    }
    says("upload --install-type 4 a", &["'4'", "public, password or invite"]);
    let args = ["upload", "--install-type", "", "a"].map(OsString::from).to_vec();
    assert!(parse_with(args, &[]).is_err(), "a build must not become public by an unset variable");
}

const VARIABLE: &[(&str, &str)] = &[("PGYER_INSTALL_PASSWORD", "SECRET")];

#[test]
fn an_install_password_implies_its_type() {
    let of = |line: &str, env| upload_of(command_with(line, env)).release.install;
    let from_file = Some(Install::Password(Secret::Input(file("p"))));
    let from_env = Some(Install::Password(Secret::Env("PGYER_INSTALL_PASSWORD")));
    assert_eq!(of("upload a", VARIABLE), from_env);
    assert_eq!(of("upload --install-type 2 a", VARIABLE), from_env);
    assert_eq!(of("upload --install-password-file p a", &[]), from_file);
    assert_eq!(of("upload --install-password-file p a", VARIABLE), from_file);
    assert_eq!(of("upload --install-type password --install-password-file p a", &[]), from_file);
    assert_eq!(of("upload a", &[("PGYER_INSTALL_PASSWORD", "")]), None);
}

#[test]
fn an_install_password_goes_with_no_other_type() {
    says(
        "upload --install-type password a",
        &["PGYER_INSTALL_PASSWORD", "--install-password-file"],
    );
    says("upload --install-type public --install-password-file p a", &["--install-password-file"]);
    for kind in ["public", "invite", "1", "3"] {
        let message = error_with(&format!("token --install-type {kind} a"), VARIABLE);
        assert!(message.contains("PGYER_INSTALL_PASSWORD"), "{message}");
        assert!(!message.contains("SECRET"), "{message}");
    }
    let unset = [("PGYER_INSTALL_PASSWORD", "")];
    assert!(error_with("upload --install-type 2 a", &unset).contains("needs a password"));
    command_with("check a", VARIABLE);
}

#[test]
fn the_official_flag_for_the_password_variable_is_understood() {
    let install = |line: &str| upload_of(command_with(line, VARIABLE)).release.install;
    let from_variable = Some(Install::Password(Secret::Env("PGYER_INSTALL_PASSWORD")));
    assert_eq!(install("upload --password-env a"), from_variable);
    assert_eq!(install("upload --password-env --build-install-type 2 a"), from_variable);
    command_with("token --password-env a", VARIABLE);
    for env in [&[][..], &[("PGYER_INSTALL_PASSWORD", "")]] {
        let message = error_with("upload --password-env a", env);
        assert!(message.contains("PGYER_INSTALL_PASSWORD, which is not set"), "{message}");
    }
    let message = error_with("upload --password-env=SECRET a", VARIABLE);
    assert_eq!(message, "--password-env takes no value");
    let message = error_with("upload --password-env --install-type public a", VARIABLE);
    assert!(message.contains("PGYER_INSTALL_PASSWORD"), "{message}");
    let message = error_with("upload --password-env --install-password-file p a", VARIABLE);
    assert!(message.contains("exclude each other"), "{message}");
    assert!(!printed("upload --help").contains("--password-env"));
}

#[test]
fn notes_come_from_one_place() {
    let notes = |line: &str| upload(line).release.notes;
    assert_eq!(notes("upload --notes-file n a"), Some(Notes::File(file("n"))));
    assert_eq!(notes("upload --notes-file - a"), Some(Notes::File(Input::Stdin)));
    assert_eq!(notes("upload --notes-file ./- a"), Some(Notes::File(file("./-"))));
    assert_eq!(notes(r"upload --notes a\nb a"), Some(Notes::Text(r"a\nb".into())));
    says("upload --notes x --notes-file n a", &["--notes and --notes-file exclude"]);
}

#[test]
fn what_is_empty_is_not_sent() {
    let release = upload("upload --notes= --description= --channel= a").release;
    assert_eq!(release, Release::default());
}

#[test]
fn validity_is_two_days_or_forever() {
    let validity = |line: &str| upload(line).release.validity;
    let between = |from: &str, until: &str| {
        Some(Validity::window(from.parse().unwrap(), until.parse().unwrap()).unwrap())
    };
    assert_eq!(
        validity("upload --valid-from 2024-02-29 --valid-until 2024-02-29 a"),
        between("2024-02-29", "2024-02-29")
    );
    assert_eq!(
        validity("upload --valid-until 2025-01-01 --valid-from 2024-12-31 a"),
        between("2024-12-31", "2025-01-01")
    );
    assert_eq!(validity("upload --valid-forever a"), Some(Validity::Forever));
    says("upload --valid-from 2025-01-01 a", &["--valid-from needs --valid-until"]);
    says("upload --valid-until 2025-01-01 a", &["--valid-until needs --valid-from"]);
    says("upload --valid-from 2025-01-02 --valid-until 2025-01-01 a", &["is after"]);
    says(
        "upload --valid-from 2025-02-29 --valid-until 2025-03-01 a",
        &["--valid-from '2025-02-29'"],
    );
    says("upload --valid-forever --valid-from 2025-01-01 a", &["exclude"]);
    says("token --type ios --valid-forever --valid-until 2025-01-01", &["exclude"]);
}

#[test]
fn regions() {
    for (given, region) in [
        ("--region auto", None),
        ("--region overseas", Some(Region::Overseas)),
        ("--oversea 1", Some(Region::Overseas)),
        ("--oversea china", Some(Region::China)),
        ("--region 2", Some(Region::China)),
    ] {
        assert_eq!(upload(&format!("upload {given} a")).release.region, region, "{given}");
    }
    says("upload --region europe a", &["'europe'", "auto, overseas or china"]);
    says("upload --oversea 0 a", &["'0'"]);
}
