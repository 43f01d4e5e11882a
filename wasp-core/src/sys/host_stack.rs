//! The host's own stack: where this thread's ends, and whether two frames are on one.

use std::cell::Cell;
use std::ops::Range;

thread_local! {
    /// The bounds of this thread's stack, once they are asked for; empty where the system doesn't tell.
    static BOUNDS: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
}

/// How a new frame lies to an older one that waits for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Below it on the same stack, or as far as can be told; so many bytes of the stack are left, if that is known.
    Below(Option<usize>),
    /// On another stack: a fiber's, for one.
    Elsewhere,
}

/// Returns how a frame at `new`, which is running, lies to one at `older`.
pub(crate) fn place(new: usize, older: usize) -> Place {
    let stack = bounds();
    match (stack.contains(&new), stack.contains(&older)) {
        (true, true) if new < older => Place::Below(Some(new - stack.start)),
        (true, true) => Place::Elsewhere,
        // Neither is known where the system doesn't tell.
        (false, false) => in_mapping(new, older),
        _ => Place::Elsewhere,
    }
}

/// Runs `body` where `bytes` of stack are left: here, or on a thread of its own.
///
/// # Errors
/// If there is no thread to be had.
pub(crate) fn with<R: Send>(bytes: usize, body: impl FnOnce() -> R + Send) -> std::io::Result<R> {
    let here = 0u8;
    let here = &raw const here as usize;
    if limit(here).is_some_and(|limit| here - limit >= bytes) {
        return Ok(body());
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(bytes + bytes / 4);
        let thread = thread.name("wasp-text".to_owned()).spawn_scoped(scope, body)?;
        Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// Returns the lowest address of the stack that `frame` is on, as far as it is known.
pub(crate) fn limit(frame: usize) -> Option<usize> {
    let stack = bounds();
    stack.contains(&frame).then_some(stack.start)
}

fn bounds() -> Range<usize> {
    let (start, end) = BOUNDS.get().unwrap_or_else(|| {
        let known = ask().unwrap_or_default();
        BOUNDS.set(Some(known));
        known
    });
    start..end
}

#[cfg(not(target_vendor = "apple"))]
fn ask() -> Option<(usize, usize)> {
    // SAFETY: the attributes are this thread's own, and are destroyed here.
    unsafe {
        let mut attributes = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) != 0 {
            return None;
        }
        let (mut start, mut len) = (std::ptr::null_mut(), 0);
        let outcome =
            libc::pthread_attr_getstack(&raw const attributes, &raw mut start, &raw mut len);
        libc::pthread_attr_destroy(&raw mut attributes);
        (outcome == 0).then_some((start as usize, start as usize + len))
    }
}

#[cfg(target_vendor = "apple")]
fn ask() -> Option<(usize, usize)> {
    // SAFETY: questions about this thread.
    unsafe {
        let this = libc::pthread_self();
        let end = libc::pthread_get_stackaddr_np(this) as usize;
        Some((end - libc::pthread_get_stacksize_np(this), end))
    }
}

/// The same for frames that are on no thread's stack: fibers have mappings of their own, if they have guard pages.
#[cold]
fn in_mapping(new: usize, older: usize) -> Place {
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else { return Place::Below(None) };
    let bounds = |line: &str| {
        let (start, end) = line.split_once(' ')?.0.split_once('-')?;
        Some(usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?)
    };
    match maps.lines().filter_map(bounds).find(|mapping| mapping.contains(&new)) {
        Some(mapping) if mapping.contains(&older) && new < older => {
            Place::Below(Some(new - mapping.start))
        }
        _ => Place::Elsewhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn deeper(older: usize) -> Place {
        let here = 0u8;
        place(std::hint::black_box(&raw const here) as usize, older)
    }

    #[test]
    fn frames_of_one_stack_and_of_two() {
        let here = 0u8;
        let here = std::hint::black_box(&raw const here) as usize;
        let Place::Below(Some(left)) = deeper(here) else { panic!("not below") };
        assert!(left > 100_000 && limit(here).unwrap() < here, "{left}");
        assert_eq!(place(here, here - 64), Place::Elsewhere);
        // A fiber's would be there, or another thread's stack.
        let elsewhere = Box::into_raw(Box::new(0u8)) as usize;
        assert_eq!(place(here, elsewhere), Place::Elsewhere);
        assert_eq!(place(elsewhere, here), Place::Elsewhere);
        assert_eq!(limit(elsewhere), None);
        assert!(std::thread::spawn(move || deeper(here) == Place::Elsewhere).join().unwrap());
        let fiber = vec![0u8; 1 << 20];
        let (low, high) = (fiber.as_ptr() as usize, fiber.as_ptr() as usize + (1 << 19));
        assert!(matches!(place(low, high), Place::Below(Some(_))));
        assert_eq!(place(high, low), Place::Elsewhere);
    }
}
