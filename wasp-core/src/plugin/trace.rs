//! The trace of a plugin's stack: from addresses of its machine code to names and lines.

use crate::base::demangle::demangled;
use crate::base::error::Frame;
use crate::base::visible::visible;
use crate::compile::debug_lines::SourceLine;
use crate::plugin::Plugin;
use std::sync::PoisonError;
use wasmer_compiler::FRAME_INFO;
use wasmer_types::FrameInfo;

/// A trace is cut after this many of the innermost frames: an error should not be as large as a guest's stack.
const MOST_FRAMES: usize = 100;

impl Plugin {
    /// Returns the frames that stand at `addresses` of compiled code, innermost first; those of no guest are left out.
    pub(crate) fn frames(&self, addresses: &[usize]) -> Vec<Frame> {
        if addresses.is_empty() {
            return Vec::new();
        }
        let (infos, offsets): (Vec<FrameInfo>, Vec<u32>) = {
            let known = FRAME_INFO.read().unwrap_or_else(PoisonError::into_inner);
            let info = |address: &usize| {
                let info = known.lookup_frame_info(*address)?;
                let offset = self.ready.module_offset(&info, *address);
                Some((info, offset))
            };
            addresses.iter().filter_map(info).take(MOST_FRAMES).unzip()
        };
        let lines = self.ready.lines(&offsets);
        let frame = |((info, module_offset), source): ((&FrameInfo, u32), _)| {
            let function = self.ready.function_name(info.func_index());
            let mut frame = Frame {
                function: function.map(|name| visible(&demangled(name)).into_owned()),
                function_index: info.func_index(),
                module_offset,
                ..Frame::default()
            };
            if let Some(SourceLine { file, line, column }) = source {
                (frame.file, frame.line, frame.column) =
                    (Some(visible(&file).into_owned()), line, column);
            }
            frame
        };
        infos.iter().zip(offsets).zip(lines).map(frame).collect()
    }
}
