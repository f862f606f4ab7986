//! Secrets on the command line.

use super::*;

#[test]
fn an_api_key_is_refused_and_never_repeated() {
    for option in [
        "--api-key SECRET",
        "--api-key=SECRET",
        "--api_key=SECRET",
        "--_api_key=SECRET",
        "--_api_key SECRET",
        "--apiKey=SECRET",
        "--key=SECRET",
        "--token-value=SECRET",
        "--user-token SECRET",
        "--client-secret=SECRET",
        "--user-key=SECRET",
        "--userKey SECRET",
        "--uKey=SECRET",
        "-k SECRET",
        "-kSECRET",
        "-k=SECRET",
        "-qkSECRET",
        "-qvk SECRET",
        "-key=SECRET",
        "-api-key=SECRET",
        "-apikey SECRET",
    ] {
        for line in [format!("upload {option} a"), format!("{option} status K")] {
            says(&line, &["refused", FROM_API_KEY_FILE]);
            assert!(!error(&line).contains("SECRET"), "{line}");
        }
    }
}

#[test]
fn a_password_is_refused_and_never_repeated() {
    let install = "PGYER_INSTALL_PASSWORD or --install-password-file";
    let p12 = "PGYER_P12_PASSWORD or --p12-password-file";
    for (line, instead) in [
        ("upload --password SECRET a", install),
        ("upload --password=SECRET a", install),
        ("upload --build-password=SECRET a", install),
        ("upload --buildPassword=SECRET a", install),
        ("upload --install-password SECRET a", install),
        ("upload --passwd=SECRET a", install),
        ("upload --install-pwd=SECRET a", install),
        ("upload -password SECRET a", install),
        ("upload -pSECRET a", install),
        ("upload --p12-password=SECRET a", p12),
        ("upload --cert-password SECRET a", p12),
        ("harmony-cert K c.p12 --password SECRET", p12),
        ("harmony-cert K c.p12 -p SECRET", p12),
        ("upload --proxy-password=SECRET a", "HTTPS_PROXY"),
        ("upload --proxy-user me:SECRET a", "HTTPS_PROXY"),
    ] {
        says(line, &["refused", instead]);
        assert!(!error(line).contains("SECRET"), "{line}");
    }
}

#[test]
fn the_name_of_a_file_is_no_secret() {
    says("upload --password-file x a", &["--install-password-file?"]);
    says("harmony-cert --password-file x K c", &["--p12-password-file?"]);
    says("upload --key-file x a", &["did you mean"]);
    let release = upload("upload --build-password-file x a").release;
    assert_eq!(release.install, Some(Install::Password(Secret::Input(file("x")))));
}

#[test]
fn values_that_may_hold_a_secret_are_never_repeated() {
    for line in [
        "upload --bogus=SECRET a",
        "upload --no-wait=SECRET a",
        "upload -q=SECRET a",
        "upload -xSECRET a",
        "upload --proxy http://u:SECRET@h a",
        "upload --proxy u:SECRET@h a",
        "upload --proxy http://SECRET%40h a",
        "upload --api-url https://u:SECRET@h a",
        "upload --api-url https://h/?_api_key=SECRET a",
        "upload --api-url SECRET a",
        "upload --type --api-key=SECRET a",
        "upload --jobs -kSECRET a",
        "-- --api-key=SECRET",
        "-- -kSECRET",
        "api_key=SECRET upload a",
        "completions -- -kSECRET",
    ] {
        assert!(!error(line).contains("SECRET"), "{line}: {}", error(line));
    }
    let env = [("PGYER_API_URL", "ftp://u:SECRET@h")];
    let message = error_with("upload a", &env);
    assert!(message.starts_with("PGYER_API_URL: ") && !message.contains("SECRET"), "{message}");
}
