//! How compiled code keeps within a linear memory.

use crate::config::limits::Limits;
use crate::sys::mmap;
use wasmer::MemoryStyle;

/// How compiled code keeps within a linear memory, which decides over the address space that each instance reserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Bounds {
    /// Without checks: all that 32 bits and an offset of 32 bits can address is reserved, 8 GiB.
    Reserved,
    /// With a check before each access: what the limit allows is reserved, and [`GUARD`].
    Checked,
}

/// What is reserved behind a memory whose bounds are checked: accesses at an offset of less than this need a check of their
/// index alone. Compilers give what a plugin has in static memory its address as the offset, so it is as large as the
/// memories that are always checked.
const GUARD: u64 = ALWAYS_CHECKED;

/// Plugins that may have no more memory than this are compiled with checks, which cost 0 to 8 % of their speed.
const ALWAYS_CHECKED: u64 = 16 << 20;

impl Bounds {
    /// Returns how a plugin with these limits is compiled in this process. Where its address space is limited, larger plugins
    /// are checked too: they reserve what their limit allows, not 8 GiB.
    pub(crate) fn within(limits: &Limits) -> Self {
        if limits.memory_bytes <= ALWAYS_CHECKED || mmap::address_space_is_limited() {
            Self::Checked
        } else {
            Self::Reserved
        }
    }

    /// Returns the name that wasmer's compilers have for it.
    pub(super) fn style(self) -> MemoryStyle {
        match self {
            Self::Reserved => MemoryStyle::Static,
            Self::Checked => MemoryStyle::Dynamic { offset_guard_size: GUARD },
        }
    }
}
