wasp_guest::export! {
    /// Greets
    /// somebody.
    ///
    /// At length.
    #[allow(clippy::needless_pass_by_value)]
    fn hello(name: String) -> Result<String, String> {
        if name == "nobody" { Err("nobody is there".to_string()) } else { Ok(format!("Hello {}", name)) }
    }

    fn mixed(a: i64, b: u32, c: f64, d: String, e: Vec<u8>, yes: bool, f: u64) -> f64 {
        let sum = a as f64 + f64::from(b) + c + d.len() as f64 + e.len() as f64 + f as f64;
        if yes { -sum } else { sum }
    }

    fn is_empty(data: Vec<u8>) -> bool {
        data.is_empty()
    }

    fn fail() -> Result<(), &'static str> {
        Err("on purpose")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_an_error() {
        assert!(hello("nobody".to_string()).is_err());
        assert!(is_empty(Vec::new()));
    }
}
