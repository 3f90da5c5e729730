//! The deployment's HTTP API.
//!
//! Refuses to follow redirects (a token must not travel), to wait for ever, and to take an answer of something else for Tocsin's.

use crate::arguments::ApiArguments;
use crate::failure::{ApiProblem, Failure};
use reqwest::{Method, Url};
use serde_json::Value;
use std::error::Error;
use std::time::Duration;

/// A client of one deployment.
pub(crate) struct Api {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

/// A request: what, where, and what it is about in [`Failure::next_step`].
pub(crate) struct Request<'a> {
    method: Method,
    /// Behind the address; each is escaped.
    segments: &'a [&'a str],
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    /// What this command is called: the same in each try, so that it is carried out once.
    key: Option<String>,
    about: &'static str,
}

/// How often a request that has a key, or changes nothing, is sent.
const TRIES: u32 = 3;
/// The wait between two tries; twice as long before the last one.
const WAIT: Duration = Duration::from_millis(700);

impl<'a> Request<'a> {
    fn new(method: Method, about: &'static str, segments: &'a [&'a str]) -> Self {
        Self { method, segments, query: Vec::new(), body: None, key: None, about }
    }

    pub(crate) fn get(about: &'static str, segments: &'a [&'a str]) -> Self {
        Self::new(Method::GET, about, segments)
    }

    pub(crate) fn post(about: &'static str, segments: &'a [&'a str]) -> Self {
        Self::new(Method::POST, about, segments)
    }

    /// A command with a name of its own: whatever becomes of an answer, it is asked again and carried out once.
    pub(crate) fn once(about: &'static str, segments: &'a [&'a str]) -> Self {
        let mut bytes = [0_u8; 16];
        // A machine without random numbers gets no key, and one try.
        let key = getrandom::fill(&mut bytes).ok().map(|()| format!("tocsin-{:032x}", u128::from_be_bytes(bytes)));
        Self { key, ..Self::post(about, segments) }
    }

    pub(crate) fn put(about: &'static str, segments: &'a [&'a str]) -> Self {
        Self::new(Method::PUT, about, segments)
    }

    pub(crate) fn delete(about: &'static str, segments: &'a [&'a str]) -> Self {
        Self::new(Method::DELETE, about, segments)
    }

    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}

impl Api {
    /// A client without a token: for what senders may do.
    pub(crate) fn without_token(arguments: &ApiArguments) -> Result<Self, Failure> {
        let url = arguments.url.as_deref().map(str::trim).filter(|u| !u.is_empty()).ok_or(Failure::NoUrl)?;
        let base = Url::parse(url).map_err(|_| Failure::BadUrl(url.to_owned()))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() || base.query().is_some() {
            return Err(Failure::BadUrl(url.to_owned()));
        }
        // The process's TLS: ring, as in the functions. Somebody else may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(60))
            .user_agent(concat!("tocsin/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| Failure::Unreachable { url: shown(&base), reason: reason(&e), sent: false })?;
        Ok(Self { http, base, token: None })
    }

    /// A client for what people may do.
    pub(crate) fn new(arguments: &ApiArguments) -> Result<Self, Failure> {
        let token = arguments.token.as_deref().map(str::trim).filter(|t| !t.is_empty());
        let api = Self::without_token(arguments)?;
        Ok(Self { token: Some(token.ok_or(Failure::NoToken)?.to_owned()), ..api })
    }

    /// The address, without a trailing slash.
    pub(crate) fn address(&self) -> String {
        shown(&self.base)
    }

    /// The answer to a request; JSON, or nothing where the API answers nothing.
    pub(crate) async fn send(&self, request: Request<'_>) -> Result<Value, Failure> {
        let again = request.key.is_some() || request.method == Method::GET;
        let mut tries = 1;
        loop {
            match self.send_once(&request).await {
                // It may have been carried out, or not: the key makes sure that it is not twice.
                Err(failure) if again && tries < TRIES && failure.may_pass() => {
                    tokio::time::sleep(WAIT * tries).await;
                    tries += 1;
                }
                answer => return answer,
            }
        }
    }

    async fn send_once(&self, request: &Request<'_>) -> Result<Value, Failure> {
        let Request { method, segments, query, body, key, .. } = request;
        let about = request.about;
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(*segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut sent = self.http.request(method.clone(), url);
        if let Some(key) = key {
            sent = sent.header("idempotency-key", key);
        }
        if let Some(token) = &self.token {
            sent = sent.bearer_auth(token);
        }
        if let Some(body) = body {
            sent = sent.json(body);
        }
        let unreachable = |e: &reqwest::Error| Failure::Unreachable { url: self.address(), reason: reason(e), sent: !e.is_connect() };
        let response = sent.send().await.map_err(|e| unreachable(&e))?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|e| unreachable(&e))?;
        let json = if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice::<Value>(&bytes) };
        match json {
            Ok(json) if status.is_success() => Ok(json),
            Ok(Value::Object(problem)) if status.is_client_error() || status.is_server_error() => {
                let problem = serde_json::from_value::<ApiProblem>(Value::Object(problem)).unwrap_or_default();
                Err(Failure::Api { status: status.as_u16(), problem: Box::new(problem), about })
            }
            _ if status.is_server_error() => Err(Failure::Api { status: status.as_u16(), problem: Box::default(), about }),
            Ok(_) => Err(self.strange(status.as_u16(), "no problem document".to_owned())),
            Err(e) => Err(self.strange(status.as_u16(), e.to_string())),
        }
    }

    /// An answer that is not what the API is known to give.
    pub(crate) fn strange(&self, status: u16, reason: String) -> Failure {
        Failure::Answer { url: self.address(), status, reason }
    }

    /// Reads an answer into its type.
    pub(crate) fn typed<T: serde::de::DeserializeOwned>(&self, answer: &Value) -> Result<T, Failure> {
        T::deserialize(answer).map_err(|e| self.strange(200, e.to_string()))
    }
}

fn shown(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// The innermost reason: "connection refused" rather than "error sending request". Never the request itself, which has the token in it.
fn reason(e: &reqwest::Error) -> String {
    if e.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut innermost: &dyn Error = e;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
