//! Ingest: every wire format in, durable events out, and the answer that each format's senders understand.
//!
//! Called by: alert sources, through the HTTP API. Answers 2xx only after the durable write.
//! Refuses to know incidents, people and policies; what an event leads to follows from the stream.

pub mod hub_signature;
pub mod keys;
pub mod opsgenie;
pub mod source;

use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use keys::KeyCache;
use opsgenie::Door;
use source::alertmanager_v2::Posted;
use source::mapping::Read;
use source::{
    Answer, Batch, KeyedFormat, Refusal, alertmanager, alertmanager_v2, aws, body, generic, grafana, mapping, pagerduty_change, pagerduty_v1, pagerduty_v2,
    ready,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use tocsin_app::accept_event::{AcceptEvent, Accepted};
use tocsin_app::error::AppError;
use tocsin_app::ping_heartbeat::PingHeartbeat;
use tocsin_app::ports::{ChangeStore, IdSource, IntegrationKey, KeyReader, Pings};
use tocsin_app::record_change::record_change;
use tocsin_domain::alert::event::Event;
use tocsin_domain::configuration::IntegrationKind;
use tocsin_lambda::http::{Request, Response};

/// Alerts of one delivery that are written at the same time.
const AT_ONCE: usize = 16;

/// What a webhook that comes too often is told. Alertmanager, Grafana and most others drop for ever what is answered with any 4xx, and try again on this.
const WEBHOOK_LATER: u16 = 503;

/// The function, over its ports.
pub struct Ingest {
    accept: AcceptEvent,
    keys: Arc<KeyCache>,
    ids: Arc<dyn IdSource>,
    heartbeats: PingHeartbeat,
    changes: Arc<dyn ChangeStore>,
}

impl Ingest {
    /// A function with an empty key cache.
    pub fn new(accept: AcceptEvent, keys: Arc<dyn KeyReader>, beats: Arc<dyn Pings>, changes: Arc<dyn ChangeStore>) -> Self {
        let ids = accept.ids.clone();
        let heartbeats = PingHeartbeat { beats, accept: accept.clone() };
        Self { keys: Arc::new(KeyCache::new(keys, accept.clock.clone())), accept, ids, heartbeats, changes }
    }

    /// The door of Opsgenie's API, where this request is one of it. Its answers have a header more.
    pub fn opsgenie(&self, call: &Call<'_>) -> Option<Door> {
        let parts = call.path.split('/').filter(|p| !p.is_empty());
        parts.eq(["v2", "alerts"]).then(|| self.door())
    }

    /// The same for whoever knows that it is one.
    pub fn door(&self) -> Door {
        Door { accept: self.accept.clone(), keys: self.keys.clone() }
    }

    /// Answers a request without headers.
    pub async fn handle(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        self.answer(&Call { method, path, ..Call::default() }, body.to_vec()).await
    }

    /// Answers one request. `path` is the decoded path; a trailing slash, and a doubled one, change nothing.
    pub async fn answer(&self, call: &Call<'_>, body: Vec<u8>) -> Answer {
        let parts: Vec<&str> = call.path.split('/').filter(|p| !p.is_empty()).collect();
        match parts.as_slice() {
            ["v2", "change", "enqueue"] => self.posted(call, body, pagerduty_v2::MAX_BODY, async |body| self.change(body).await).await,
            ["v2", "enqueue"] => self.posted(call, body, pagerduty_v2::MAX_BODY, async |body| self.pagerduty(&pagerduty_v2::FORMAT, body).await).await,
            ["generic", "2010-04-15", "create_event.json"] => {
                self.posted(call, body, pagerduty_v2::MAX_BODY, async |body| self.pagerduty(&pagerduty_v1::FORMAT, body).await).await
            }
            ["v1", "integrations", "heartbeat", key] => self.heartbeat(call.method, key).await,
            ["v1", "integrations", "github", key] if !call.hub_signature.is_empty() && !hub_signature::fits(key, &body, call.hub_signature) => {
                tracing::warn!("a webhook of GitHub whose signature does not fit was refused");
                answer(403, "forbidden", "X-Hub-Signature-256 does not fit: set the integration's key as the webhook's secret, or no secret")
            }
            // Gateways hand these to the function `inbound`, but for an address with a doubled slash: only that function can read them.
            ["v1", "integrations", "email" | "form", _] => self.posted(call, body, body::MOST, async |_| elsewhere()).await,
            ["v1", "integrations", name, key] => match format_named(name) {
                Some(parse) => self.posted(call, body, body::MOST, async |body| self.webhook(key, body, parse).await).await,
                None => unknown_format(name),
            },
            // Prometheus and vmalert put their own path behind the prefix that they are given.
            ["v1", "integrations", _, key, "api", "v1" | "v2", "alerts"] => match call.method {
                "GET" | "HEAD" => Answer::new(200, "[]".to_owned()),
                _ => self.posted(call, body, body::MOST, async |body| self.webhook(key, body, Parse::At(alertmanager_v2::parse)).await).await,
            },
            ["v1", "integrations", _, _, "api", "v2", "status"] | ["v1", "integrations", _, _, "-", "healthy" | "ready"] => alertmanager_v2::status(),
            _ => answer(404, "not found", "there is nothing at this address; senders use /v2/enqueue or /v1/integrations/NAME/KEY"),
        }
    }

    /// Only a POST acts. A sender that was set to GET would otherwise believe that its alerts arrive.
    async fn posted(&self, call: &Call<'_>, body: Vec<u8>, most: usize, handle: impl AsyncFnOnce(&[u8]) -> Answer) -> Answer {
        match call.method {
            "POST" | "PUT" => match body::open(body, call.content_encoding, call.content_type, most) {
                Ok(body) => handle(&body).await,
                Err(refusal) => refusal.into(),
            },
            "OPTIONS" => answer(200, "success", "this address takes POST; nothing was recorded"),
            _ => answer(405, "method not allowed", "this address takes POST; nothing was recorded"),
        }
    }

    async fn pagerduty(&self, format: &KeyedFormat, body: &[u8]) -> Answer {
        let parsed = match (format.parse)(body, &|| self.ids.secret()) {
            Ok(parsed) => parsed,
            Err(refusal) => return refusal.into(),
        };
        let integration = match self.keys.integration(&parsed.routing_key).await {
            Ok(Some(integration)) => integration,
            Ok(None) => return (format.unknown_key)().into(),
            Err(e) => return self.later(None, &e.into(), (format.slow_down)().into()),
        };
        let dedup_key = parsed.event.dedup_key.clone();
        match self.accept.run(&integration, parsed.event).await {
            Ok(accepted) => {
                log(&integration, &accepted);
                (format.accepted)(&dedup_key)
            }
            Err(e) => self.later(Some(&integration), &e, (format.slow_down)().into()),
        }
    }

    async fn change(&self, body: &[u8]) -> Answer {
        let slow_down: Answer = (pagerduty_v2::FORMAT.slow_down)().into();
        let pagerduty_change::Parsed { routing_key, change } = match pagerduty_change::parse(body) {
            Ok(parsed) => parsed,
            Err(refusal) => return refusal.into(),
        };
        let integration = match self.keys.integration(&routing_key).await {
            Ok(Some(integration)) => integration,
            Ok(None) => return pagerduty_v2::unknown_routing_key().into(),
            Err(e) => return self.later(None, &e.into(), slow_down),
        };
        match record_change(self.changes.as_ref(), &integration, change, self.accept.clock.now()).await {
            Ok(()) => pagerduty_change::accepted(),
            Err(e) => self.later(Some(&integration), &e, slow_down),
        }
    }

    /// A job says that it is alive: by any method, whatever the body.
    async fn heartbeat(&self, method: &str, key: &str) -> Answer {
        if !["GET", "HEAD", "POST", "PUT"].contains(&method) {
            return answer(405, "method not allowed", "a heartbeat takes GET, HEAD, POST and PUT");
        }
        let key = match self.keys.integration(key).await {
            Ok(Some(key)) if key.kind == IntegrationKind::Heartbeat => key,
            Ok(_) => return answer(404, "unknown heartbeat", "no heartbeat has the key at the end of this address"),
            Err(e) => return self.later(None, &e.into(), Refusal::slow_down(WEBHOOK_LATER).into()),
        };
        match self.heartbeats.run(&key).await {
            Ok(()) => Answer::new(200, serde_json::json!({"status": "ok", "heartbeat": key.integration}).to_string()),
            Err(e) => self.later(Some(&key), &e, Refusal::slow_down(WEBHOOK_LATER).into()),
        }
    }

    /// Formats whose key stands in the address.
    async fn webhook(&self, key: &str, body: &[u8], parse: Parse) -> Answer {
        let integration = match self.keys.integration(key).await {
            Ok(Some(integration)) => integration,
            // Alertmanager drops what is answered with 4xx, whichever it is.
            Ok(None) => return answer(404, "unknown integration key", "no integration has the key at the end of this address"),
            Err(e) => return self.later(None, &e.into(), Refusal::slow_down(WEBHOOK_LATER).into()),
        };
        let read = match parse {
            Parse::Any(parse) => parse(body).map(|batch| Posted { batch, ends_at: Vec::new() }),
            Parse::At(parse) => parse(body, self.accept.clock.now()),
            // Whoever knows the key's address, but not SNS' signature, could write such a message.
            Parse::Aws if aws::is_of_a_topic(body) => {
                tracing::warn!(integration = %integration.integration, "a message of an SNS topic came to an address where its signature can not be checked: it was refused");
                return elsewhere();
            }
            Parse::Aws => return self.take(&integration, aws::parse(body)).await,
            Parse::Generic if integration.mapping.is_empty() => generic::parse_batch(body).map(|batch| Posted { batch, ends_at: Vec::new() }),
            Parse::Generic => return self.take(&integration, mapping::parse(body, &integration.mapping)).await,
            Parse::Ready(rules) => return self.take(&integration, mapping::parse_ready(body, rules)).await,
        };
        match read {
            Ok(posted) => self.batch(&integration, posted).await,
            Err(refusal) => refusal.into(),
        }
    }

    /// What a key opens, if it is one.
    pub fn keys(&self) -> &KeyCache {
        &self.keys
    }

    /// Takes alerts and changes that were read for an integration; the answer is a 2xx only once all of them are durable.
    pub async fn take(&self, integration: &IntegrationKey, read: Result<Read, Refusal>) -> Answer {
        let Read { batch, changes, ignored } = match read {
            Ok(read) => read,
            Err(refusal) => return refusal.into(),
        };
        let told = changes.len();
        for change in changes {
            if let Err(e) = record_change(self.changes.as_ref(), integration, change, self.accept.clock.now()).await {
                return self.later(Some(integration), &e, Refusal::slow_down(WEBHOOK_LATER).into());
            }
        }
        if batch.events.is_empty() && batch.refused.is_empty() {
            return Read { ignored, ..Read::default() }.answer_for(0, told);
        }
        self.batch(integration, Posted { batch, ends_at: Vec::new() }).await
    }

    /// All of a batch, or an error that makes the sender deliver it again: those that were written before are repetitions then.
    async fn batch(&self, integration: &IntegrationKey, posted: Posted) -> Answer {
        let Posted { mut batch, ends_at } = posted;
        let events = std::mem::take(&mut batch.events);
        let count = events.len();
        // Events of one key keep their order; different keys need none.
        let mut by_key: BTreeMap<String, Vec<(Event, Option<Timestamp>)>> = BTreeMap::new();
        for (event, until) in events.into_iter().zip(ends_at.into_iter().chain(std::iter::repeat(None))) {
            by_key.entry(event.dedup_key.clone()).or_default().push((event, until));
        }
        let results: Vec<Result<(), AppError>> = stream::iter(by_key.into_values())
            .map(|events| async {
                for (event, until) in folded(events) {
                    log(integration, &self.accept.run_until(integration, event, until).await?);
                }
                Ok(())
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        match results.into_iter().find_map(Result::err) {
            Some(e) => self.later(Some(integration), &e, Refusal::slow_down(WEBHOOK_LATER).into()),
            None => batch.answer_for(count),
        }
    }
}

impl Ingest {
    /// The sender shall deliver it again: every format's senders do on 503. One that came too often hears `slow_down`, in its own format's words, and in a
    /// flood until when; the log hears of that once a minute.
    fn later(&self, integration: Option<&IntegrationKey>, error: &AppError, slow_down: Answer) -> Answer {
        if error.is_too_fast() {
            let now = self.accept.clock.now();
            if integration.is_none_or(|key| self.accept.count.refused(key, now)) {
                tracing::warn!(integration = integration.map(|k| k.integration.as_str()), %error, "told to come later");
            }
            return Answer { retry_after_s: error.retry_after_s(now), ..slow_down };
        }
        tracing::error!(%error, "event not accepted; its sender is told to deliver it again");
        answer(503, "unavailable", "the event was not stored; deliver it again")
    }
}

/// A request, but for its body.
#[derive(Debug, Clone, Copy, Default)]
pub struct Call<'a> {
    /// GET, POST, ...
    pub method: &'a str,
    /// The path, decoded.
    pub path: &'a str,
    /// The query, as it was sent.
    pub query: &'a str,
    /// What the body is meant to be; a hint.
    pub content_type: &'a str,
    /// How the body is packed; a hint.
    pub content_encoding: &'a str,
    /// A key, for formats that have it there.
    pub authorization: &'a str,
    /// GitHub's signature of the body; empty where its webhook has no secret.
    pub hub_signature: &'a str,
}

impl<'a> Call<'a> {
    /// The call that a request is.
    pub fn of(request: &'a Request) -> Self {
        Self {
            method: request.method(),
            path: &request.raw_path,
            query: &request.raw_query_string,
            content_type: &request.headers.content_type,
            content_encoding: &request.headers.content_encoding,
            authorization: &request.headers.authorization,
            hub_signature: &request.headers.hub_signature,
        }
    }
}

// Not beside the answer itself: the parsers are fuzzed without anything of the platform.
impl From<Answer> for Response {
    fn from(answer: Answer) -> Self {
        let response = Response::json(answer.status, answer.body).with_retry_after(answer.retry_after_s);
        if answer.status == 405 { response.with_header("allow", "POST") } else { response }
    }
}

/// How to read a body whose key stands in the address.
#[derive(Debug, Clone, Copy)]
enum Parse {
    /// By itself.
    Any(fn(&[u8]) -> Result<Batch, Refusal>),
    /// With the present time.
    At(fn(&[u8], Timestamp) -> Result<Posted, Refusal>),
    /// Whatever AWS sends, but for what only SNS' signature could prove.
    Aws,
    /// By the integration's own mapping, or by common names.
    Generic,
    /// By the rules of a ready mapping.
    Ready(&'static str),
}

/// The format of an address's name.
fn format_named(name: &str) -> Option<Parse> {
    Some(match name {
        "alertmanager" => Parse::Any(alertmanager::parse),
        "grafana" => Parse::Any(grafana::parse),
        "generic" => Parse::Generic,
        "prometheus" | "vmalert" => Parse::At(alertmanager_v2::parse),
        "aws" | "sns" | "cloudwatch" | "eventbridge" => Parse::Aws,
        name => Parse::Ready(ready::rules(name)?),
    })
}

/// Messages of SNS topics, mail and forms belong to another function.
fn elsewhere() -> Answer {
    answer(404, "not found", "this is taken at /v1/integrations/NAME/KEY written exactly so: take doubled slashes out of the address")
}

fn unknown_format(name: &str) -> Answer {
    let name: String = name.chars().take(40).collect();
    answer(404, "not found", &format!("there is no format {name:?}; /v1/integrations/generic/KEY takes any JSON"))
}

/// Equal actions in a row on one key are one: of the later ones, only how bad it is and until when it holds is news.
fn folded(events: Vec<(Event, Option<Timestamp>)>) -> Vec<(Event, Option<Timestamp>)> {
    let mut kept: Vec<(Event, Option<Timestamp>)> = Vec::with_capacity(1);
    for (event, until) in events {
        match kept.last_mut() {
            Some((last, held)) if last.action == event.action => {
                last.severity = last.severity.min(event.severity);
                *held = until.or(*held);
            }
            _ => kept.push((event, until)),
        }
    }
    kept
}

fn log(integration: &IntegrationKey, accepted: &Accepted) {
    match accepted {
        Accepted::Repeated(alert) => tracing::debug!(integration = %integration.integration, %alert, "repeated"),
        Accepted::Opened(alert) => tracing::info!(integration = %integration.integration, %alert, "opened"),
        Accepted::Raised(alert) => tracing::info!(integration = %integration.integration, %alert, "raised"),
        Accepted::Resolved(alert) => tracing::info!(integration = %integration.integration, %alert, "resolved"),
        Accepted::AcknowledgementAsked(alert) => tracing::info!(integration = %integration.integration, %alert, "acknowledgement asked"),
        Accepted::NothingOpen => tracing::info!(integration = %integration.integration, "nothing open with this key"),
    }
}

fn answer(status: u16, kind: &str, message: &str) -> Answer {
    Answer::new(status, serde_json::json!({"status": kind, "message": message, "errors": [message]}).to_string())
}
