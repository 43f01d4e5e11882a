//! Any value, as JSON.

use crate::blocks::text;
use crate::option::{hand_over, FromJson, ToJson};
use crate::pass::{FromHost, Pass, ToHost};
use serde::de::DeserializeOwned;
use serde::Serialize;

/// A value that passes as JSON, of any type that serde reads or writes. It needs the feature `serde`.
///
/// ```
/// use wasp_guest::Json;
///
/// wasp_guest::export! {
///     fn total(prices: Json<Vec<f64>>) -> Json<Option<f64>> {
///         Json(prices.0.into_iter().reduce(|a, b| a + b))
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Json<T>(pub T);

impl<T> Pass for Json<T> {
    const KIND: &'static str = "json";
    type Raw = usize;
}

impl<T: DeserializeOwned> FromHost for Json<T> {
    unsafe fn from_host(raw: usize) -> Result<Self, String> {
        Self::from_json(text(raw)?)
    }
}

impl<T: Serialize> ToHost for Json<T> {
    fn to_host(self) -> usize {
        hand_over(self.to_json())
    }
}

impl<T: DeserializeOwned> FromJson for Json<T> {
    fn from_json(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map(Self).map_err(|error| format!("is no such JSON: {}", error))
    }
}

impl<T: Serialize> ToJson for Json<T> {
    fn to_json(&self) -> Result<String, String> {
        serde_json::to_string(&self.0).map_err(|error| format!("the result is no JSON: {}", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn values_come_back() {
        let ages = BTreeMap::from([("Nic".to_owned(), 41)]);
        let back = unsafe { Json::from_host(Json(ages.clone()).to_host()) };
        assert_eq!(back, Ok(Json(ages)));
        let none = unsafe { Option::<Json<Vec<i32>>>::from_host(None::<Json<i32>>.to_host()) };
        assert_eq!(none, Ok(None));
    }

    #[test]
    fn other_json_is_refused_with_the_reason() {
        let refused = Json::<Vec<i32>>::from_json("[1, \"2\"]").unwrap_err();
        assert!(refused.starts_with("is no such JSON: invalid type: string"), "{}", refused);
        let unnamed = BTreeMap::from([(vec![1], 1)]);
        assert!(Json(unnamed).to_json().unwrap_err().starts_with("the result is no JSON: key"));
    }
}
