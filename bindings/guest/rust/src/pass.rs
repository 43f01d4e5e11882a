//! What passes between the host and the plugin, and how numbers do.

use crate::failure::raise_error;
use std::fmt::Display;

/// A type that passes between the host and the plugin.
pub trait Pass {
    /// The type in a signature listing.
    const KIND: &'static str;
    /// The type in the function's WebAssembly signature.
    type Raw: Default;
}

/// A call of one of the plugin's functions: what the host passed is there until it ends.
pub struct Call(());

impl Call {
    #[doc(hidden)]
    pub fn begin() -> Self {
        Self(())
    }
}

/// What a function of the plugin may take: everything that is [`FromHost`], and `&str` and `&[u8]`.
pub trait Argument<'call>: Pass + Sized {
    /// Takes a value over, or says what it is instead: `is 300, and 0 to 255 are accepted`.
    ///
    /// # Safety
    /// `raw` comes from the host as a value of this kind, in this call.
    unsafe fn argument(raw: Self::Raw, call: &'call Call) -> Result<Self, String>;
}

/// What the host may pass to the plugin for good: an argument, or the answer of one of its functions.
pub trait FromHost: Pass + Sized {
    /// Takes a value over, or says what it is instead.
    ///
    /// # Safety
    /// `raw` comes from the host as a value of this kind.
    unsafe fn from_host(raw: Self::Raw) -> Result<Self, String>;
}

/// What the plugin may pass to the host: a result, or an argument of one of the host's functions.
///
/// `Result::Err` as a result makes the call fail with that message.
pub trait ToHost: Pass {
    /// Hands a value over.
    fn to_host(self) -> Self::Raw;
}

impl<'call, T: FromHost> Argument<'call> for T {
    unsafe fn argument(raw: T::Raw, _: &'call Call) -> Result<T, String> {
        T::from_host(raw)
    }
}

macro_rules! pass_as_is {
    ($($type:ty: $kind:literal),*) => {
        $(
            impl Pass for $type {
                const KIND: &'static str = $kind;
                type Raw = $type;
            }

            impl FromHost for $type {
                unsafe fn from_host(raw: $type) -> Result<$type, String> {
                    Ok(raw)
                }
            }

            impl ToHost for $type {
                fn to_host(self) -> $type {
                    self
                }
            }
        )*
    };
}

pass_as_is!(i32: "i32", u32: "i32", isize: "i32", usize: "i32", i64: "i64", u64: "i64", f32: "f32", f64: "f64", (): "");

macro_rules! pass_in_an_i32 {
    ($($type:ty),*) => {
        $(
            impl Pass for $type {
                const KIND: &'static str = "i32";
                type Raw = i32;
            }

            impl FromHost for $type {
                unsafe fn from_host(raw: i32) -> Result<$type, String> {
                    <$type>::try_from(raw)
                        .map_err(|_| format!("is {}, and {} to {} are accepted", raw, <$type>::MIN, <$type>::MAX))
                }
            }

            impl ToHost for $type {
                fn to_host(self) -> i32 {
                    self.into()
                }
            }
        )*
    };
}

pass_in_an_i32!(i8, u8, i16, u16);

impl Pass for bool {
    const KIND: &'static str = "i32";
    type Raw = i32;
}

impl FromHost for bool {
    unsafe fn from_host(raw: i32) -> Result<bool, String> {
        Ok(raw != 0)
    }
}

impl ToHost for bool {
    fn to_host(self) -> i32 {
        self.into()
    }
}

impl<T: Pass, E: Display> Pass for Result<T, E> {
    const KIND: &'static str = T::KIND;
    type Raw = T::Raw;
}

impl<T: ToHost, E: Display> ToHost for Result<T, E> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_number_is_in_its_range() {
        unsafe {
            assert_eq!(u8::from_host(255), Ok(255));
            assert_eq!(i16::from_host(-32768), Ok(i16::MIN));
            assert_eq!(i8::from_host(128), Err("is 128, and -128 to 127 are accepted".to_owned()));
            assert!(u16::from_host(-1).is_err());
        }
        assert_eq!((u8::KIND, 200_u8.to_host(), true.to_host()), ("i32", 200, 1));
    }

    #[test]
    fn an_error_is_raised() {
        let failing: Result<i32, &str> = Err("on purpose");
        let raised = std::panic::catch_unwind(|| failing.to_host()).unwrap_err();
        assert_eq!(raised.downcast_ref::<String>().unwrap(), "on purpose");
        let fine: Result<i32, &str> = Ok(5);
        assert_eq!(fine.to_host(), 5);
    }
}
