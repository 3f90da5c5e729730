//! The door of Opsgenie's API: who calls, in which words errors and successes are told, and the create.
//!
//! Called by: ingest, for `POST /v2/alerts`, and the function `opsgenie`, for everything else of that API. The same code serves a create in both, so that no address a
//! sender may use for it depends on how a gateway reads a trailing slash.
//! Refuses to read alerts and incidents: that is the other function's.

use crate::Call;
use crate::keys::KeyCache;
use crate::source::opsgenie::{Wrong, create};
use crate::source::{Refusal, body};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use tocsin_app::accept_event::{AcceptEvent, Accepted};
use tocsin_app::error::AppError;
use tocsin_app::ports::IntegrationKey;
use tocsin_domain::alert::request::{RequestId, Requested};
use tocsin_domain::id::AlertId;
use tocsin_lambda::http::Response;

/// Bytes of the largest body.
pub const MOST: usize = 512 * 1024;

/// What goes back: always JSON, always with the id of the request, in body and header.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// Without `took` and `requestId`, which every answer has.
    pub body: Value,
    /// For `X-Request-ID` and `requestId`.
    pub request_id: String,
    /// When the request came.
    pub since: Timestamp,
    /// When to come again, where that is known: for `Retry-After`.
    pub retry_after_s: Option<u64>,
}

/// Who calls and how to answer.
#[derive(Clone)]
pub struct Door {
    /// Creates.
    pub accept: AcceptEvent,
    /// Keys.
    pub keys: Arc<KeyCache>,
}

/// A request that came in: when, and the id of an answer that stands for no change.
#[derive(Debug, Clone)]
pub struct Visit {
    /// When.
    pub since: Timestamp,
    fresh: AlertId,
}

impl Visit {
    /// An answer that changes nothing.
    pub fn answer(&self, status: u16, body: Value) -> Answered {
        let id = RequestId::refused(Requested::Create, self.fresh).to_string();
        Answered { status, body, request_id: id, since: self.since, retry_after_s: None }
    }

    /// `{"message": ...}` with a status.
    pub fn error(&self, status: u16, message: &str) -> Answered {
        self.answer(status, json!({"message": message}))
    }

    /// What is wrong with a body.
    pub fn wrong(&self, wrong: Wrong) -> Answered {
        match wrong {
            Wrong::Unreadable => self.error(400, "Body could not be parsed: it should be a JSON object."),
            Wrong::Fields(errors) => self.answer(422, json!({"message": "Request body is not processable. Please check the errors.", "errors": errors})),
        }
    }

    /// A body that can not be unpacked, or is too large.
    pub fn refused(&self, refusal: &Refusal) -> Answered {
        self.error(refusal.status, if refusal.status == 413 { "Request body is too large." } else { "Body could not be read." })
    }

    /// The request was written, and changed `alert`.
    pub fn accepted(&self, requested: Requested, alert: AlertId) -> Answered {
        self.will_process(RequestId::of(requested, alert))
    }

    /// The request was understood, and changes nothing: there is no such alert, or it can not take it.
    pub fn without_effect(&self, requested: Requested, alert: Option<AlertId>) -> Answered {
        self.will_process(RequestId::refused(requested, alert.unwrap_or(self.fresh)))
    }

    fn will_process(&self, id: RequestId) -> Answered {
        Answered { request_id: id.to_string(), ..self.answer(202, json!({"result": "Request will be processed"})) }
    }

    /// The sender shall send it again; one that came too often, later.
    pub fn unavailable(&self, error: &AppError) -> Answered {
        if error.is_too_fast() {
            let answer = self.error(429, "You are making too many requests! Nothing was recorded: please send it again in a minute.");
            return Answered { retry_after_s: error.retry_after_s(self.since), ..answer };
        }
        tracing::error!(%error, "request not stored; its sender is told to send it again");
        self.error(503, "The request was not stored. Please send it again.")
    }
}

impl Answered {
    /// The whole body, at an instant.
    pub fn text(&self, now: Timestamp) -> String {
        let mut body = self.body.clone();
        let took = now.duration_since(self.since).as_millis().max(0);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of one request")]
        let took = took as f64 / 1000.0;
        if let Some(map) = body.as_object_mut() {
            map.insert("took".to_owned(), json!(took));
            map.insert("requestId".to_owned(), json!(self.request_id));
        }
        body.to_string()
    }

    /// What goes over the wire, at an instant.
    pub fn response(self, now: Timestamp) -> Response {
        let text = self.text(now);
        Response::json(self.status, text).with_request_id(Some(self.request_id)).with_retry_after(self.retry_after_s)
    }
}

impl Door {
    /// Someone comes in.
    pub fn visit(&self) -> Visit {
        let since = self.accept.clock.now();
        Visit { since, fresh: AlertId::new(self.accept.ids.ulid(since)) }
    }

    /// The integration whose key the request carries: `GenieKey K`, as user or password of Basic, or `?apiKey=K`.
    ///
    /// # Errors
    /// The answer to give instead.
    pub async fn who(&self, visit: &Visit, call: &Call<'_>) -> Result<IntegrationKey, Answered> {
        let mut tried = false;
        for key in keys(call) {
            tried = true;
            match self.keys.integration(&key).await {
                Ok(Some(integration)) => return Ok(integration),
                Ok(None) => {}
                Err(e) => return Err(visit.unavailable(&e.into())),
            }
        }
        Err(visit
            .error(401, if tried { "Could not authenticate" } else { "Could not authenticate: there is no key. Send the header Authorization: GenieKey KEY." }))
    }

    /// `POST /v2/alerts`.
    pub async fn create(&self, call: &Call<'_>, body: Vec<u8>) -> Answered {
        let visit = self.visit();
        match call.method {
            "POST" | "PUT" => {}
            "OPTIONS" => return visit.answer(200, json!({"result": "This address takes POST; nothing was recorded."})),
            _ => return visit.error(405, "Method Not Allowed: this address takes POST."),
        }
        let integration = match self.who(&visit, call).await {
            Ok(integration) => integration,
            Err(answer) => return answer,
        };
        let body = match body::open(body, call.content_encoding, call.content_type, MOST) {
            Ok(body) => body,
            Err(refusal) => return visit.refused(&refusal),
        };
        let event = match create(&body, || self.accept.ids.secret()) {
            Ok(event) => event,
            Err(wrong) => return visit.wrong(wrong),
        };
        match self.accept.run(&integration, event).await {
            Ok(Accepted::Opened(alert)) => {
                tracing::info!(integration = %integration.integration, %alert, "opened");
                visit.accepted(Requested::Create, alert)
            }
            Ok(Accepted::Repeated(alert) | Accepted::Raised(alert) | Accepted::Resolved(alert) | Accepted::AcknowledgementAsked(alert)) => {
                visit.accepted(Requested::Create, alert)
            }
            Ok(Accepted::NothingOpen) => visit.without_effect(Requested::Create, None),
            Err(e) => {
                if e.is_too_fast() && self.accept.count.refused(&integration, visit.since) {
                    tracing::warn!(integration = %integration.integration, error = %e, "told to come later");
                }
                visit.unavailable(&e)
            }
        }
    }
}

/// Whatever in a request may be a key, the likeliest first.
fn keys(call: &Call<'_>) -> Vec<String> {
    let mut keys = Vec::new();
    let header = call.authorization.trim();
    match header.split_once(char::is_whitespace) {
        Some((scheme, value)) if scheme.eq_ignore_ascii_case("basic") => {
            let decoded = STANDARD.decode(value.trim()).ok().and_then(|b| String::from_utf8(b).ok()).unwrap_or_default();
            let (user, password) = decoded.split_once(':').unwrap_or((&decoded, ""));
            keys.extend([user.to_owned(), password.to_owned()]);
        }
        Some((_, value)) => keys.push(value.trim().to_owned()),
        None => keys.push(header.to_owned()),
    }
    keys.extend(parameter(call.query, "apiKey"));
    keys.iter_mut().for_each(|k| *k = k.trim().to_owned());
    keys.retain(|k| !k.is_empty() && k.len() <= 200);
    keys
}

/// A parameter of a query.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes()).find(|(k, _)| k == name).map(|(_, v)| v.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_stand_in_several_places() {
        let of = |authorization: &str, query: &str| keys(&Call { authorization, query, ..Call::default() });
        assert_eq!(of("GenieKey k1", ""), ["k1"]);
        assert_eq!(of("geniekey   k1 ", "apiKey=k2"), ["k1", "k2"]);
        assert_eq!(of("k1", ""), ["k1"]);
        assert_eq!(of("Basic OmsxCg==", ""), ["k1"]);
        assert_eq!(of("Basic dXNlcjprMQ==", ""), ["user", "k1"]);
        assert_eq!(of("Basic ???", "x=1&apiKey=a%20b"), ["a b"]);
        assert!(of("", "").is_empty());
    }
}
