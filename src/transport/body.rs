//! The body of a request as `ureq` reads it.

use std::io::{self, Read};

use super::exchange::{Exchange, Phase};
use super::rate::RateLimit;

/// A body that can be sent again from its start.
pub(crate) trait RequestBody: Read {
    fn rewind(&mut self);
}

impl RequestBody for io::Cursor<&[u8]> {
    fn rewind(&mut self) {
        self.set_position(0);
    }
}

/// Wraps the body: counts bytes, and once sending has stopped yields filler, because `ureq` insists
/// on reading a body to its end.
pub(super) struct CountedBody<'a> {
    body: &'a mut dyn RequestBody,
    /// How many bytes may still be sent before the server has answered.
    unasked: u64,
    left: u64,
    exchange: &'a Exchange,
}

impl<'a> CountedBody<'a> {
    pub(super) fn new(body: &'a mut dyn RequestBody, exchange: &'a Exchange) -> Self {
        Self { body, unasked: exchange.unasked(), left: exchange.length, exchange }
    }

    /// Notes which part of the body is read now, and how long that part is.
    fn begin_part(&self) -> u64 {
        if self.unasked > 0 {
            self.exchange.reach(Phase::Unasked);
            return self.unasked;
        }
        self.exchange.reach(Phase::Body);
        self.left
    }

    /// A limited body is read in small pieces, so that it goes out smoothly and progress is true.
    fn longest_piece(&self) -> u64 {
        let rate = self.exchange.rate().filter(|_| !self.exchange.is_stopped());
        rate.map_or(u64::MAX, RateLimit::piece)
    }

    fn count(&mut self, read: u64) {
        self.left = self.left.saturating_sub(read);
        self.unasked = self.unasked.saturating_sub(read);
        if self.left == 0 {
            self.exchange.reach(Phase::BodyRead);
        }
    }
}

impl Read for CountedBody<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let part = self.begin_part().min(self.longest_piece());
        let wanted = buffer.len().min(usize::try_from(part).unwrap_or(usize::MAX));
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        let read = if self.exchange.is_stopped() {
            // Whatever is in the buffer will do: the connection sends nothing any more.
            wanted
        } else {
            self.body.read(buffer)?
        };
        // ureq would spin forever on a body that ends early.
        if read == 0 && wanted > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the body ended early"));
        }
        self.count(read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::transport::exchange::tests::exchange;

    /// Reads a body to its end, and returns how much of it was read as what.
    fn parts(length: usize, expects_continue: bool) -> (usize, usize) {
        let bytes = vec![7; length];
        let mut cursor = Cursor::new(bytes.as_slice());
        let exchange = exchange(length as u64, expects_continue);
        let mut body = CountedBody::new(&mut cursor, &exchange);
        let (mut unasked, mut asked, mut buffer) = (0, 0, vec![0; 20_000]);
        loop {
            match body.read(&mut buffer).unwrap() {
                0 => return (unasked, asked),
                read if exchange.has_read_unasked() => asked += read,
                read => unasked += read,
            }
        }
    }

    #[test]
    fn of_a_body_larger_than_48_kib_so_much_is_read_before_the_server_is_heard() {
        const KIB_48: usize = 48 * 1024;
        for (length, expects_continue, unasked) in [
            (1, true, 0),
            (KIB_48 - 1, true, 0),
            (KIB_48, true, 0),
            (KIB_48 + 1, true, KIB_48),
            (10 * KIB_48, true, KIB_48),
            (10 * KIB_48, false, 0),
        ] {
            assert_eq!(parts(length, expects_continue), (unasked, length - unasked), "{length}");
        }
    }
}
