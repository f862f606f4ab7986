//! The conventions of the command line.

use super::*;

#[test]
fn options_follow_the_gnu_conventions() {
    let expected = command("upload --jobs 2 --quiet a.apk b.apk");
    for line in [
        "upload --jobs=2 -q a.apk b.apk",
        "upload a.apk --jobs 2 b.apk -q",
        "upload -q a.apk b.apk --jobs 7 --jobs 2",
        "-q --jobs 2 upload a.apk b.apk",
        "upload -vq --jobs=2 -- a.apk b.apk",
    ] {
        assert_eq!(command(line), expected, "{line}");
    }
}

#[test]
fn two_dashes_end_the_options() {
    assert_eq!(upload("upload -- -q --help").files, ["-q", "--help"].map(PathBuf::from));
    assert_eq!(upload("upload -- --").files, [PathBuf::from("--")]);
}

#[test]
fn a_value_may_look_like_an_option() {
    let notes = upload("upload --notes --quiet a").release.notes;
    assert_eq!(notes, Some(Notes::Text("--quiet".into())));
    let name = upload("upload --file-name=-x a").file_name;
    assert_eq!(name.as_deref(), Some("-x"));
}

#[test]
fn bundled_options() {
    assert_eq!(command("upload -qv a").output.verbosity, Verbosity::Verbose);
    assert_eq!(command("upload -vq a").output.verbosity, Verbosity::Quiet);
    assert_eq!(command("upload a").output.verbosity, Verbosity::Normal);
}

#[test]
fn repeatable_options_add_up() {
    let upload = upload("upload --hsp a.hsp --hsp=b.hsp x.hap");
    assert_eq!(upload.hsps, ["a.hsp", "b.hsp"].map(PathBuf::from));
    assert_eq!(command("doctor --resolve a:1:1.1.1.1 --resolve b:2:::1").network.resolve.len(), 2);
}

#[cfg(unix)]
#[test]
fn operands_and_files_may_be_any_bytes() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let odd = OsStr::from_bytes(b"\xff'\n;.apk").to_owned();
    let args = vec!["upload".into(), odd.clone(), "--ca-file".into(), odd.clone()];
    let Ok(Parsed::Run(command)) = parse_with(args, &[]) else { panic!() };
    assert_eq!(command.network.ca_file, Some(PathBuf::from(&odd)));
    assert_eq!(upload_of(*command).files, [PathBuf::from(&odd)]);

    let args = vec!["upload".into(), "a".into(), "--notes".into(), odd.clone()];
    assert_eq!(parse_with(args, &[]).unwrap_err().message, "--notes is not UTF-8");
    let args = vec!["upload".into(), "a".into(), "--file-name".into(), odd.clone()];
    let Ok(Parsed::Run(command)) = parse_with(args, &[]) else { panic!() };
    assert_eq!(upload_of(*command).file_name.as_deref(), Some("\u{fffd}'\n;.apk"));
    assert!(parse_with(vec!["status".into(), odd], &[]).is_err());
}

#[test]
fn wrong_lines_get_one_line() {
    says("", &["no command", "pgyer --help"]);
    says("-q", &["no command"]);
    says("upload --jobs", &["--jobs needs a value", "N"]);
    says("upload --no-wait=x a", &["--no-wait takes no value"]);
    says("upload -q=x a", &["-q takes no value"]);
    says("upload", &["FILE"]);
    says("check", &["FILE"]);
    says("status", &["one KEY", "none"]);
    says("status a b", &["one KEY", "2"]);
    says("token", &["FILE or --type"]);
    says("token a b", &["one FILE"]);
    says("put --token t", &["one FILE"]);
    says("put --token t a b", &["one FILE"]);
    says("put a", &["--token"]);
    says("harmony-cert k", &["KEY and one FILE"]);
    says("harmony-cert k a b", &["KEY and one FILE"]);
    says("harmony-hsp k", &["KEY and a FILE"]);
    says("doctor x", &["no operand"]);
    says("man x", &["no operand"]);
    says("completions", &["bash, zsh or fish"]);
    says("completions tcsh", &["tcsh", "bash, zsh or fish"]);
    let empty = vec!["status".into(), "".into()];
    assert!(parse_with(empty, &[]).unwrap_err().message.contains("KEY is empty"));
}

#[test]
fn control_characters_stay_out_of_messages() {
    let message = parse_with(vec!["\u{1b}[31m\n".into()], &[]).unwrap_err().message;
    assert!(!message.contains(char::is_control), "{message:?}");
    let args = vec!["upload".into(), "--type".into(), "a\r\nb".into(), "f".into()];
    let message = parse_with(args, &[]).unwrap_err().message;
    assert!(!message.contains(char::is_control), "{message:?}");
}
