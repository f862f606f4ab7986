//! Names: ours, nearly ours, and those from elsewhere.

use super::*;

#[test]
fn the_nearest_command_is_named() {
    says("uplaod a", &["uplaod", "pgyer upload?"]);
    says("stat", &["pgyer status?"]);
    says("harmony_cert", &["pgyer harmony-cert?"]);
    says("Doctor", &["pgyer doctor?"]);
}

#[test]
fn commands_of_the_official_program_get_an_answer() {
    for word in ["auth", "login"] {
        says(word, &[word, "PGYER_API_KEY", "--api-key-file"]);
    }
    for word in ["list", "app"] {
        says(word, &[word, "only uploads"]);
    }
    says("help", &["--help"]);
}

#[test]
fn the_nearest_option_is_named() {
    says("upload --descripton x a", &["--descripton", "--description?"]);
    says("upload --desc=SECRET a", &["--desc ", "--description?"]);
    says("upload --instal-type 1", &["--install-type?"]);
    says("check --colour never", &["--color?"]);
    says("--formt json upload a", &["--format?"]);
    says("upload --Quiet a", &["--quiet?"]);
    says("upload -format json", &["-f", "--format?"]);
    says("upload -Q a", &["-q?"]);
    says("upload -d text", &["--notes?"]);
    says("status -w KEY", &["--wait?"]);
    says("status -x KEY", &["-h?"]);
}

#[test]
fn an_option_of_another_command_is_said_to_be_one() {
    says("check --jobs 2 a", &["pgyer check has no option --jobs", "upload"]);
    says("--hsp a status KEY", &["pgyer status has no option --hsp"]);
    says("check --api-url http://x a", &["--api-url"]);
    says("upload --wait a", &["--wait", "status"]);
    says("upload --token t a", &["--token", "put"]);
    says("man --format json", &["--format"]);
}

#[test]
fn names_from_elsewhere_work() {
    let ours = command(
        "upload --type ios --install-type invite --description a --notes b --valid-from \
         2025-01-01 --valid-until 2025-01-02 --channel c --region china --file-name d --format \
         json f",
    );
    let theirs = command(
        "upload --build-type ipa --build-install-type 3 --build-description a \
         --build-update-description b --build-install-start-date 2025-01-01 \
         --build-install-end-date 2025-01-02 --build-channel-shortcut c --oversea 2 \
         --x-cos-meta-file-name d --json f",
    );
    assert_eq!(ours, theirs);
}

#[test]
fn json_is_a_format_like_any_other() {
    assert_eq!(command("status --json --format env K").output.format, Format::Env);
    assert_eq!(command("status --format env --json K").output.format, Format::Json);
    says("status --json=x K", &["--json takes no value"]);
    says("man --json", &["no option --json"]);
}
