//! The macros that declare functions.

/// Declares the plugin's functions. Use it once in a plugin: it also tells the host their signatures.
///
/// The first paragraph of a function's comment is told, too. An argument is of any type that is an [`Argument`](crate::Argument), a result of any
/// that is [`ToHost`](crate::ToHost). The functions stay ordinary ones, which other code and tests may call. On a WASI target,
/// give none the name of a C library function (`read`, `write`): it would take that function's place.
///
/// Functions of other modules are declared there by [`export_module!`](crate::export_module), and these modules are listed first:
///
/// ```
/// mod shapes {
///     wasp_guest::export_module! {
///         fn area(width: f64, height: f64) -> f64 {
///             width * height
///         }
///     }
/// }
///
/// wasp_guest::export! {
///     modules shapes;
///
///     fn hello(name: &str) -> String {
///         format!("Hello {}", name)
///     }
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    (modules $($($module:ident)::+),+ $(,)?; $($functions:tt)*) => {
        $crate::export_functions! { $($functions)* }
        $crate::export_listing! { $($($module)::+),+ }
        $(impl $crate::ListedInExport for $($module)::+::wasp_exports::Module {})+
    };
    ($($functions:tt)*) => {
        $crate::export_functions! { $($functions)* }
        $crate::export_listing! {}
    };
}

/// Declares functions of the plugin in a module of its crate, as [`export!`](crate::export) does.
///
/// The plugin's `export!` lists the module. One that it doesn't list is an error of the compiler, since hosts would not be told of its functions:
///
/// ```compile_fail,E0277
/// mod shapes {
///     wasp_guest::export_module! {
///         fn area(width: f64, height: f64) -> f64 {
///             width * height
///         }
///     }
/// }
///
/// wasp_guest::export! {
///     fn hello(name: &str) -> String {
///         format!("Hello {}", name)
///     }
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export_module {
    ($($functions:tt)*) => {
        $crate::export_functions! { $($functions)* }
        const _: fn() = $crate::is_listed::<wasp_exports::Module>;
    };
}

/// The functions, what the host calls in their stead, and what is told of them.
#[doc(hidden)]
#[macro_export]
macro_rules! export_functions {
    ($($(#[$($attribute:tt)*])* $access:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block)*) => {
        $($(#[$($attribute)*])* $access fn $name($($arg: $type),*) $(-> $result)? $body)*

        #[doc(hidden)]
        #[allow(dead_code, unused_imports)]
        pub mod wasp_exports {
            use super::*;
            use $crate::{Argument, Pass, ToHost};

            pub struct Module;

            pub const FUNCTIONS: &[$crate::Signature<'static>] = &[$((
                stringify!($name),
                &[$((stringify!($arg), <$type as Pass>::KIND)),*],
                <$crate::or_unit!($($result)?) as Pass>::KIND,
                concat!("", $($crate::docs!($($attribute)*)),*),
            )),*];

            $(
                // Elsewhere it is compiled for its types alone: a C library could have a function of that name.
                #[cfg_attr(target_arch = "wasm32", no_mangle)]
                extern "C" fn $name($($arg: <$type as Pass>::Raw),*) -> <$crate::or_unit!($($result)?) as Pass>::Raw {
                    let call = $crate::Call::begin();
                    // SAFETY: the host passes what the function's signature says, until the call ends.
                    $(let $arg = match unsafe { Argument::argument($arg, &call) } {
                        Ok(value) => value,
                        Err(reason) => return $crate::refuse(stringify!($arg), &reason),
                    };)*
                    let _ = &call;
                    ToHost::to_host(super::$name($($arg),*))
                }
            )*
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! export_listing {
    ($($($module:ident)::+),*) => {
        const _: () = {
            const FUNCTIONS: &[&[$crate::Signature<'static>]] =
                &[wasp_exports::FUNCTIONS, $($($module)::+::wasp_exports::FUNCTIONS),*];
            static LISTING: $crate::Listing<{ $crate::Listing::<0>::new(FUNCTIONS).length() }> = $crate::Listing::new(FUNCTIONS);

            #[cfg_attr(target_arch = "wasm32", no_mangle)]
            #[allow(dead_code)]
            extern "C" fn wasp_signatures() -> *const u8 {
                LISTING.address()
            }
        };
    };
}

/// Declares functions that the host provides, all `from` one module.
///
/// An argument is of any type that is [`ToHost`](crate::ToHost) (`&str`, `&[u8]`, a number), a result of any that is
/// [`FromHost`](crate::FromHost). Where the host's function fails, the plugin's call ends there and fails with it.
///
/// # Tests
///
/// In a native test there is no host, and each function answers what its mock does. A mock is of the thread that set it, as
/// a test has its own, until another is set. A function without one panics.
///
/// ```
/// wasp_guest::import! {
///     from "env";
///     fn call_me(name: &str) -> String;
/// }
///
/// fn introduce() -> String {
///     call_me("Nic")
/// }
///
/// call_me::mock(|name| format!("{} is here", name));
/// assert_eq!(introduce(), "Nic is here");
/// ```
#[macro_export]
macro_rules! import {
    (from $module:literal; $($(#[$attribute:meta])* $access:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)?;)*) => {
        $(
            $(#[$attribute])*
            $access fn $name($($arg: $type),*) $(-> $result)? {
                #[cfg(target_arch = "wasm32")]
                {
                    #[link(wasm_import_module = $module)]
                    extern "C" {
                        fn $name($($arg: <$type as $crate::Pass>::Raw),*) -> <$crate::or_unit!($($result)?) as $crate::Pass>::Raw;
                    }
                    // SAFETY: the host checks this signature against its own function when the plugin is registered.
                    $crate::answer(stringify!($name), unsafe {
                        $crate::FromHost::from_host($name($($crate::ToHost::to_host($arg)),*))
                    })
                }
                #[cfg(not(target_arch = "wasm32"))]
                {
                    $name::answer($($arg),*)
                }
            }

            #[cfg(not(target_arch = "wasm32"))]
            #[allow(dead_code, unused_imports, clippy::type_complexity)]
            $access mod $name {
                use super::*;

                ::std::thread_local! {
                    static MOCK: $crate::Mock<dyn FnMut($($type),*) $(-> $result)?> = $crate::Mock::new(concat!(
                        "the host function \"", $module, "\".\"", stringify!($name), "\" has no mock in this thread: a test sets one by ",
                        stringify!($name), "::mock(|", stringify!($($arg),*), "| ...)",
                    ));
                }

                /// Has the function answer what `answer` does, in this thread.
                pub fn mock(answer: impl FnMut($($type),*) $(-> $result)? + 'static) {
                    MOCK.with(|mock| mock.set(::std::boxed::Box::new(answer)));
                }

                pub(super) fn answer($($arg: $type),*) $(-> $result)? {
                    // The types that a host takes and gives, also where there is none.
                    $(let _ = <$type as $crate::ToHost>::to_host;)*
                    let _ = <$crate::or_unit!($($result)?) as $crate::FromHost>::from_host;
                    MOCK.with(|mock| mock.call(|answer| answer($($arg),*)))
                }
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
