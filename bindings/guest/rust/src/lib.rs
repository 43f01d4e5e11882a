//! What a [wasp] plugin written in Rust needs: [`export!`] declares the functions that the host may call, [`import!`] those
//! that the host provides.
//!
//! ```
//! wasp_guest::import! {
//!     from "env";
//!     fn call_me(name: &str) -> String;
//! }
//!
//! wasp_guest::export! {
//!     fn hello(name: String) -> String {
//!         format!("Hello {}", name)
//!     }
//!
//!     fn introduce() -> String {
//!         call_me("Nic")
//!     }
//!
//!     fn size(path: String) -> Result<i64, std::io::Error> {
//!         Ok(std::fs::metadata(path)?.len() as i64)
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! Numbers (`i32`, `u32`, `i64`, `u64`, `f32`, `f64`) pass as they are, and `bool` as an i32. Strings and bytes are copied: what a function gets is its own.
//! The blocks of memory in between are the host's to free, which it does when the call is over; a plugin never does.
//!
//! [wasp]: https://github.com/nicholasjackson/wasp

#![warn(missing_docs)]

use std::alloc::{alloc, dealloc, Layout};
use std::ffi::CStr;
use std::fmt::Display;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Declares the plugin's functions. Use it once in a plugin: it also tells the host their signatures.
///
/// The first paragraph of a function's comment is told, too. An argument is of any type that is [`FromHost`], a result of any that is [`ToHost`]. The functions stay ordinary ones,
/// which other code and tests may call. On a WASI target, give none the name of a C library function (`read`, `write`): it
/// would take that function's place.
#[macro_export]
macro_rules! export {
    ($($(#[$($attribute:tt)*])* $access:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block)*) => {
        $($(#[$($attribute)*])* $access fn $name($($arg: $type),*) $(-> $result)? $body)*

        mod wasp_exports {
            use super::*;
            use $crate::{FromHost, ToHost};

            $(
                #[no_mangle]
                extern "C" fn $name($($arg: <$type as FromHost>::Raw),*) -> <$crate::or_unit!($($result)?) as ToHost>::Raw {
                    // SAFETY: the host passes what the function's signature says.
                    $(let $arg = unsafe { FromHost::from_host($arg) };)*
                    ToHost::to_host(super::$name($($arg),*))
                }
            )*

            #[no_mangle]
            extern "C" fn wasp_signatures() -> usize {
                $crate::signatures(&[$((
                    stringify!($name),
                    &[$((stringify!($arg), <$type as FromHost>::KIND)),*],
                    <$crate::or_unit!($($result)?) as ToHost>::KIND,
                    concat!("", $($crate::docs!($($attribute)*)),*),
                )),*])
            }
        }
    };
}

/// Declares functions that the host provides, all `from` one module.
///
/// An argument is of any type that is [`ToHost`] (`&str`, `&[u8]`, a number), a result of any that is [`FromHost`]. Where the
/// host's function fails, the plugin's call ends there and fails with it.
#[macro_export]
macro_rules! import {
    (from $module:literal; $($(#[$attribute:meta])* $access:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)?;)*) => {
        $(
            $(#[$attribute])*
            $access fn $name($($arg: $type),*) $(-> $result)? {
                #[link(wasm_import_module = $module)]
                extern "C" {
                    fn $name($($arg: <$type as $crate::ToHost>::Raw),*) -> <$crate::or_unit!($($result)?) as $crate::FromHost>::Raw;
                }
                // SAFETY: the host checks this signature against its own function when the plugin is registered.
                unsafe { $crate::FromHost::from_host($name($($crate::ToHost::to_host($arg)),*)) }
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! or_unit {
    () => {
        ()
    };
    ($type:ty) => {
        $type
    };
}

/// The text of an attribute, where that is a line of a comment.
#[doc(hidden)]
#[macro_export]
macro_rules! docs {
    (doc = $text:literal) => {
        concat!($text, "\n")
    };
    ($($other:tt)*) => {
        ""
    };
}

/// A function's name, its arguments' names and kinds, its result's kind, and its comment.
#[doc(hidden)]
pub type Signature<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

/// The listing of the functions as a string that is made once and never freed.
#[doc(hidden)]
pub fn signatures(functions: &[Signature<'_>]) -> usize {
    static LISTING: AtomicUsize = AtomicUsize::new(0);
    if LISTING.load(Ordering::Relaxed) == 0 {
        LISTING.store(listing(functions).to_host(), Ordering::Relaxed);
    }
    LISTING.load(Ordering::Relaxed)
}

fn listing(functions: &[Signature<'_>]) -> String {
    // A raw identifier is exported without what makes it one.
    let plain = |name: &str| name.trim_start_matches("r#").to_owned();
    let mut text = String::new();
    for (name, args, result, docs) in functions {
        let args = args.iter().map(|(arg, kind)| format!("{}: {}", plain(arg), kind));
        let args: Vec<String> = args.collect();
        text += format!("{}({}) {}", plain(name), args.join(", "), result).trim_end();
        // The first paragraph, on one line.
        let docs = docs.lines().map(str::trim).take_while(|line| !line.is_empty());
        let docs: Vec<&str> = docs.collect();
        if !docs.is_empty() {
            text += " # ";
            text += &docs.join(" ");
        }
        text += "\n";
    }
    text
}

/// What the host may pass to the plugin: an argument, or the answer of one of its functions.
pub trait FromHost {
    /// The type in a signature listing.
    const KIND: &'static str;
    /// The type in the function's WebAssembly signature.
    type Raw;
    /// Takes a value over.
    ///
    /// # Safety
    /// `raw` comes from the host as a value of this kind.
    unsafe fn from_host(raw: Self::Raw) -> Self;
}

/// What the plugin may pass to the host: a result, or an argument of one of the host's functions.
///
/// `Result::Err` as a result makes the call fail with that message.
pub trait ToHost {
    /// The type in a signature listing.
    const KIND: &'static str;
    /// The type in the function's WebAssembly signature.
    type Raw;
    /// Hands a value over.
    fn to_host(self) -> Self::Raw;
}

macro_rules! pass_as_is {
    ($($type:ty: $kind:literal),*) => {
        $(
            impl FromHost for $type {
                const KIND: &'static str = $kind;
                type Raw = $type;
                unsafe fn from_host(raw: $type) -> $type {
                    raw
                }
            }

            impl ToHost for $type {
                const KIND: &'static str = $kind;
                type Raw = $type;
                fn to_host(self) -> $type {
                    self
                }
            }
        )*
    };
}

pass_as_is!(i32: "i32", u32: "i32", i64: "i64", u64: "i64", f32: "f32", f64: "f64", (): "");

impl FromHost for bool {
    const KIND: &'static str = "i32";
    type Raw = i32;
    unsafe fn from_host(raw: i32) -> bool {
        raw != 0
    }
}

impl ToHost for bool {
    const KIND: &'static str = "i32";
    type Raw = i32;
    fn to_host(self) -> i32 {
        self.into()
    }
}

impl FromHost for String {
    const KIND: &'static str = "string";
    type Raw = usize;
    unsafe fn from_host(raw: usize) -> String {
        CStr::from_ptr(raw as *const _).to_string_lossy().into_owned()
    }
}

impl ToHost for &str {
    const KIND: &'static str = "string";
    type Raw = usize;
    fn to_host(self) -> usize {
        if let Some((text, _)) = self.split_once('\0') {
            raise_error("a string for the host holds a NUL byte");
            return text.to_host();
        }
        block([self.as_bytes(), &[0]].concat())
    }
}

impl ToHost for String {
    const KIND: &'static str = "string";
    type Raw = usize;
    fn to_host(self) -> usize {
        self.as_str().to_host()
    }
}

impl FromHost for Vec<u8> {
    const KIND: &'static str = "bytes";
    type Raw = usize;
    unsafe fn from_host(raw: usize) -> Vec<u8> {
        let length = (raw as *const [u8; 4]).read();
        std::slice::from_raw_parts((raw + 4) as *const u8, u32::from_le_bytes(length) as usize)
            .to_vec()
    }
}

impl ToHost for &[u8] {
    const KIND: &'static str = "bytes";
    type Raw = usize;
    fn to_host(self) -> usize {
        block([&(self.len() as u32).to_le_bytes(), self].concat())
    }
}

impl ToHost for Vec<u8> {
    const KIND: &'static str = "bytes";
    type Raw = usize;
    fn to_host(self) -> usize {
        self.as_slice().to_host()
    }
}

impl<T: ToHost, E: Display> ToHost for Result<T, E>
where
    T::Raw: Default,
{
    const KIND: &'static str = T::KIND;
    type Raw = T::Raw;
    fn to_host(self) -> T::Raw {
        match self {
            Ok(value) => value.to_host(),
            Err(error) => {
                raise_error(&error.to_string());
                T::Raw::default() // which the host ignores
            }
        }
    }
}

/// Makes the running call fail with this message. It does return: the plugin goes on, and what its function returns is
/// ignored. The next call is a new one.
///
/// A function that returns a `Result` need not call this.
#[cfg(target_arch = "wasm32")]
pub fn raise_error(message: &str) {
    #[link(wasm_import_module = "env")]
    extern "C" {
        fn raise_error(message: usize);
    }
    // SAFETY: every host provides it, with this signature.
    unsafe { raise_error(message.to_host()) }
}

/// Panics: in a test of the plugin's own, there is no host.
#[cfg(not(target_arch = "wasm32"))]
pub fn raise_error(message: &str) {
    panic!("{}", message);
}

/// A block of memory with these contents, which the host will free.
fn block(contents: Vec<u8>) -> usize {
    Box::into_raw(contents.into_boxed_slice()) as *mut u8 as usize
}

#[no_mangle]
extern "C" fn allocate(size: usize) -> *mut u8 {
    match Layout::array::<u8>(size.max(1)) {
        // SAFETY: the size is not 0.
        Ok(layout) => unsafe { alloc(layout) },
        Err(_) => std::ptr::null_mut(),
    }
}

#[no_mangle]
unsafe extern "C" fn deallocate(block: *mut u8, size: usize) {
    if !block.is_null() {
        // SAFETY: the host hands back a block of `allocate` or `block`, and the size it had.
        dealloc(block, Layout::from_size_align_unchecked(size.max(1), 1))
    }
}

#[no_mangle]
unsafe extern "C" fn get_string_size(text: *const u8) -> usize {
    // SAFETY: the host passes a string.
    CStr::from_ptr(text as *const _).to_bytes().len()
}

/// The start of a WASI plugin, which the host calls once. Without it the linker starts and ends the C library around each
/// call: rustc has no stable way to ask for a library ("reactor") instead of a program.
#[cfg(target_os = "wasi")]
#[no_mangle]
extern "C" fn _initialize() {
    extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: the linker provides it.
    unsafe { __wasm_call_ctors() }
}
