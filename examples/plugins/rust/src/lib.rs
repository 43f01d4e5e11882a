use std::fs;

const IN: &str = "/workspace/in.txt";
const OUT: &str = "/workspace/out.txt";

wasp_guest::import! {
    from "env";
    fn call_me(name: &str) -> String;
}

wasp_guest::export! {
    fn sum(a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    fn hello(name: &str) -> String {
        format!("Hello {}", name)
    }

    fn reverse(data: &[u8]) -> Vec<u8> {
        data.iter().rev().copied().collect()
    }

    fn callback() -> String {
        call_me("Nic")
    }

    fn fail() -> Result<(), &'static str> {
        Err("this plugin always fails")
    }

    fn workspace(argument: &str) -> Result<String, String> {
        let contents = fs::read_to_string(IN).map_err(|_| format!("workspace: can't read {:?}", IN))?;
        let text = format!("{} {}", argument, contents);
        fs::write(OUT, &text).map_err(|_| format!("workspace: can't write {:?}", OUT))?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_calls_back() {
        call_me::mock(|name| format!("{} is here", name));
        assert_eq!(callback(), "Nic is here");
    }

    #[test]
    fn it_reverses() {
        assert_eq!(reverse(b"abc"), b"cba");
    }

    #[test]
    fn it_fails() {
        assert_eq!(fail(), Err("this plugin always fails"));
    }
}
