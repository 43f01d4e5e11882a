//! wasp's guest ABI by hand: what a host's author writes over a plain WebAssembly runtime.

/// What the steps need of an instance.
pub trait Guest {
    fn memory(&mut self) -> &mut [u8];
    fn allocate(&mut self, size: i32) -> i32;
    fn deallocate(&mut self, at: i32, size: i32);
}

/// Copies `text` and a NUL into the guest.
pub fn place_text(guest: &mut impl Guest, text: &str) -> i32 {
    let size = text.len() + 1;
    let at = guest.allocate(size as i32);
    assert_ne!(at, 0, "the guest has no memory left");
    let block = &mut guest.memory()[at as u32 as usize..][..size];
    block[..text.len()].copy_from_slice(text.as_bytes());
    block[text.len()] = 0;
    at
}

/// Reads text up to its NUL and frees it.
pub fn take_text(guest: &mut impl Guest, at: i32, text: &mut String) {
    text.clear();
    text.push_str(read_text(guest.memory(), at));
    guest.deallocate(at, text.len() as i32 + 1);
}

/// The text at `at`, which must end inside memory and be UTF-8.
pub fn read_text(memory: &[u8], at: i32) -> &str {
    assert_ne!(at, 0, "a null pointer");
    let rest = &memory[at as u32 as usize..];
    let text = std::ffi::CStr::from_bytes_until_nul(rest).expect("text without an end");
    text.to_str().expect("text that is not UTF-8")
}

/// Copies `data` after its length into the guest.
pub fn place_bytes(guest: &mut impl Guest, data: &[u8]) -> i32 {
    let size = data.len() + 4;
    let at = guest.allocate(size as i32);
    assert_ne!(at, 0, "the guest has no memory left");
    let block = &mut guest.memory()[at as u32 as usize..][..size];
    block[..4].copy_from_slice(&(data.len() as u32).to_le_bytes());
    block[4..].copy_from_slice(data);
    at
}

/// Reads bytes and frees them.
pub fn take_bytes(guest: &mut impl Guest, at: i32, data: &mut Vec<u8>) {
    assert_ne!(at, 0, "a null pointer");
    let rest = &guest.memory()[at as u32 as usize..];
    let (length, rest) = rest.split_first_chunk().expect("a length outside memory");
    data.clear();
    data.extend_from_slice(&rest[..u32::from_le_bytes(*length) as usize]);
    guest.deallocate(at, data.len() as i32 + 4);
}
