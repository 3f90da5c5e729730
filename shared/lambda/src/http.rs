//! Requests of an HTTP API (payload format 2.0), for functions that need method, path and body only.
//!
//! Called by: `ingest`, where a request is counted in instructions; functions with routes, queries and cookies use `lambda_http`.
//! Refuses to read anything else of an event, so that nothing else can make it fail.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// A request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The path, decoded, without a query.
    #[serde(default)]
    pub raw_path: String,
    /// The query as it was sent, without `?`.
    #[serde(default)]
    pub raw_query_string: String,
    #[serde(default)]
    headers: Sent,
    request_context: Context,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The headers that any format needs; the gateway writes their names in small letters.
#[derive(Debug, Clone, Default, Deserialize)]
struct Sent {
    #[serde(default)]
    authorization: Option<String>,
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
        self.headers.authorization.as_deref()
    }

    /// The body as it was sent.
    pub fn into_body(self) -> Vec<u8> {
        let body = self.body.unwrap_or_default();
        let decoded = if self.is_base64_encoded { STANDARD.decode(&body).ok() } else { None };
        // The gateway encodes it properly; what it does not, the parser refuses with the sender's own words.
        decoded.unwrap_or_else(|| body.into_bytes())
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

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Headers {
    #[serde(rename = "content-type")]
    content_type: &'static str,
    #[serde(rename = "x-request-id", skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Response {
    /// A JSON document.
    pub fn json(status: u16, body: String) -> Self {
        Self { status_code: status, headers: Headers { content_type: "application/json", request_id: None }, body, is_base64_encoded: false }
    }

    /// The same with `X-Request-ID`, where the format has one.
    #[must_use]
    pub fn with_request_id(mut self, id: Option<String>) -> Self {
        self.headers.request_id = id;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As API Gateway sends it, every field that it may leave out left out.
    fn event(body: &str) -> Request {
        serde_json::from_str(&format!(
            r#"{{"version":"2.0","routeKey":"ANY /v2/{{proxy+}}","rawPath":"/v2/enqueue","rawQueryString":"","headers":{{"content-type":"application/json"}},
            "requestContext":{{"accountId":"1","http":{{"method":"POST","path":"/v2/enqueue","protocol":"HTTP/1.1","sourceIp":"192.0.2.1","userAgent":"x"}},
            "stage":"$default","timeEpoch":1767603600000}},"pathParameters":{{"proxy":"enqueue"}}{body}}}"#
        ))
        .unwrap()
    }

    #[test]
    fn method_path_and_body_are_read() {
        let request = event(r#","body":"{\"a\":\"é\"}","isBase64Encoded":false"#);
        assert_eq!((request.method(), request.raw_path.as_str()), ("POST", "/v2/enqueue"));
        assert_eq!(request.into_body(), "{\"a\":\"é\"}".as_bytes());
        assert_eq!(event(r#","body":"AP8=","isBase64Encoded":true"#).into_body(), [0, 255]);
        assert_eq!(event(r#","body":"?","isBase64Encoded":true"#).into_body(), b"?");
        assert_eq!(event("").into_body(), b"");
        assert_eq!((event("").authorization(), event("").raw_query_string.as_str()), (None, ""));
    }

    #[test]
    fn an_answer_is_what_the_gateway_expects() {
        let answer = serde_json::to_value(Response::json(202, "{}".to_owned())).unwrap();
        let wanted = serde_json::json!({"statusCode": 202, "headers": {"content-type": "application/json"}, "body": "{}", "isBase64Encoded": false});
        assert_eq!(answer, wanted);
    }
}
