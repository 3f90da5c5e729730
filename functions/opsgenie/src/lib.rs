//! Opsgenie's alert API v2 but for the create: what is asked of alerts, and what is read of them; and its heartbeats.
//!
//! Called by: Opsgenie's clients, through the HTTP API, and senders of events whose address no exact route takes. An alert is found by its alias under the caller's key first; a caller sees the alerts of its team and no others.
//! Asks are written on the alert and answered 202; reads show what was written, also before the incident function has acted on it.
//! Refuses to change incidents: what an ask leads to follows from the stream.

mod beside;
mod fields;
mod find;
mod heartbeats;
mod list;
mod pages;
pub mod query;
mod route;
mod scan;
mod show;

use beside::Wanted;
use find::Find;
use jiff::Timestamp;
use pages::page;
use route::{Route, Verb};
use serde_json::{Value, json};
use show::Show;
use std::sync::Arc;
use tocsin_app::accept_event::Accepted;
use tocsin_app::ask_alert::{AskAlert, Heard};
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::error::AppError;
use tocsin_app::keep_heartbeats::KeepHeartbeats;
use tocsin_app::ports::{AlertStore, Clock, IncidentStore, IntegrationKey};
use tocsin_domain::alert::ask::{Ask, Asked};
use tocsin_domain::alert::event::{Action, Event};
use tocsin_domain::alert::request::{RequestId, Requested};
use tocsin_domain::alert::{Alert, Severity};
use tocsin_ingest::opsgenie::{Answered, Door, MOST, Visit, parameter};
use tocsin_ingest::source::body;
use tocsin_ingest::source::opsgenie::{Said, ask};
use tocsin_ingest::{Call, Ingest};

/// The function, over its ports.
pub struct Opsgenie {
    events: Ingest,
    door: Door,
    asks: AskAlert,
    alerts: Arc<dyn AlertStore>,
    incidents: Arc<dyn IncidentStore>,
    configuration: Arc<ConfigurationCache>,
    heartbeats: KeepHeartbeats,
    clock: Arc<dyn Clock>,
    public_url: String,
}

impl Opsgenie {
    /// A function over that of events, with whose key cache it shares what keys open.
    pub fn new(events: Ingest, alerts: Arc<dyn AlertStore>, incidents: Arc<dyn IncidentStore>, heartbeats: KeepHeartbeats, public_url: String) -> Self {
        let door = events.door();
        let clock = door.accept.clock.clone();
        let asks = AskAlert { alerts: alerts.clone(), clock: clock.clone() };
        let configuration = heartbeats.configuration.clone();
        Self { events, door, asks, alerts, incidents, configuration, heartbeats, clock, public_url }
    }

    /// Now, by the function's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Who answers instead where the address is none of Opsgenie's API: the gateway hands everything below `/v2` to this function that no exact route takes, such as an
    /// event whose address ends with a slash.
    pub fn events(&self, call: &Call<'_>) -> Option<&Ingest> {
        if route::is_opsgenies(call.path) { None } else { Some(&self.events) }
    }

    /// Answers one request of Opsgenie's API. `call.path` is the decoded path.
    pub async fn answer(&self, call: &Call<'_>, body: Vec<u8>) -> Answered {
        let route = match route::route(call.method, call.path) {
            Ok(Route::Create) => return self.door.create(call, body).await,
            Ok(route) => route,
            Err(405) => return self.door.visit().error(405, "Method Not Allowed"),
            Err(status) => return self.door.visit().error(status, "There is nothing at this address."),
        };
        let visit = self.door.visit();
        let caller = match self.door.who(&visit, call).await {
            Ok(caller) => caller,
            Err(answer) => return answer,
        };
        let body = match body::open(body, call.content_encoding, call.content_type, MOST) {
            Ok(body) => body,
            Err(refusal) => return visit.refused(&refusal),
        };
        match self.act(&visit, &caller, &route, call, &body).await {
            Ok(answer) => answer,
            Err(error) => visit.unavailable(&error),
        }
    }

    async fn act(&self, visit: &Visit, caller: &IntegrationKey, route: &Route, call: &Call<'_>, body: &[u8]) -> Result<Answered, AppError> {
        Ok(match route {
            // Answered before the key was asked for.
            Route::Create => visit.error(404, "There is nothing at this address."),
            Route::List => self.list(visit, caller, call.query).await?,
            Route::Count => self.count(visit, caller, call.query).await?,
            Route::Request(id) => self.request(visit, caller, id).await?,
            Route::Show(who) => self.one(visit, caller, who, call.query, |show| json!({"data": show.whole()})).await?,
            Route::Notes(who) => self.one(visit, caller, who, call.query, |show| page(show.notes(), call.query, &self.address_of(show, "notes"))).await?,
            Route::Logs(who) => self.one(visit, caller, who, call.query, |show| page(show.logs(), call.query, &self.address_of(show, "logs"))).await?,
            Route::Ping(name) => self.ping(visit, caller, name).await?,
            Route::Heartbeats(name) => self.show_heartbeats(visit, caller, name.as_deref()).await?,
            Route::ChangeHeartbeat(name) => self.change_heartbeat(visit, caller, name, body).await?,
            Route::SwitchHeartbeat(name, on) => self.switch_heartbeat(visit, caller, name, *on).await?,
            Route::RemoveHeartbeat(name) => self.remove_heartbeat(visit, caller, name).await?,
            Route::CreateHeartbeat => self.create_heartbeat(visit, caller, body).await?,
            Route::Ask(verb, who) => self.ask(visit, caller, verb, who, call.query, body).await?,
        })
    }

    async fn find(&self, caller: &IntegrationKey, who: &str, query: &str) -> Result<Option<Alert>, AppError> {
        let find = Find { alerts: &*self.alerts, incidents: &*self.incidents, configuration: &self.configuration, caller };
        find.run(who, parameter(query, "identifierType").as_deref()).await
    }

    /// Where a list of an alert is.
    fn address_of(&self, show: &Show, list: &str) -> String {
        format!("{}/v2/alerts/{}/{list}", self.public_url.trim_end_matches('/'), show.id())
    }

    /// What an alert shows, if there is one.
    async fn one(&self, visit: &Visit, caller: &IntegrationKey, who: &str, query: &str, shows: impl Fn(&Show) -> Value) -> Result<Answered, AppError> {
        Ok(match self.shown(caller, who, query).await? {
            Some(show) => visit.answer(200, shows(&show)),
            None => visit.error(404, "Alert does not exist"),
        })
    }

    /// The alert that an identifier means, with everything that stands beside it.
    async fn shown(&self, caller: &IntegrationKey, who: &str, query: &str) -> Result<Option<Show>, AppError> {
        let found = self.find(caller, who, query).await?;
        Ok(self.shows(found.into_iter().collect(), Wanted::ALL).await?.pop())
    }

    async fn ask(&self, visit: &Visit, caller: &IntegrationKey, verb: &Verb, who: &str, query: &str, body: &[u8]) -> Result<Answered, AppError> {
        let (asked, said) = match ask(&verb.name, verb.removes, &|name| parameter(query, name), body) {
            Ok(asked) => asked,
            Err(wrong) => return Ok(visit.wrong(wrong)),
        };
        let requested = asked.requested();
        if let Some(answer) = self.plain_close(visit, caller, who, query, &asked, &said).await? {
            return Ok(answer);
        }
        let Some(alert) = self.find(caller, who, query).await? else { return Ok(visit.without_effect(requested, None)) };
        let id = alert.id;
        let asked = Asked { seq: 0, at: visit.since, ask: asked, user: said.user, source: said.source, note: said.note };
        Ok(match self.asks.run(id, asked).await? {
            Heard::Written => {
                tracing::info!(integration = %caller.integration, alert = %id, asked = requested.as_str(), "asked");
                visit.accepted(requested, id)
            }
            Heard::Again => visit.accepted(requested, id),
            Heard::Refused => visit.without_effect(requested, Some(id)),
            Heard::NoAlert => visit.without_effect(requested, None),
        })
    }

    /// What Alertmanager sends whenever an alert ends: by alias, and nothing said. It reads no more than the guard.
    async fn plain_close(&self, visit: &Visit, caller: &IntegrationKey, who: &str, query: &str, ask: &Ask, said: &Said) -> Result<Option<Answered>, AppError> {
        if *ask != Ask::Close || parameter(query, "identifierType").as_deref() != Some("alias") || !(said.user.is_empty() && said.note.is_empty()) {
            return Ok(None);
        }
        let event =
            Event { source: said.source.clone(), ..Event::bare(Action::Resolve, tocsin_ingest::source::opsgenie::key(who.to_owned()).0, Severity::Info) };
        Ok(match self.door.accept.run(caller, event).await? {
            Accepted::Resolved(alert) => {
                tracing::info!(integration = %caller.integration, %alert, "resolved");
                Some(visit.accepted(Requested::Close, alert))
            }
            // Closed already, or another integration's.
            Accepted::NothingOpen | Accepted::Opened(_) | Accepted::Repeated(_) | Accepted::Raised(_) | Accepted::AcknowledgementAsked(_) => None,
        })
    }

    /// How a request went: read from the alert that its id names.
    async fn request(&self, visit: &Visit, caller: &IntegrationKey, id: &str) -> Result<Answered, AppError> {
        let Ok(id) = id.parse::<RequestId>() else { return Ok(visit.error(404, "Request not found. It might not be processed, yet.")) };
        let alert = self.alerts.alerts(&[id.alert()]).await?.pop().filter(|a| a.team == caller.team);
        let (success, status, at) = match &alert {
            Some(alert) if !id.is_refused() => (true, done(id.requested()), processed_at(id, alert)),
            Some(alert) => (false, "Alert is closed", alert.resolved_at.unwrap_or(alert.received_at)),
            None if id.is_refused() => (false, "Alert does not exist", show::instant_of(id.alert())),
            None => return Ok(visit.error(404, "Request not found. It might not be processed, yet.")),
        };
        Ok(visit.answer(
            200,
            json!({"data": {
                "success": success,
                "isSuccess": success,
                "action": id.requested().as_str(),
                "processedAt": show::time(at),
                "integrationId": caller.integration,
                "status": status,
                "alertId": alert.as_ref().map(|a| a.id.to_string()).unwrap_or_default(),
                "alias": alert.as_ref().map(|a| tocsin_ingest::source::opsgenie::alias(&a.event)).unwrap_or_default(),
            }}),
        ))
    }
}

fn processed_at(id: RequestId, alert: &Alert) -> Timestamp {
    match id.requested() {
        Requested::Close | Requested::Delete => alert.resolved_at.unwrap_or(alert.received_at),
        _ => alert.received_at,
    }
}

fn done(requested: Requested) -> &'static str {
    match requested {
        Requested::Create => "Created alert",
        Requested::Close => "Closed alert",
        Requested::Acknowledge => "Acknowledged alert",
        Requested::Unacknowledge => "Unacknowledged alert",
        Requested::AddNote => "Added note to alert",
        Requested::Snooze => "Snoozed alert",
        Requested::AddTags => "Added tags to alert",
        Requested::RemoveTags => "Removed tags from alert",
        Requested::AddDetails => "Added details to alert",
        Requested::RemoveDetails => "Removed details from alert",
        Requested::UpdateMessage => "Updated message of alert",
        Requested::UpdateDescription => "Updated description of alert",
        Requested::UpdatePriority => "Updated priority of alert",
        Requested::Delete => "Deleted alert",
        Requested::Assign => "Assigned alert",
        Requested::Escalate => "Escalated alert",
        Requested::AddResponder => "Added responder to alert",
        Requested::ExecuteAction => "Executed action on alert",
    }
}
