//! The variables of an instance, which a plugin keeps from one call to the next.

use std::collections::BTreeMap;
use std::sync::Arc;

/// How many bytes they may take.
const MOST: usize = 1 << 20;
/// What a variable takes beside its name and its value, as Extism counts: two of Rust's vectors.
const OVERHEAD: usize = 48;

/// Variables by name. A copy shares them until one of the two is changed.
#[derive(Clone, Default)]
pub(crate) struct Variables {
    by_name: Arc<BTreeMap<String, Vec<u8>>>,
    /// How many bytes they take.
    size: usize,
}

impl Variables {
    /// Returns the value of `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.by_name.get(name).map(Vec::as_slice)
    }

    /// Sets `name` to `value`.
    ///
    /// # Errors
    /// How many bytes they may take, where there is no room for one more; as in Extism the old value counts, too.
    pub(crate) fn set(&mut self, name: &str, value: &[u8]) -> Result<(), usize> {
        let size = self.size + OVERHEAD + name.len() + value.len();
        if size > MOST {
            return Err(MOST);
        }
        let old = Arc::make_mut(&mut self.by_name).insert(name.to_owned(), value.to_vec());
        self.size = size - old.map_or(0, |old| OVERHEAD + name.len() + old.len());
        Ok(())
    }

    /// Forgets `name`.
    pub(crate) fn remove(&mut self, name: &str) {
        if self.by_name.contains_key(name)
            && let Some(old) = Arc::make_mut(&mut self.by_name).remove(name)
        {
            self.size -= OVERHEAD + name.len() + old.len();
        }
    }

    /// Goes back to what `start` has.
    pub(crate) fn restore(&mut self, start: &Self) {
        // Mostly nothing was changed: no count that other threads share is touched.
        if !Arc::ptr_eq(&self.by_name, &start.by_name) {
            *self = start.clone();
        }
    }

    /// Returns how many bytes they take.
    pub(crate) fn size(&self) -> usize {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_take_a_mebibyte_at_most() {
        let mut variables = Variables::default();
        let value = vec![1; MOST - OVERHEAD - 1];
        assert_eq!(variables.set("ab", &value), Err(MOST));
        assert_eq!(variables.set("a", &value), Ok(()));
        assert_eq!(variables.set("b", b""), Err(MOST));
        variables.remove("b");
        variables.remove("a");
        assert_eq!(variables.size(), 0);
        for _ in 0..2 {
            variables.set("a", b"12").unwrap();
            assert_eq!(variables.size(), OVERHEAD + 3);
        }
        assert_eq!(variables.get("a"), Some(&b"12"[..]));
    }

    #[test]
    fn a_copy_keeps_its_own() {
        let mut variables = Variables::default();
        variables.set("a", b"1").unwrap();
        let start = variables.clone();
        variables.set("a", b"2").unwrap();
        variables.set("b", b"3").unwrap();
        assert_eq!(start.get("a"), Some(&b"1"[..]));
        variables.restore(&start);
        assert_eq!((variables.get("a"), variables.get("b")), (Some(&b"1"[..]), None));
    }
}
