//! The buffers that `ureq` reads from and writes to.

use ureq::unversioned::transport::Buffers;

/// Alignment of the output buffer. On some processors the kernel's `rep movsb` is four times slower
/// if the target lies slightly further into its page than the source, because it mistakes its
/// stores for the next loads; and the usual allocators put large blocks exactly there, at offset
/// 16.
const ALIGNMENT: usize = 64;

/// Both buffers of a connection. They are allocated when first used: an idle connection has none.
#[derive(Debug)]
pub(super) struct BufferPair {
    input_size: usize,
    output_size: usize,
    input: Vec<u8>,
    /// What of the input has been used, and what has been filled.
    consumed: usize,
    filled: usize,
    /// Longer than the output by the alignment.
    output: Vec<u8>,
    /// Whether the last look at the input used something of it.
    progress: bool,
}

impl BufferPair {
    pub(super) fn new(input_size: usize, output_size: usize) -> Self {
        Self {
            input_size,
            output_size,
            input: Vec::new(),
            consumed: 0,
            filled: 0,
            output: Vec::new(),
            progress: false,
        }
    }

    /// Moves what is unused to the front, so that all free room is behind it.
    fn free_input(&mut self) -> &mut [u8] {
        if self.input.is_empty() {
            self.input = vec![0; self.input_size];
        }
        if self.consumed > 0 {
            self.input.copy_within(self.consumed..self.filled, 0);
            self.filled = self.filled.saturating_sub(self.consumed);
            self.consumed = 0;
        }
        self.input.get_mut(self.filled..).unwrap_or_default()
    }
}

fn aligned(output: &mut Vec<u8>, size: usize) -> &mut [u8] {
    if output.is_empty() {
        *output = vec![0; size.saturating_add(ALIGNMENT)];
    }
    let start = output.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
    output.get_mut(start..start.saturating_add(size)).unwrap_or_default()
}

impl Buffers for BufferPair {
    fn output(&mut self) -> &mut [u8] {
        aligned(&mut self.output, self.output_size)
    }

    fn input(&self) -> &[u8] {
        self.input.get(self.consumed..self.filled).unwrap_or_default()
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.free_input()
    }

    fn input_appended(&mut self, amount: usize) {
        self.filled = self.input.len().min(self.filled.saturating_add(amount));
    }

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.consumed = self.filled.min(self.consumed.saturating_add(amount));
    }

    /// The first of the two is for bodies of unknown length, which we never send.
    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        (&mut [], aligned(&mut self.output, self.output_size))
    }

    fn can_use_input(&self) -> bool {
        self.progress && !self.input().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_comes_out_in_order_and_its_room_is_used_again() {
        let mut buffers = BufferPair::new(8, 16);
        assert!(buffers.input().is_empty());
        buffers.input_append_buf()[..6].copy_from_slice(b"abcdef");
        buffers.input_appended(6);
        buffers.input_consume(4);
        assert!(buffers.can_use_input());
        assert_eq!(buffers.input_append_buf().len(), 6);
        assert_eq!(buffers.input(), b"ef");
        buffers.input_append_buf().copy_from_slice(b"ghijkl");
        buffers.input_appended(6);
        assert_eq!(buffers.input(), b"efghijkl");
        buffers.input_consume(0);
        assert!(!buffers.can_use_input());
        buffers.input_consume(100);
        assert!(buffers.input().is_empty());
        assert_eq!(buffers.input_append_buf().len(), 8);
    }

    #[test]
    fn output_is_aligned_and_stays_where_it_is() {
        let mut buffers = BufferPair::new(8, 1000);
        let start = buffers.output().as_ptr();
        assert_eq!(start.align_offset(ALIGNMENT), 0);
        assert_eq!((buffers.output().len(), buffers.output().as_ptr()), (1000, start));
        assert_eq!(buffers.tmp_and_output().1.as_ptr(), start);
    }
}
