//! The page behind an acknowledge link. GET and HEAD show and change nothing: mail scanners open links too. POST acts.

use crate::link_page::{LinkIncident, LinkStatus, LinkView, Outcome, confirm, done, failed, gone, headers};
use crate::route::incidents::gone_of;
use crate::state::Api;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use tocsin_app::error::AppError;
use tocsin_app::ports::AcknowledgeLink;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::incident::gone::{Gone, Kind};
use tocsin_domain::incident::responders::Answer;
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::incident::{Incident, Status};

pub(crate) fn router() -> Router<Arc<Api>> {
    Router::new().route("/a/{token}", get(show_link).post(use_link)).route("/a/{token}/", get(show_link).post(use_link))
}

async fn show_link(State(api): State<Arc<Api>>, Path(token): Path<String>) -> Response {
    match view_of(&api, api.link.look(&token).await).await {
        Ok(view) => page(StatusCode::OK, confirm(&view)),
        Err(error) => trouble(&error),
    }
}

async fn use_link(State(api): State<Arc<Api>>, Path(token): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    if from_elsewhere(&headers) {
        return page(StatusCode::FORBIDDEN, gone());
    }
    let decline = body.as_ref() == b"answer=decline";
    let used = if decline { api.link.answer_requests(&token, false).await } else { api.link.act(&token).await };
    match view_of(&api, used).await {
        Ok(view) => {
            let any = |wanted: &dyn Fn(&LinkStatus) -> bool| view.incidents.iter().any(|i| wanted(&i.status));
            let outcome = match decline {
                true if any(&|s| *s == LinkStatus::Answered { accepted: false }) => Outcome::Declined,
                false if any(&|s| matches!(s, LinkStatus::Acknowledged { .. })) => Outcome::Acknowledged,
                false if any(&|s| *s == LinkStatus::Answered { accepted: true }) => Outcome::Accepted,
                true | false => Outcome::NothingToDo,
            };
            page(StatusCode::OK, done(&view, outcome))
        }
        Err(error) => trouble(&error),
    }
}

/// A form of another site. Programs that send neither header are let through: the link itself is the secret.
fn from_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    let host_of = |url: &str| url.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default().to_owned());
    match (text(header::ORIGIN.as_str()), text(header::HOST.as_str())) {
        (Some(origin), Some(host)) => host_of(origin).as_deref() != Some(host),
        (Some(_), None) | (None, _) => false,
    }
}

async fn view_of(api: &Api, used: Result<(AcknowledgeLink, Vec<Incident>), AppError>) -> Result<LinkView, AppError> {
    let (link, incidents) = used?;
    if incidents.is_empty() {
        return Err(AppError::NotFound { what: "link".to_owned() });
    }
    let (_, configuration) = api.configuration.current().await?;
    let user = link.user.as_ref().and_then(|id| configuration.user(id));
    let mut shown: Vec<LinkIncident> = Vec::with_capacity(incidents.len());
    for i in &incidents {
        // A page without these names is better than none.
        let deleted = gone_of(api, i).await.unwrap_or_default();
        shown.push(incident(i, &link, &configuration, &deleted));
    }
    shown.sort_by_key(|i| (i.severity, i.number));
    Ok(LinkView {
        incidents: shown,
        user_name: user.map(|u| u.name.clone()),
        expires_at: link.expires_at,
        time_zone: user.map_or_else(|| "UTC".to_owned(), |u| u.time_zone.clone()),
        now: api.command.clock.now(),
    })
}

fn incident(i: &Incident, link: &AcknowledgeLink, configuration: &Configuration, deleted: &[Gone]) -> LinkIncident {
    let then = |kind: Kind, id: &str| deleted.iter().find(|g| g.kind == kind && g.id == id).and_then(|g| g.name.clone()).unwrap_or_else(|| id.to_owned());
    let name = |actor: &Actor| match actor {
        Actor::User(id) => configuration.user(id).map_or_else(|| then(Kind::User, id.as_str()), |u| u.name.clone()),
        Actor::System | Actor::Sender(_) | Actor::Token(_) => actor.to_string(),
    };
    let bound = link.incidents.iter().any(|(id, generation)| *id == i.id && i.answers(*generation));
    let responder = link.user.as_ref().filter(|_| link.asked.contains(&i.id)).and_then(|user| i.responders.iter().find(|r| r.user == *user));
    let status = match (&i.status, responder.map(|r| (r.answer, r.request))) {
        (Status::Resolved { by, at }, _) => {
            i.merged_into.map_or_else(|| LinkStatus::Resolved { by: name(by), at: *at }, |m| LinkStatus::Merged { into: m.number })
        }
        (Status::Triggered, _) if bound => LinkStatus::Waiting,
        (_, Some((Answer::Asked, request))) => {
            let plea = i.requests.iter().find(|r| r.number == request);
            LinkStatus::Asked { by: plea.map_or_else(|| "Somebody".to_owned(), |r| name(&r.by)), message: plea.map(|r| r.message.clone()).unwrap_or_default() }
        }
        (_, Some((answer, _))) => LinkStatus::Answered { accepted: answer == Answer::Accepted },
        (Status::Triggered, None) => LinkStatus::Outdated,
        (Status::Acknowledged { by, at, until, .. }, None) => LinkStatus::Acknowledged { by: name(by), at: *at, until: *until },
    };
    let service = configuration.service(&i.service).map_or_else(|| then(Kind::Service, i.service.as_str()), |s| s.name.clone());
    // What no version had was not deleted: what opened without a service has a policy that stands in none.
    let deleted = deleted.iter().filter(|g| g.since_version.is_some()).map(|g| format!("{} {}", g.kind.as_str(), g.name.as_ref().unwrap_or(&g.id))).collect();
    LinkIncident { number: i.number, title: i.title.clone(), severity: i.severity, service, status, since: i.opened_at, bridge: i.bridge.clone(), deleted }
}

fn trouble(error: &AppError) -> Response {
    if matches!(error, AppError::NotFound { .. }) {
        return page(StatusCode::NOT_FOUND, gone());
    }
    tracing::error!(%error, "acknowledge link not served");
    page(StatusCode::SERVICE_UNAVAILABLE, failed())
}

fn page(status: StatusCode, html: String) -> Response {
    (status, headers(), html).into_response()
}
