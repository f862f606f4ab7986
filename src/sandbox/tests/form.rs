//! Forms: what is read, what is taken although it deviates, what is refused.

use crc64fast::Digest;
use proptest::prelude::*;

use super::super::deviations::Deviations;
use super::super::form::{FormError, FormReader, ReceivedForm};

const FILE_HEAD: &str = "Content-Disposition: form-data; name=\"file\"; filename=\"a.apk\"\r\n\
                         Content-Type: application/octet-stream\r\n\r\n";

fn text(name: &str, value: &str) -> String {
    format!("--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn whole(content: &str) -> String {
    format!("{}--b0undary\r\n{FILE_HEAD}{content}\r\n--b0undary--\r\n", text("key", "k;&="))
}

/// Reads a form that comes in pieces of `step` bytes. Returns the deviations, too.
fn read(body: &[u8], step: usize) -> Result<(ReceivedForm, Vec<String>), FormError> {
    let deviations = Deviations::new(false);
    let mut reader = FormReader::new("b0undary", 1000, &deviations);
    for piece in body.chunks(step) {
        reader.feed(piece)?;
    }
    reader.finish().map(|form| (form, deviations.list()))
}

#[test]
fn reads_a_form_in_pieces_of_every_size() {
    let content = "a\r\n--b0undar\r\r\n\r\n--b0und\n\r";
    for step in 1..200 {
        let (form, deviations) = read(whole(content).as_bytes(), step).unwrap();
        assert_eq!(deviations, [""; 0]);
        assert_eq!(form.fields, [("key".into(), b"k;&=".to_vec())]);
        let file = form.file.unwrap();
        assert_eq!((file.field.as_str(), file.file_name.as_str()), ("file", "a.apk"));
        assert_eq!(file.content_type, "application/octet-stream");
        assert_eq!(
            (file.content.size(), file.content.start()),
            (content.len() as u64, content.as_bytes())
        );
        let mut digest = Digest::new();
        digest.write(content.as_bytes());
        assert_eq!(file.crc64, digest.sum64());
    }
}

#[test]
fn keeps_the_start_of_a_file_only() {
    let (form, _) = read(whole(&"x".repeat(1_000_000)).as_bytes(), 8192).unwrap();
    let file = form.file.unwrap();
    assert_eq!((file.content.size(), file.content.start().len()), (1_000_000, 64 * 1024));
}

/// Forms that servers take, and the first deviation of each.
fn deviating() -> Vec<(String, &'static str)> {
    let whole = whole("x");
    let name = |with: &str| whole.replace("name=\"key\"", with);
    let file = |with: &str| whole.replace("filename=\"a.apk\"", with);
    let head = |with: &str| whole.replace("Content-Type: application/octet-stream", with);
    vec![
        (format!("\r\n{whole}"), "there is something before the form"),
        (format!("preamble --b0undary\r\n{whole}"), "there is something before the form"),
        (format!("{whole}epilogue"), "there is something after the form"),
        (format!("{whole}\r\n--b0undary\r\n"), "there is something after the form"),
        (
            whole.replace("--b0undary\r\n", "--b0undary \t\r\n"),
            "there are blanks after a delimiter",
        ),
        (whole.replace("--b0undary--", "--b0undary-- \t"), "there is something after the form"),
        (name("name=key"), "a part has the Content-Disposition `form-data; name=key`"),
        (name("name = \"key\""), "a part has the Content-Disposition `form-data; name = \"key\"`"),
        (
            file("filename*=UTF-8''a.apk"),
            "a part has the Content-Disposition `form-data; name=\"file\"; filename*=UTF-8''a.apk`",
        ),
        (
            file("filename=a.apk"),
            "a part has the Content-Disposition `form-data; name=\"file\"; filename=a.apk`",
        ),
        (head("Content-Length: 1"), "a part has a header Content-Length"),
        (
            head("Content-Type: a/b\r\nContent-Transfer-Encoding: binary"),
            "a part has a header Content-Transfer-Encoding",
        ),
        (head("content-type: a/b\r\nX-Any: b"), "a part has a header X-Any"),
        (head("Content-Type:a/b"), "a part has the header `Content-Type:a/b`"),
        (head("Content-Type: a/b;\r\n c=d"), "a part has a header of several lines"),
        (
            whole.replace("Content-Type: application/octet-stream\r\n", ""),
            "the file's part has no Content-Type",
        ),
        (head("Content-Type: "), "a part has the header `Content-Type: `"),
    ]
}

#[test]
fn takes_what_servers_take_and_says_so() {
    for (body, deviation) in deviating() {
        for step in [1, 7, 10_000] {
            let (form, deviations) = read(body.as_bytes(), step)
                .unwrap_or_else(|error| panic!("{}: {body}", error.message));
            assert_eq!(deviations.first().map(String::as_str), Some(deviation), "{body}");
            assert_eq!(form.fields, [("key".into(), b"k;&=".to_vec())], "{body}");
            let file = form.file.unwrap();
            assert_eq!(
                (file.file_name.as_str(), file.content.start()),
                ("a.apk", &b"x"[..]),
                "{body}"
            );
        }
    }
}

#[test]
fn names_may_be_any_bytes() {
    let body = whole("x").replace("a.apk", "SPLIT");
    let (before, after) = body.split_once("SPLIT").unwrap();
    let gbk = [before.as_bytes(), b"\xc6\xd1.apk", after.as_bytes()].concat();
    let (form, deviations) = read(&gbk, 7).unwrap();
    assert_eq!(form.file.unwrap().file_name, "\u{fffd}\u{fffd}.apk");
    assert_eq!(deviations, ["the headers of a part are not UTF-8"]);
}

#[test]
fn refuses_what_is_not_a_form() {
    let whole = whole("x");
    let bodies = [
        String::new(),
        "preamble alone".into(),
        whole.trim_end().trim_end_matches('-').into(),
        whole.replace("\r\n--b0undary--\r\n", ""),
        whole.replace("\r\n", "\n"),
        whole.replace("\r\n--b0undary--", "--b0undary--"),
        whole.replace("k;&=", "\r\n--b0undaryX"),
        whole.replace("--b0undary\r\n", &format!("--b0undary{}\r\n", " ".repeat(20_000))),
        whole.replace("form-data", "attachment"),
        whole.replace("name=\"key\"", "name=\"k\ney\""),
        whole.replace("name=\"key\"", "name=\"\""),
        whole.replace("a.apk", "a\".apk"),
        whole.replace("Content-Type: application/octet-stream", "no header"),
        whole.replace(
            "Content-Type: application/octet-stream",
            "Content-Type: a\r\nContent-Type: b",
        ),
        whole.replace(
            "form-data; name=\"key\"",
            "form-data; name=\"key\"\r\nContent-Disposition: x",
        ),
        whole.replace(FILE_HEAD, "\r\n"),
        whole.replace(FILE_HEAD, &format!("A: {}\r\n{FILE_HEAD}", "a".repeat(20_000))),
    ];
    for body in bodies {
        for step in [1, 7, 10_000] {
            let error = read(body.as_bytes(), step).map(|form| format!("{form:?}")).unwrap_err();
            assert_eq!(error.code, "MalformedPOSTRequest", "{body}");
        }
    }
}

#[test]
fn there_is_one_file_and_what_follows_it_is_named() {
    let file = format!("--b0undary\r\n{FILE_HEAD}x\r\n");
    let end = "--b0undary--";
    let late = format!("{}{file}{}{}{end}", text("key", "1"), text("b", "2"), text("key", "3"));
    let (form, _) = read(late.as_bytes(), 64).unwrap();
    assert_eq!(form.after_file.as_deref(), Some("b"));
    let values: Vec<_> = form.fields.iter().map(|(_, value)| value.as_slice()).collect();
    assert_eq!(values, [b"1", b"2", b"3"]);
    assert_eq!(form.file.unwrap().content.start(), b"x");
    let code = |body: String| read(body.as_bytes(), 64).map(|_| ()).unwrap_err().code;
    assert_eq!(code(format!("{file}{file}{end}")), "IncorrectNumberOfFilesInPostRequest");
    let long = format!("{}{file}{end}", text("key", &"x".repeat(1001)));
    assert_eq!(code(long), "MaxPostPreDataLengthExceededError");
}

#[test]
fn a_form_without_a_file_and_an_empty_file_are_forms() {
    assert!(read(b"--b0undary--", 3).unwrap().0.file.is_none());
    assert_eq!(read(whole("").as_bytes(), 3).unwrap().0.file.unwrap().content.size(), 0);
}

proptest! {
    #[test]
    fn it_does_not_matter_how_a_body_is_cut(
        pieces in proptest::collection::vec(0..14_usize, 0..12),
        step in 1..40_usize,
    ) {
        let known = [
            "--b0undary", "--b0undary--", "\r\n", "\r", "\n", " ", "--", "x", "preamble",
            "Content-Disposition: form-data; name=\"a\"\r\n\r\n",
            "Content-Disposition: form-data; name=a; filename=\"b\"\r\n\r\n",
            "Content-Type: a/b\r\n", "\r\n--b0undary\r\n", "\r\n--b0undary--\r\n",
        ];
        let body: String = pieces.iter().map(|&at| known[at]).collect();
        let shown = |step| {
            let read = read(body.as_bytes(), step);
            read.map(|(form, deviations)| (format!("{form:?}"), deviations))
        };
        prop_assert_eq!(shown(step), shown(10_000));
    }
}
