//! HTTP requests of plugins, as the callback that makes them for the host is asked and answers.

use crate::base::value::Value;
use serde_json::{Map, Value as Json};
use std::borrow::Cow;

/// What came back.
#[derive(Debug, PartialEq)]
pub(crate) struct Response<'a> {
    pub status: u16,
    /// The JSON of an object; empty where the answer has none.
    pub headers: String,
    pub body: Cow<'a, [u8]>,
}

impl<'a> Response<'a> {
    /// Reads what the callback answered: bytes are a body, and JSON an object with `status`, `headers`, and `body` or `base64`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(answer: Value<'a>) -> Result<Self, String> {
        match answer {
            Value::Bytes(body) => Ok(Self::of_body(body)),
            Value::String(body) => Ok(Self::of_body(body.as_bytes())),
            Value::Json(text) => Self::read_json(text),
            other => Err(format!("{} is neither json nor bytes", other.kind())),
        }
    }

    fn of_body(body: &'a [u8]) -> Self {
        Self { status: 200, headers: String::new(), body: body.into() }
    }

    fn read_json(text: &str) -> Result<Self, String> {
        let Ok(Json::Object(mut fields)) = serde_json::from_str(text) else {
            return Err("it is no JSON object".to_owned());
        };
        let status = match fields.remove("status") {
            None => 200,
            Some(status) => match status.as_u64() {
                Some(status @ 100..=999) => status as u16,
                _ => return Err(format!("its \"status\" is {status}, not from 100 to 999")),
            },
        };
        let headers = match fields.remove("headers") {
            None => String::new(),
            Some(Json::Object(headers)) => headers_json(headers),
            Some(_) => return Err("its \"headers\" are no JSON object".to_owned()),
        };
        let body = match (fields.remove("body"), fields.remove("base64")) {
            (None | Some(Json::Null), None | Some(Json::Null)) => Vec::new(),
            (Some(Json::String(body)), None) => body.into_bytes(),
            (None, Some(Json::String(text))) => {
                decode_base64(&text).ok_or("its \"base64\" is no base64")?
            }
            _ => return Err("it has no string as either \"body\" or \"base64\"".to_owned()),
        };
        if let Some(other) = fields.keys().next() {
            return Err(format!(
                "it has {other:?}; \"status\", \"headers\", \"body\" and \"base64\" are known"
            ));
        }
        Ok(Self { status, headers, body: body.into() })
    }
}

/// Returns the headers as Extism has them: their names in lower case, their values strings.
fn headers_json(headers: Map<String, Json>) -> String {
    let text = |value| match value {
        Json::String(text) => text,
        other => other.to_string(),
    };
    let named = |(name, value): (String, Json)| (name.to_lowercase(), Json::String(text(value)));
    Json::Object(headers.into_iter().map(named).collect()).to_string()
}

/// Returns the URL that a request names, for an error.
pub(crate) fn url(request: &str) -> Option<String> {
    let request: Json = serde_json::from_str(request).ok()?;
    Some(request.get("url")?.as_str()?.to_owned())
}

/// Decodes base64 with or without padding.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    for chunk in text.chunks(4) {
        let mut bits = 0;
        for index in 0..4 {
            let digit = match chunk.get(index) {
                None => 0,
                Some(letter @ b'A'..=b'Z') => letter - b'A',
                Some(letter @ b'a'..=b'z') => letter - b'a' + 26,
                Some(number @ b'0'..=b'9') => number - b'0' + 52,
                Some(b'+' | b'-') => 62,
                Some(b'/' | b'_') => 63,
                Some(_) => return None,
            };
            bits = bits << 6 | u32::from(digit);
        }
        let count = match chunk.len() {
            1 => return None,
            digits => digits - 1,
        };
        bytes.extend_from_slice(&bits.to_be_bytes()[1..=count]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let response = |status, headers: &str, body: &'static [u8]| {
            Ok(Response { status, headers: headers.to_owned(), body: body.into() })
        };
        let json = |text| Response::read(Value::Json(text));
        assert_eq!(Response::read(Value::Bytes(b"\xff")), response(200, "", b"\xff"));
        assert_eq!(json("{}"), response(200, "", b""));
        assert_eq!(
            json(r#"{"status": 404, "headers": {"X-A": "b", "n": 1}, "body": "no"}"#),
            response(404, r#"{"n":"1","x-a":"b"}"#, b"no")
        );
        assert_eq!(json(r#"{"base64": "/wA="}"#), response(200, "", b"\xff\0"));
        for wrong in [
            "[]",
            "{",
            r#"{"status": 99}"#,
            r#"{"status": "200"}"#,
            r#"{"headers": []}"#,
            r#"{"body": 1}"#,
            r#"{"body": "", "base64": ""}"#,
            r#"{"base64": "a"}"#,
            r#"{"base64": "a?=="}"#,
            r#"{"code": 1}"#,
        ] {
            assert!(json(wrong).is_err(), "{wrong}");
        }
        assert!(Response::read(Value::I32(1)).is_err());
    }

    #[test]
    fn a_request_has_a_url() {
        assert_eq!(url(r#"{"url": "http://a", "method": "GET"}"#).as_deref(), Some("http://a"));
        assert_eq!((url("{}"), url("["), url(r#"{"url": 1}"#)), (None, None, None));
    }
}
