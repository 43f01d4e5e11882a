//! A wasp plugin.

wasp_guest::export! {
    /// Greets somebody.
    fn hello(name: &str) -> String {
        format!("Hello {}", name)
    }

    fn divide(a: i32, b: i32) -> Result<i32, String> {
        a.checked_div(b).ok_or_else(|| format!("{} can't be divided by {}", a, b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_greets() {
        assert_eq!(hello("Nic"), "Hello Nic");
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!(divide(6, 3), Ok(2));
        assert!(divide(6, 0).is_err());
    }
}
