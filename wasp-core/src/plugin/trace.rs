//! The trace of a plugin's stack: from addresses of its machine code to names and lines.

use crate::base::demangle::demangled;
use crate::base::error::Frame;
use crate::base::visible::visible;
use crate::compile::debug_lines::SourceLine;
use crate::plugin::Plugin;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use wasmer_compiler::FRAME_INFO;
use wasmer_types::FrameInfo;

/// A trace is cut after this many of the innermost frames: an error should not be as large as a guest's stack.
const MOST_FRAMES: usize = 100;

/// How long the names of a trace are demangled. A hundred usual ones take a tenth of it.
const DEMANGLING: Duration = Duration::from_millis(5);

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
        let names = self.shown_names(&infos);
        let lines = self.ready.lines(&offsets);
        let frame = |((info, module_offset), source): ((&FrameInfo, u32), _)| {
            let mut frame = Frame {
                function: names.get(&info.func_index()).cloned(),
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

    /// Returns the names of the functions of these frames by their indices, demangled as long as that takes no time to speak of: a
    /// plugin may give names that are made to take long, and no time limit reaches this.
    fn shown_names(&self, infos: &[FrameInfo]) -> HashMap<u32, String> {
        let until = Instant::now() + DEMANGLING;
        let mut names = HashMap::new();
        for index in infos.iter().map(FrameInfo::func_index) {
            let Entry::Vacant(place) = names.entry(index) else { continue };
            let Some(name) = self.ready.function_name(index) else { continue };
            let name = if Instant::now() < until { demangled(name) } else { name.into() };
            place.insert(visible(&name).into_owned());
        }
        names
    }
}
