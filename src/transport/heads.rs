//! Parses response heads as far as is needed before `ureq` reads them: where a head ends, and its
//! status.

/// A head that has come whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Bytes up to and with the empty line.
    pub(crate) length: usize,
    /// 0 where it is not HTTP.
    pub(crate) status: u16,
}

impl Head {
    /// Whether another answer follows. 101 changes the protocol: nothing we know follows it.
    pub(crate) fn is_interim(&self) -> bool {
        (100..200).contains(&self.status) && self.status != 101
    }
}

/// The first head in the input, once it is complete.
pub(crate) fn first(input: &[u8]) -> Option<Head> {
    let length = end(input)?;
    // Only within this head: `status` skips leading white space, and would otherwise find the
    // status of what follows a blank line.
    let status = status(input.get(..length)?).unwrap_or(0);
    Some(Head { length, status })
}

fn end(input: &[u8]) -> Option<usize> {
    // Empty lines before the status line do not end the head.
    let start = input.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    let mut line_is_empty = false;
    for (at, byte) in input.iter().enumerate().skip(start) {
        match byte {
            b'\n' if line_is_empty => return Some(at.saturating_add(1)),
            b'\n' => line_is_empty = true,
            b'\r' => {}
            _ => line_is_empty = false,
        }
    }
    None
}

/// The status of a head; `None` where it is not HTTP/1. Nothing else of it has to be text: reasons
/// and names may be in any encoding.
pub(super) fn status(head: &[u8]) -> Option<u16> {
    let line = head.trim_ascii_start().split(|byte| *byte == b'\n').next()?;
    let rest = line.strip_prefix(b"HTTP/1.")?;
    let digits = rest.get(2..5)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_counts_once_it_is_whole() {
        let head = b"HTTP/1.1 403 Forbidden\r\nA: b\r\n\r\n";
        for end in 0..head.len() {
            assert_eq!(first(&head[..end]), None);
        }
        let mut input = head.to_vec();
        input.extend_from_slice(b"body\n\n");
        assert_eq!(first(&input), Some(Head { length: head.len(), status: 403 }));
    }

    #[test]
    fn interim_answers_are_told_from_final_ones() {
        assert!(first(b"HTTP/1.1 100 Continue\r\nServer: x\r\n\r\n").unwrap().is_interim());
        assert!(first(b"HTTP/1.1 103 Early Hints\n\n").unwrap().is_interim());
        assert!(!first(b"HTTP/1.1 101 Switching\r\n\r\n").unwrap().is_interim());
        assert!(!first(b"HTTP/1.0 200\r\n\r\n").unwrap().is_interim());
    }

    #[test]
    fn a_head_ends_at_its_first_empty_line() {
        for (before, head) in [
            ("", "HTTP/1.1 200 OK\r\n\r\n"),
            ("", "HTTP/1.1 200 OK\n\n"),
            ("", "HTTP/1.1 200 OK\r\nA: b\r\nC: d\n\r\n"),
            ("\r\n\n", "HTTP/1.0 200 OK\r\n\r\n"),
        ] {
            let input = format!("{before}{head}HTTP/1.1 500 next\r\n\r\n");
            let length = before.len() + head.len();
            assert_eq!(first(input.as_bytes()), Some(Head { length, status: 200 }), "{input:?}");
        }
    }

    #[test]
    fn a_hundred_statuses_are_interim_but_for_one() {
        for (status, is_interim) in
            [(99, false), (100, true), (101, false), (102, true), (199, true), (200, false)]
        {
            assert_eq!(Head { length: 0, status }.is_interim(), is_interim, "{status}");
        }
    }

    #[test]
    fn what_is_not_http_has_no_status() {
        for input in ["garbage\r\n\r\n", "HTTP/1.1 x\n\n", "HTTP/1.\n\n", "SSH-2.0\n\n"] {
            assert_eq!(first(input.as_bytes()).unwrap().status, 0);
        }
        assert_eq!(first(b"\r\n\r\n"), None);
        assert_eq!(first(b" \r\n\r\nHTTP/1.1 100 X\r\n\r\n").unwrap().status, 0);
    }
}
