//! Text of a few bytes, which most arguments and results are, without the calls that long text is worth: finding a NUL, checking
//! for UTF-8 and copying cost 3 to 5 ns each where the work itself is one.

use std::ffi::CStr;
use std::str::{self, Utf8Error};

/// What is short: four words.
const SHORT: usize = 32;

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = LOW_BITS << 7;

/// Checks that `bytes` are UTF-8, as [`str::from_utf8`] does, faster for short ASCII. For bindings.
///
/// # Errors
/// Those of `from_utf8`.
#[inline(always)]
pub fn utf8(bytes: &[u8]) -> Result<&str, Utf8Error> {
    if words(bytes).is_some_and(|words| words.iter().all(|word| word & HIGH_BITS == 0)) {
        // SAFETY: ASCII is UTF-8, and each byte is in one of the words.
        return Ok(unsafe { str::from_utf8_unchecked(bytes) });
    }
    str::from_utf8(bytes)
}

/// Whether there is a NUL in `bytes`.
#[inline(always)]
pub(crate) fn has_nul(bytes: &[u8]) -> bool {
    match words(bytes) {
        Some(words) => words.iter().any(|word| nuls(*word) != 0),
        None => bytes.contains(&0),
    }
}

/// The bytes before the first NUL, if there is one.
#[inline(always)]
pub(crate) fn until_nul(bytes: &[u8]) -> Option<&[u8]> {
    for (index, word) in bytes.chunks_exact(8).take(SHORT / 8).enumerate() {
        let nuls = nuls(u64::from_le_bytes(word.try_into().unwrap_or_default()));
        if nuls != 0 {
            return bytes.get(..index * 8 + nuls.trailing_zeros() as usize / 8);
        }
    }
    CStr::from_bytes_until_nul(bytes).ok().map(CStr::to_bytes)
}

/// Copies `from` to `to`, which is as long.
///
/// # Panics
/// If it isn't.
#[inline(always)]
pub(crate) fn copy(to: &mut [u8], from: &[u8]) {
    // The first and the last bytes, which overlap.
    fn ends<const N: usize>(to: &mut [u8], from: &[u8]) -> Option<()> {
        let (first, last) = (*from.first_chunk::<N>()?, *from.last_chunk::<N>()?);
        *to.first_chunk_mut()? = first;
        *to.last_chunk_mut()? = last;
        Some(())
    }
    if to.len() == from.len() {
        let copied = match from.len() {
            0 => Some(()),
            1..=3 => {
                // All three are the same where there is one.
                let (middle, last) = (from.len() / 2, from.len() - 1);
                (to[0], to[middle], to[last]) = (from[0], from[middle], from[last]);
                Some(())
            }
            4..=7 => ends::<4>(to, from),
            8..=16 => ends::<8>(to, from),
            17..=SHORT => ends::<16>(to, from),
            _ => None,
        };
        if copied.is_some() {
            return;
        }
    }
    to.copy_from_slice(from);
}

/// Words that have each byte of `bytes` and no other; none where there are more than four.
#[inline(always)]
fn words(bytes: &[u8]) -> Option<[u64; 4]> {
    let word = |at: usize| -> Option<u64> {
        bytes.get(at..at + 8).map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default()))
    };
    let half = |at: usize| -> Option<u64> {
        bytes
            .get(at..at + 4)
            .map(|half| u32::from_le_bytes(half.try_into().unwrap_or_default()).into())
    };
    let len = bytes.len();
    match len {
        // No byte is zero, and none is above ASCII.
        0 => Some([LOW_BITS; 4]),
        1..=3 => {
            let [first, middle, last] = [0, len / 2, len - 1].map(|at| u64::from(bytes[at]));
            Some([(first | middle << 8 | last << 16 | last << 24) * 0x1_0000_0001; 4])
        }
        4..=7 => Some([half(0)? | half(len - 4)? << 32; 4]),
        8..=16 => {
            let (first, last) = (word(0)?, word(len - 8)?);
            Some([first, last, first, last])
        }
        17..=SHORT => Some([word(0)?, word(8)?, word(len - 16)?, word(len - 8)?]),
        _ => None,
    }
}

/// Has the highest bit of the first byte that is zero set, and none below it (Warren, Hacker's Delight, 6-1).
#[inline(always)]
fn nuls(word: u64) -> u64 {
    word.wrapping_sub(LOW_BITS) & !word & HIGH_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All lengths around the bounds, with each byte replaced by each kind of byte.
    #[test]
    fn the_same_as_the_standard_library() {
        for len in 0..70 {
            let plain: Vec<u8> = (0..len).map(|at| b'a' + (at % 26) as u8).collect();
            for at in 0..len {
                for byte in [0, 1, b'x', 0x7F, 0x80, 0xC3, 0xFF] {
                    let mut bytes = plain.clone();
                    bytes[at] = byte;
                    assert_eq!(utf8(&bytes), str::from_utf8(&bytes), "{bytes:?}");
                    assert_eq!(has_nul(&bytes), bytes.contains(&0), "{bytes:?}");
                    let nul = bytes.iter().position(|byte| *byte == 0);
                    assert_eq!(until_nul(&bytes), nul.map(|nul| &bytes[..nul]), "{bytes:?}");
                    let mut place = vec![0xEE; len];
                    copy(&mut place, &bytes);
                    assert_eq!(place, bytes);
                }
            }
            assert_eq!(utf8(&plain), str::from_utf8(&plain));
        }
        assert_eq!(utf8("Grüße".as_bytes()), Ok("Grüße"));
        assert_eq!(until_nul(b"\0\x01\0"), Some(&b""[..]));
        // A borrow of one byte to the next must not hide or make a NUL.
        assert_eq!(until_nul(b"a\x01\0b\x01\x01\x01\x01"), Some(&b"a\x01"[..]));
    }

    #[test]
    #[should_panic(expected = "length")]
    fn lengths_that_differ() {
        copy(&mut [0; 3], b"ab");
    }
}
