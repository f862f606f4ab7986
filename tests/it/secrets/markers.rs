//! A secret for every place that may hold one, each another, and the search for them in what is
//! said: as they are, encoded, or in part.

use std::collections::HashMap;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Every place that may hold a secret. Those of the API key are in the order in which they count.
pub(crate) const SLOTS: &[&str] = &[
    "key.option",
    "key.variable",
    "key.config-file",
    "key.xdg-json",
    "key.xdg-lines",
    "key.home",
    "install.variable",
    "install.file",
    "p12.variable",
    "p12.file",
    "token.signature",
    "token.security-token",
    "token.policy",
    "given.signature",
    "given.security-token",
    "proxy.http",
    "proxy.https",
    "proxy.all",
    "refused",
];

/// Letters and digits that look random and are the same in every run.
fn random_looking(seed: &str) -> String {
    const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut state = seed.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(DIGITS[(state >> 33) as usize % DIGITS.len()])
    };
    (0..24).map(|_| next()).collect()
}

/// The secret in a slot.
pub(crate) fn secret(slot: &str) -> String {
    static ALL: LazyLock<HashMap<&str, String>> =
        LazyLock::new(|| SLOTS.iter().map(|slot| (*slot, make(slot))).collect());
    ALL[slot].clone()
}

/// Every other one has characters that are written otherwise in URLs, JSON,
/// XML and shells.
fn make(slot: &str) -> String {
    let at = SLOTS.iter().position(|known| *known == slot).expect("a slot");
    let (first, second) = (random_looking(slot), random_looking(&format!("{slot}, part 2")));
    if slot.ends_with("signature") {
        format!("q-sign-algorithm=sha1&q-ak={first}&q-sign-time=17;18&q-signature={second}")
    } else if at % 2 == 0 {
        first
    } else {
        format!("{first}/+&\"<é%'\\{second}")
    }
}

/// What gives a secret away: parts of it, each of them a number, and the slot it is from. Built for
/// speed, since megabytes are looked through.
struct Parts {
    slots: HashMap<u64, &'static str>,
    /// Whether a number may be one of them, by some of its bits.
    hints: Vec<bool>,
}

impl Parts {
    fn new(texts: impl Iterator<Item = (String, &'static str)>) -> Self {
        let mut parts = Self { slots: HashMap::new(), hints: vec![false; 1 << 16] };
        for (text, slot) in texts {
            for part in text.as_bytes().windows(8) {
                let number = u64::from_be_bytes(part.try_into().unwrap());
                parts.slots.insert(number, slot);
                parts.hints[hint(number)] = true;
            }
        }
        parts
    }

    fn find(&self, text: &str) -> Vec<&'static str> {
        let (mut found, mut last) = (Vec::new(), 0);
        for byte in text.bytes() {
            last = last << 8 | u64::from(byte);
            if self.hints[hint(last)] {
                found.extend(self.slots.get(&last));
            }
        }
        found
    }
}

fn hint(number: u64) -> usize {
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize
}

/// Parts of the secrets in lower case.
static PLAIN: LazyLock<Parts> =
    LazyLock::new(|| Parts::new(halves().map(|(text, slot)| (text.to_ascii_lowercase(), slot))));

/// Parts of their base64.
static BASE64: LazyLock<Parts> = LazyLock::new(|| {
    let codes = halves().flat_map(|(text, slot)| {
        ["", "x", "xx"].map(|before| {
            let code = STANDARD.encode(format!("{before}{text}"));
            // What stands beside it shows in the first and last digits.
            (code[4..code.len() - 4].to_owned(), slot)
        })
    });
    Parts::new(codes)
});

/// The two halves of each secret.
fn halves() -> impl Iterator<Item = (String, &'static str)> {
    SLOTS.iter().flat_map(|slot| {
        [slot.to_string(), format!("{slot}, part 2")].map(|seed| (random_looking(&seed), *slot))
    })
}

/// The slots whose secrets are in a text, in whatever spelling.
pub(crate) fn found_in(text: &str) -> Vec<&'static str> {
    let mut found = BASE64.find(text);
    let mut readings =
        vec![text.to_owned(), percent_decoded(text), json_unescaped(text), entities_undone(text)];
    readings.dedup();
    for reading in readings {
        found.extend(PLAIN.find(&reading.to_ascii_lowercase()));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether one of the API keys is in a text, written like this.
pub(crate) fn has_api_key(text: &str, write: fn(&str) -> String) -> bool {
    let keys = SLOTS.iter().filter(|slot| slot.starts_with("key."));
    keys.map(|slot| write(&secret(slot))).any(|key| text.contains(&key))
}

pub(crate) fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The text with `\u0041` and `\/` undone.
fn json_unescaped(text: &str) -> String {
    let mut pieces = text.split("\\u");
    let mut read = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let code = piece.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match code.and_then(char::from_u32) {
            Some(c) => {
                read.push(c);
                read.push_str(&piece[4..]);
            }
            None => read.push_str(piece),
        }
    }
    read.replace("\\/", "/")
}

/// The text with `&#65;` and `&#x41;` undone.
fn entities_undone(text: &str) -> String {
    let mut pieces = text.split("&#");
    let mut read = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let number = piece.split_once(';').and_then(|(digits, rest)| {
            let code = match digits.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => digits.parse().ok()?,
            };
            Some((char::from_u32(code)?, rest))
        });
        match number {
            Some((c, rest)) => {
                read.push(c);
                read.push_str(rest);
            }
            None => read.push_str(piece),
        }
    }
    read
}

/// The ways in which a server may encode what it was sent.
pub(crate) mod spelled {
    use super::*;

    /// As it is, and as URLs, forms, JSON, HTML and headers have it.
    pub(crate) fn in_all_ways(secret: &str) -> String {
        let url = percent(secret);
        [
            secret.to_owned(),
            url.to_lowercase(),
            url.replace("%20", "+"),
            url,
            json_text(secret),
            inner(&php_json(secret)),
            xml(secret),
            html(secret),
            STANDARD.encode(secret),
            secret.to_ascii_lowercase(),
        ]
        .join(" ")
    }

    pub(crate) fn percent(text: &str) -> String {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    }

    /// Without quotes.
    pub(crate) fn json_text(text: &str) -> String {
        inner(&json(text))
    }

    pub(crate) fn json(text: &str) -> String {
        serde_json::Value::from(text).to_string()
    }

    /// As PHP writes it: only ASCII, and slashes escaped.
    pub(crate) fn php_json(text: &str) -> String {
        let escaped = |c: char| match c {
            '/' => "\\/".to_owned(),
            c if c.is_ascii() => c.to_string(),
            c => utf16(c),
        };
        json(text).chars().map(escaped).collect()
    }

    /// Every character as a number.
    pub(crate) fn numbered_json(text: &str) -> String {
        format!("\"{}\"", text.chars().map(utf16).collect::<String>())
    }

    fn utf16(c: char) -> String {
        c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
    }

    pub(crate) fn xml(text: &str) -> String {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    }

    /// As Go and Python write it.
    pub(crate) fn html(text: &str) -> String {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&#34;")
            .replace('\'', "&#x27;")
    }

    /// Every character as a number.
    pub(crate) fn numbered_xml(text: &str) -> String {
        text.chars().map(|c| format!("&#x{:X};", u32::from(c))).collect()
    }

    fn inner(json: &str) -> String {
        json[1..json.len() - 1].to_owned()
    }
}

#[test]
fn a_secret_is_found_in_every_spelling_and_in_parts() {
    for slot in SLOTS {
        let secret = secret(slot);
        for said in [
            secret.clone(),
            secret.to_uppercase(),
            format!("cannot: {}", &random_looking(slot)[3..12]),
            format!("it ends with {}", &secret[secret.len() - 9..]),
            spelled::percent(&secret),
            spelled::json(&secret),
            spelled::php_json(&secret),
            spelled::numbered_json(&secret),
            spelled::xml(&secret),
            spelled::numbered_xml(&secret),
            STANDARD.encode(&secret),
            STANDARD.encode(format!("user:{secret}")),
        ] {
            assert_eq!(found_in(&said), [*slot], "{said}");
        }
    }
    assert!(found_in("q-sign-algorithm=sha1&q-ak=***: nothing to see").is_empty());
}
