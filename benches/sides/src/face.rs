use crate::side::{Side, Variant};
use crate::work::{Loaded, Work};
use std::ffi::{OsStr, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A side behind C functions. A panic in one of them ends the process, with its message.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Face {
    open: unsafe extern "C" fn(Variant, Text, Text) -> *mut c_void,
    run: unsafe extern "C" fn(*const c_void, Work, u32) -> f64,
    hold: unsafe extern "C" fn(*const c_void, u32),
    close: unsafe extern "C" fn(*mut c_void),
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Text {
    start: *const u8,
    length: usize,
}

impl Text {
    fn of(bytes: &[u8]) -> Self {
        Self { start: bytes.as_ptr(), length: bytes.len() }
    }

    /// # Safety
    /// The bytes live as long as they are used.
    unsafe fn bytes<'a>(self) -> &'a [u8] {
        // SAFETY: made by `of`, and alive by contract.
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }
}

/// The face of a side.
pub fn face<S: Side>() -> Face {
    Face { open: open::<S>, run: run::<S>, hold: hold::<S>, close: close::<S> }
}

// SAFETY: only `Bench::open` calls it, with bytes that outlive the call.
unsafe extern "C" fn open<S: Side>(variant: Variant, code: Text, directory: Text) -> *mut c_void {
    // SAFETY: as above.
    let (code, directory) = unsafe { (code.bytes(), directory.bytes()) };
    let directory = Path::new(OsStr::from_bytes(directory)).to_owned();
    Box::into_raw(Box::new(Loaded::<S>::new(variant, code, directory))).cast()
}

// SAFETY: only a `Bench` calls it and the next two, with what `open` gave it.
unsafe extern "C" fn run<S: Side>(loaded: *const c_void, work: Work, times: u32) -> f64 {
    // SAFETY: as above.
    unsafe { &*loaded.cast::<Loaded<S>>() }.run(work, times)
}

unsafe extern "C" fn hold<S: Side>(loaded: *const c_void, count: u32) {
    // SAFETY: as above.
    unsafe { &*loaded.cast::<Loaded<S>>() }.hold(count);
}

unsafe extern "C" fn close<S: Side>(loaded: *mut c_void) {
    // SAFETY: as above, and for the last time.
    drop(unsafe { Box::from_raw(loaded.cast::<Loaded<S>>()) });
}

/// A side with a plugin, ready to work.
pub struct Bench {
    face: Face,
    loaded: *mut c_void,
}

// SAFETY: it stands for a `Loaded`, which several threads may use at once.
unsafe impl Sync for Bench {}

impl Bench {
    pub fn open(face: Face, variant: Variant, code: &[u8], directory: &Path) -> Self {
        let directory = directory.as_os_str().as_bytes();
        // SAFETY: the bytes outlive the call.
        let loaded = unsafe { (face.open)(variant, Text::of(code), Text::of(directory)) };
        Self { face, loaded }
    }

    /// Does `work` so many times, and says how long one took in nanoseconds.
    pub fn run(&self, work: Work, times: u32) -> f64 {
        // SAFETY: it is what `open` gave.
        unsafe { (self.face.run)(self.loaded, work, times) }
    }

    /// Makes so many instances, each of which answers a call, and keeps them for ever.
    pub fn hold(&self, count: u32) {
        // SAFETY: it is what `open` gave.
        unsafe { (self.face.hold)(self.loaded, count) }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // SAFETY: it is what `open` gave, and nobody has it after this.
        unsafe { (self.face.close)(self.loaded) }
    }
}
