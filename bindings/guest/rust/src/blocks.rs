//! Strings and bytes, which pass as blocks of memory: section 2 of the guest ABI.

use crate::failure::raise_error;
use crate::memory::block;
use crate::pass::{Argument, Call, FromHost, Pass, ToHost};
use std::ffi::CStr;

macro_rules! pass_in_a_block {
    ($($type:ty: $kind:literal),*) => {
        $(
            impl Pass for $type {
                const KIND: &'static str = $kind;
                type Raw = usize;
            }
        )*
    };
}

pass_in_a_block!(&str: "string", String: "string", &[u8]: "bytes", Vec<u8>: "bytes");

impl<'call> Argument<'call> for &'call str {
    unsafe fn argument(raw: usize, _: &'call Call) -> Result<Self, String> {
        text(raw)
    }
}

impl FromHost for String {
    unsafe fn from_host(raw: usize) -> Result<Self, String> {
        text(raw).map(str::to_owned)
    }
}

impl ToHost for &str {
    fn to_host(self) -> usize {
        if let Some((text, _)) = self.split_once('\0') {
            raise_error("a string for the host holds a NUL byte");
            return text.to_host();
        }
        block([self.as_bytes(), &[0]].concat())
    }
}

impl ToHost for String {
    fn to_host(self) -> usize {
        self.as_str().to_host()
    }
}

impl<'call> Argument<'call> for &'call [u8] {
    unsafe fn argument(raw: usize, _: &'call Call) -> Result<Self, String> {
        Ok(bytes(raw))
    }
}

impl FromHost for Vec<u8> {
    unsafe fn from_host(raw: usize) -> Result<Self, String> {
        Ok(bytes(raw).to_vec())
    }
}

impl ToHost for &[u8] {
    fn to_host(self) -> usize {
        block([&(self.len() as u32).to_le_bytes(), self].concat())
    }
}

impl ToHost for Vec<u8> {
    fn to_host(self) -> usize {
        self.as_slice().to_host()
    }
}

/// Reads a string where it is.
///
/// # Safety
/// The host put it there, and doesn't free it during `'a`.
pub(crate) unsafe fn text<'a>(raw: usize) -> Result<&'a str, String> {
    CStr::from_ptr(raw as *const _).to_str().map_err(|_| "is not UTF-8".to_owned())
}

/// As `text`, of bytes.
unsafe fn bytes<'a>(raw: usize) -> &'a [u8] {
    let length = (raw as *const [u8; 4]).read();
    std::slice::from_raw_parts((raw + 4) as *const u8, u32::from_le_bytes(length) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_come_back() {
        let call = Call::begin();
        for text in ["", "Grüße"] {
            unsafe {
                assert_eq!(<&str>::argument(text.to_host(), &call), Ok(text));
                assert_eq!(String::from_host(text.to_owned().to_host()), Ok(text.to_owned()));
                let data = text.as_bytes();
                assert_eq!(<&[u8]>::argument(data.to_host(), &call), Ok(data));
                assert_eq!(Vec::from_host(data.to_vec().to_host()), Ok(data.to_vec()));
            }
        }
        let latin = block(b"Gr\xfc\xdfe\0".to_vec());
        let refused = unsafe { <&str>::argument(latin, &call) };
        assert_eq!(refused, Err("is not UTF-8".to_owned()));
    }

    #[test]
    #[should_panic(expected = "a string for the host holds a NUL byte")]
    fn a_nul_is_no_text() {
        "a\0b".to_host();
    }
}
