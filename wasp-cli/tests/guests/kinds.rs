//! A plugin with each type that passes, and functions in several modules.

mod shapes;

wasp_guest::import! {
    from "env";
    fn call_me(name: &str) -> String;
    pub fn look_up(key: Option<&str>) -> Option<String>;
}

wasp_guest::export! {
    modules shapes, crate::shapes::round;

    /// Greets
    /// somebody.
    ///
    /// At length.
    #[allow(clippy::needless_pass_by_value)]
    fn hello(name: String) -> Result<String, String> {
        if name == "nobody" { Err("nobody is there".to_string()) } else { Ok(format!("Hello {}", name)) }
    }

    fn mixed(a: i64, b: u32, c: f64, d: &str, e: &[u8], yes: bool, f: u64) -> f64 {
        let sum = a as f64 + f64::from(b) + c + d.len() as f64 + e.len() as f64 + f as f64;
        if yes { -sum } else { sum }
    }

    fn is_empty(data: Vec<u8>) -> bool {
        data.is_empty()
    }

    fn small(a: i8, b: u16) -> usize {
        (i32::from(a) + i32::from(b)) as usize
    }

    fn shout(text: Option<String>) -> Option<String> {
        text.map(|text| text.to_uppercase())
    }

    fn half(number: Option<f64>) -> Option<f64> {
        number.map(|number| number / 2.0)
    }

    fn callback() -> String {
        format!("{} {}", call_me("Nic"), look_up(Some("a\n")).unwrap_or_default())
    }

    fn fail() -> Result<(), &'static str> {
        Err("on purpose")
    }

    fn panics(number: i32) {
        assert!(number != 13, "{:?} is unlucky", number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_an_error() {
        assert!(hello("nobody".to_string()).is_err());
        assert!(is_empty(Vec::new()));
        assert_eq!(shapes::area(2, 3), 6);
    }

    #[test]
    fn the_host_answers() {
        call_me::mock(|name| name.to_uppercase());
        let mut calls = 0;
        look_up::mock(move |key| {
            calls += 1;
            key.map(|key| format!("{:?} {}", key, calls))
        });
        assert_eq!(callback(), "NIC \"a\\n\" 1");
        assert_eq!(callback(), "NIC \"a\\n\" 2");
        look_up::mock(|_| None);
        assert_eq!(callback(), "NIC ");
    }

    #[test]
    #[should_panic(
        expected = "the host function \"env\".\"call_me\" has no mock in this thread: a test sets one by call_me::mock(|name| ...)"
    )]
    fn no_host_answers() {
        callback();
    }
}
