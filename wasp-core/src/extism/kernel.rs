//! What the host keeps for one instance of an Extism plugin.

use crate::extism::blocks::Blocks;
use crate::extism::http::Response;
use crate::extism::variables::Variables;

/// A part of the blocks, from an offset on.
#[derive(Clone, Copy, Default)]
pub(crate) struct Span {
    pub offset: u64,
    pub length: u64,
}

/// What the host keeps for one instance: blocks and what stands in them for the time of a call, the rest until it is reset.
#[derive(Default)]
pub(crate) struct Kernel {
    pub blocks: Blocks,
    pub input: Span,
    pub output: Span,
    /// The block with the text of the error; 0 where none is set.
    pub error: u64,
    pub variables: Variables,
    /// The status of the last HTTP response, and the JSON of its headers.
    pub http_status: u16,
    pub http_headers: String,
}

impl Kernel {
    /// Begins a call with `input`, and returns whether there is memory for that. All blocks of the call before are gone.
    pub(crate) fn begin(&mut self, input: &[u8], take: impl FnOnce(u64) -> bool) -> bool {
        self.clear();
        let offset = self.blocks.allocate_with(input, take);
        self.input = Span { offset, length: if offset == 0 { 0 } else { input.len() as u64 } };
        offset != 0 || input.is_empty()
    }

    /// Forgets all blocks, and what stands in them.
    pub(crate) fn clear(&mut self) {
        self.blocks.clear();
        (self.input, self.output, self.error) = (Span::default(), Span::default(), 0);
    }

    /// Goes back to the state that start-up left, which has these variables, and returns how many pages of memory are free again. At
    /// most `most` bytes are kept for the next call.
    pub(crate) fn restore(&mut self, start: &Variables, most: usize) -> u64 {
        self.clear();
        self.variables.restore(start);
        self.http_status = 0;
        self.http_headers = String::new();
        self.blocks.release(most)
    }

    /// Frees the block at `offset`. The input that was in it is gone.
    pub(crate) fn free(&mut self, offset: u64) {
        self.blocks.free(offset);
        if offset == self.input.offset {
            self.input.length = 0;
        }
    }

    /// Returns a part of the input; zeros where it isn't all there.
    #[inline(always)]
    pub(crate) fn load_input<const N: usize>(&self, at: u64) -> [u8; N] {
        let Span { offset, length } = self.input;
        match at.checked_add(N as u64) {
            Some(end) if end <= length => self.blocks.load(offset.wrapping_add(at)),
            _ => [0; N],
        }
    }

    /// Returns the span, if it is within blocks: what isn't is ignored, as Extism does.
    pub(crate) fn checked(&self, offset: u64, length: u64) -> Option<Span> {
        self.blocks.range(offset, length).map(|_| Span { offset, length })
    }

    /// Returns the text of the error that is set.
    pub(crate) fn error(&self) -> Option<String> {
        let text = self.blocks.data(self.error).filter(|text| !text.is_empty())?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    /// Returns the output, if it is still there.
    pub(crate) fn output(&self) -> Option<&[u8]> {
        let Span { offset, length } = self.output;
        if length == 0 { Some(&[]) } else { self.blocks.range(offset, length) }
    }

    /// Notes a response, whose body is the caller's affair.
    pub(crate) fn note_response(&mut self, response: &Response<'_>) {
        self.http_status = response.status;
        self.http_headers.clone_from(&response.headers);
    }
}
