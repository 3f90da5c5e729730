//! Requests of an HTTP API (payload format 2.0), for functions that need method, path, query, three headers and the body.
//!
//! Called by: `ingest`, where a request is counted in instructions; functions with routes, parameters and cookies use `lambda_http`.
//! Refuses to read anything else of an event, so that nothing else can make it fail.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;

/// A request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The path, decoded, without a query.
    #[serde(default)]
    pub raw_path: String,
    /// The query, as it was sent.
    #[serde(default)]
    pub raw_query_string: String,
    /// Headers that say how to read the rest.
    #[serde(default)]
    pub headers: RequestHeaders,
    request_context: Context,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The headers that matter to senders' formats. Their names are in lower case; one that was sent twice has both values with a comma.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct RequestHeaders {
    /// What the body is meant to be.
    #[serde(default, rename = "content-type")]
    pub content_type: String,
    /// How the body is packed.
    #[serde(default, rename = "content-encoding")]
    pub content_encoding: String,
    /// A key, for formats that have it there.
    #[serde(default)]
    pub authorization: String,
    /// GitHub's signature of the body as it was sent.
    #[serde(default, rename = "x-hub-signature-256")]
    pub hub_signature: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Context {
    http: Http,
}

#[derive(Debug, Clone, Deserialize)]
struct Http {
    method: String,
}

impl Request {
    /// GET, POST, ...
    pub fn method(&self) -> &str {
        &self.request_context.http.method
    }

    /// What stands in `Authorization`.
    pub fn authorization(&self) -> Option<&str> {
        Some(self.headers.authorization.as_str()).filter(|text| !text.is_empty())
    }

    /// The body as it was sent.
    pub fn into_body(self) -> Vec<u8> {
        self.into_parts().1
    }

    /// The request without its body, and the body as it was sent.
    pub fn into_parts(mut self) -> (Self, Vec<u8>) {
        let body = self.body.take().unwrap_or_default();
        let decoded = if self.is_base64_encoded { STANDARD.decode(&body).ok() } else { None };
        // The gateway encodes it properly; what it does not, the parser refuses with the sender's own words.
        (self, decoded.unwrap_or_else(|| body.into_bytes()))
    }
}

/// An answer in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    status_code: u16,
    headers: Headers,
    body: String,
    is_base64_encoded: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Headers(Vec<(&'static str, Cow<'static, str>)>);

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Response {
    /// A JSON document.
    pub fn json(status: u16, body: String) -> Self {
        Self { status_code: status, headers: Headers(vec![("content-type", Cow::Borrowed("application/json"))]), body, is_base64_encoded: false }
    }

    /// The same with another header (its name in lower case).
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.0.push((name, value.into()));
        self
    }

    /// The same with `X-Request-ID`, where the format has one.
    #[must_use]
    pub fn with_request_id(self, id: Option<String>) -> Self {
        match id {
            Some(id) => self.with_header("x-request-id", id),
            None => self,
        }
    }

    /// The same with `Retry-After`, where it is known when to come again.
    #[must_use]
    pub fn with_retry_after(self, seconds: Option<u64>) -> Self {
        match seconds {
            Some(seconds) => self.with_header("retry-after", seconds.to_string()),
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As API Gateway sends it, every field that it may leave out left out.
    fn event(body: &str) -> Request {
        serde_json::from_str(&format!(
            r#"{{"version":"2.0","routeKey":"ANY /v2/{{proxy+}}","rawPath":"/v2/enqueue","rawQueryString":"a=1","headers":{{"content-type":"application/json","content-encoding":"gzip","authorization":"GenieKey k","x-other":"1"}},
            "requestContext":{{"accountId":"1","http":{{"method":"POST","path":"/v2/enqueue","protocol":"HTTP/1.1","sourceIp":"192.0.2.1","userAgent":"x"}},
            "stage":"$default","timeEpoch":1767603600000}},"pathParameters":{{"proxy":"enqueue"}}{body}}}"#
        ))
        .unwrap()
    }

    #[test]
    fn method_path_and_body_are_read() {
        let request = event(r#","body":"{\"a\":\"é\"}","isBase64Encoded":false"#);
        assert_eq!((request.method(), request.raw_path.as_str(), request.raw_query_string.as_str()), ("POST", "/v2/enqueue", "a=1"));
        let RequestHeaders { content_type, content_encoding, authorization, hub_signature } = &request.headers;
        assert_eq!(hub_signature, "");
        assert_eq!([content_type, content_encoding, authorization], ["application/json", "gzip", "GenieKey k"]);
        assert_eq!(request.into_parts().1, "{\"a\":\"é\"}".as_bytes());
        assert_eq!(event(r#","body":"AP8=","isBase64Encoded":true"#).into_parts().1, [0, 255]);
        assert_eq!(event(r#","body":"?","isBase64Encoded":true"#).into_parts().1, b"?");
        assert_eq!(event("").into_parts().1, b"");
    }

    #[test]
    fn an_answer_is_what_the_gateway_expects() {
        let answer = serde_json::to_value(Response::json(202, "{}".to_owned())).unwrap();
        let wanted = serde_json::json!({"statusCode": 202, "headers": {"content-type": "application/json"}, "body": "{}", "isBase64Encoded": false});
        assert_eq!(answer, wanted);
        let answer = serde_json::to_value(Response::json(405, "{}".to_owned()).with_header("allow", "POST")).unwrap();
        assert_eq!(answer["headers"], serde_json::json!({"content-type": "application/json", "allow": "POST"}));
        let later = |seconds| serde_json::to_value(Response::json(429, "{}".to_owned()).with_retry_after(seconds)).unwrap()["headers"]["retry-after"].clone();
        assert_eq!((later(Some(15)), later(None)), ("15".into(), serde_json::Value::Null));
    }
}
