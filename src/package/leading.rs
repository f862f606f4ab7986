//! Says what stands before an APK that does not begin at the start of its file.

use super::Refusal;
use super::not_zip::{kind_of_text, magic};

const ADVICE: &str = "Android does not install such a file: see what writes in front of it, and build or download it \
     again";

const DEX_ADVICE: &str = "do not publish it: such a file runs other code than what its maker signed (CVE-2017-13156); \
     get the APK again from where it was built";

const STARTS: [(&[u8], &str, &str); 6] = [
    (b"dex\n", "Android code (DEX)", DEX_ADVICE),
    (b"HTTP/", "the head of an HTTP response", ADVICE),
    (b"\xef\xbb\xbf", "a byte order mark", ADVICE),
    (b"\xff\xfe", "a byte order mark (UTF-16)", ADVICE),
    (b"\xfe\xff", "a byte order mark (UTF-16)", ADVICE),
    (b"#!", "a script", ADVICE),
];

/// Refuses an APK with `count` bytes before its first entry; `head` has the first of them.
pub(super) fn refusal(count: u64, head: &[u8]) -> Refusal {
    let start = STARTS.iter().find(|(start, ..)| head.starts_with(start));
    let (what, advice) = match start {
        Some((_, what, advice)) => ((*what).to_owned(), *advice),
        None => (kind(head).map_or_else(|| digits(head), str::to_owned), ADVICE),
    };
    let bytes = if count == 1 { "byte that is" } else { "bytes that are" };
    Refusal::new(format!("this is an APK behind {count} {bytes} not part of it: {what}"), advice)
}

fn kind(head: &[u8]) -> Option<&'static str> {
    if head.iter().all(|byte| *byte == 0) {
        return Some("zeros");
    }
    if head.iter().all(u8::is_ascii_whitespace) {
        return Some("blanks or line breaks");
    }
    magic(head).or_else(|| kind_of_text(head))
}

/// The first bytes in hexadecimal digits.
fn digits(head: &[u8]) -> String {
    let digits: Vec<String> = head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}
