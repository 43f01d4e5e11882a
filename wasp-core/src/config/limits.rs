//! Limits of one instance.

use std::time::Duration;

/// Limits of one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Linear memory in bytes, over all memories, in whole pages of 64 KiB. The default is what 32-bit WebAssembly can
    /// address, 4 GiB. With 16 MiB or less, an instance reserves that and 16 MiB of address space, else 8 GiB; its code checks its
    /// accesses then, which takes 0 to 8 % of its speed.
    pub memory_bytes: u64,
    /// Elements over all tables. The default is 1,000,000.
    pub table_elements: u32,
    /// The stack that guest code has to itself, in bytes, from 64 KiB to 100 MiB. The default is 1 MiB. Stacks are
    /// pooled by thread, so a call may find a larger one.
    pub stack_bytes: usize,
    /// How long a call may take, and so may start-up at registration; callbacks and sleeps count. The default is no
    /// limit. A guest is stopped at its next function entry or loop iteration; one bulk memory instruction isn't
    /// stopped half-way.
    pub timeout: Option<Duration>,
    /// How many released instances of a plugin are kept ready for the next owner. The default is 64.
    pub idle_instances: usize,
    /// How many bytes of its memory, of those that it wrote to, an instance may keep for the next call when it is reset. Copying
    /// the snapshot over them costs a tenth of dropping them and taking page faults again. More than this are dropped. The
    /// default is 4 MiB.
    pub idle_memory_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 1 << 32,
            table_elements: 1_000_000,
            stack_bytes: 1 << 20,
            timeout: None,
            idle_instances: 64,
            idle_memory_bytes: 4 << 20,
        }
    }
}

impl Limits {
    /// Returns a time limit of so many seconds: none for what isn't above 0, the longest there is for what is longer. For bindings to
    /// languages whose numbers are floats.
    pub fn timeout_from_secs(seconds: f64) -> Option<Duration> {
        if seconds.is_nan() || seconds <= 0.0 {
            return None;
        }
        let timeout = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        // Less than the clock's unit is still some time.
        Some(timeout.max(Duration::from_nanos(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read() {
        let read = Limits::timeout_from_secs;
        assert_eq!(read(1.5), Some(Duration::from_millis(1500)));
        for shortest in [1e-9, 1e-30, f64::MIN_POSITIVE] {
            assert_eq!(read(shortest), Some(Duration::from_nanos(1)), "{shortest}");
        }
        for longest in [1e30, f64::MAX, f64::INFINITY] {
            assert_eq!(read(longest), Some(Duration::MAX), "{longest}");
        }
        for none in [0.0, -0.0, -1.0, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
