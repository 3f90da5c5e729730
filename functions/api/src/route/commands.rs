//! What people ask of an incident. Every command is idempotent; where it can not apply the answer is 409 with the present state.

use super::find;
use crate::caller::{Body, Caller, Key};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use crate::view::{AnswerBody, BridgeBody, FieldsBody, IncidentView, NoteBody, PriorityBody, ReassignBody, RespondersBody, SnoozeBody, TitleBody, UrgencyBody};
use axum::Json;
use axum::extract::{Path, State};
use jiff::SignedDuration;
use std::sync::Arc;
use tocsin_domain::access::Action;
use tocsin_domain::escalation::policy::{MOST_TARGETS, Target};
use tocsin_domain::id::UserId;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::details::{MOST_TITLE_CHARS, wrong_bridge, wrong_field};
use tocsin_domain::incident::responders::MOST_MESSAGE_CHARS;
use tocsin_domain::notification::message::{clean, cut};

type Answer = Result<Json<IncidentView>, ApiError>;

async fn command(api: &Api, caller: &Caller, reference: &str, command: Command, key: Option<&str>) -> Answer {
    let incident = find(api, caller, reference, Action::RespondToIncidents).await?;
    let after = api.command.run_once(incident.id, command, key, &caller.actor(), |i| caller.may_see(Action::RespondToIncidents, i)).await?;
    Ok(Json(IncidentView::from(&after)))
}

/// 1 to 50 targets that are in the configuration.
pub(super) async fn known(api: &Api, to: &[Target]) -> Result<(), ApiError> {
    if to.is_empty() || to.len() > MOST_TARGETS {
        return Err(ApiError::field("to", "has 1 to 50 targets"));
    }
    let (_, configuration) = api.configuration.current().await?;
    for (i, target) in to.iter().enumerate() {
        let known = match target {
            Target::User(id) => configuration.user(id).is_some(),
            Target::Schedule(id) => configuration.schedule(id).is_some(),
            Target::Team(id) => configuration.team(id).is_some(),
        };
        if !known {
            return Err(ApiError::field(&format!("to[{i}]"), "is not in the configuration"));
        }
    }
    Ok(())
}

pub(super) fn note(body: NoteBody) -> Result<Command, ApiError> {
    let length = body.text.chars().count();
    if body.text.trim().is_empty() || length > 10_000 {
        return Err(ApiError::field("text", format!("has 1 to 10,000 characters; this one has {length}")));
    }
    Ok(Command::Note(body.text))
}

pub(super) fn snooze(api: &Api, body: &SnoozeBody) -> Result<Command, ApiError> {
    let until = match (body.until, body.duration_s) {
        (Some(until), None) => until,
        (None, Some(s)) if s > 0 => {
            let now = api.command.clock.now();
            now.checked_add(SignedDuration::from_secs(i64::from(s))).map_err(|_| ApiError::field("duration_s", "is too long"))?
        }
        (None, Some(_)) => return Err(ApiError::field("duration_s", "is at least 1")),
        _ => return Err(ApiError::field("until", "give either until or duration_s")),
    };
    if until <= api.command.clock.now() {
        return Err(ApiError::field("until", "is not in the future"));
    }
    Ok(Command::Snooze(until))
}

macro_rules! command_route {
    ($(#[$doc:meta])* $name:ident, $path:literal, |$api:ident, $caller:ident, $body:ident: $body_type:ty| $command:expr) => {
        $(#[$doc])*
        #[utoipa::path(post, path = $path, params(
            ("incident" = String, Path, description = "Id or number"),
            ("Idempotency-Key" = Option<String>, Header, description = "1 to 200 characters: a command that was carried out under this key in the last week is not carried out again")
        ), request_body = $body_type, responses(
            (status = 200, body = IncidentView),
            refusal::Body, refusal::Forbidden, refusal::NotFound, refusal::Conflict, refusal::Always,
        ))]
        pub(crate) async fn $name(State($api): State<Arc<Api>>, $caller: Caller, key: Key, Path(reference): Path<String>, Body($body): Body<$body_type>) -> Answer {
            let wanted: Command = $command;
            command(&$api, &$caller, &reference, wanted, key.0.as_deref()).await
        }
    };
    ($(#[$doc:meta])* $name:ident, $path:literal, $command:expr) => {
        $(#[$doc])*
        #[utoipa::path(post, path = $path, params(("incident" = String, Path, description = "Id or number")), responses(
            (status = 200, body = IncidentView),
            refusal::Forbidden, refusal::NotFound, refusal::Conflict, refusal::Always,
        ))]
        pub(crate) async fn $name(State(api): State<Arc<Api>>, caller: Caller, Path(reference): Path<String>) -> Answer {
            command(&api, &caller, &reference, $command, None).await
        }
    };
}

command_route!(
    /// "I am on it": paging stops.
    acknowledge_incident,
    "/v1/incidents/{incident}/acknowledge",
    Command::Acknowledge
);
command_route!(
    /// "I can not do it after all": triggered again, from the first level.
    unacknowledge_incident,
    "/v1/incidents/{incident}/unacknowledge",
    Command::Unacknowledge
);
command_route!(
    /// "It is over."
    resolve_incident,
    "/v1/incidents/{incident}/resolve",
    Command::Resolve
);
command_route!(
    /// "It is not over after all": triggered again, from the first level. Its alerts stay closed: the next event of their keys is a new alert.
    reopen_incident,
    "/v1/incidents/{incident}/reopen",
    Command::Reopen
);
command_route!(
    /// The next level at once.
    escalate_incident,
    "/v1/incidents/{incident}/escalate",
    Command::EscalateNow
);
command_route!(
    /// Writes something down.
    note_incident,
    "/v1/incidents/{incident}/notes",
    |_api, _caller, body: NoteBody| note(body)?
);
command_route!(
    /// Puts it aside for a while; then it is triggered again.
    snooze_incident,
    "/v1/incidents/{incident}/snooze",
    |api, _caller, body: SnoozeBody| snooze(&api, &body)?
);
command_route!(
    /// Gives it to somebody else, who is paged at once; the policy goes on behind them.
    reassign_incident,
    "/v1/incidents/{incident}/reassign",
    |api, _caller, body: ReassignBody| {
        known(&api, &body.to).await?;
        Command::Reassign(body.to)
    }
);
command_route!(
    /// Sets or takes away the priority.
    prioritise_incident,
    "/v1/incidents/{incident}/priority",
    |_api, _caller, body: PriorityBody| Command::SetPriority(body.priority)
);
command_route!(
    /// Chooses which notification rules apply. From low to high an unanswered incident pages from its first level again; from high to low nobody is paged anew.
    /// The choice stands until an alert is worse than all there were when it was made.
    choose_urgency,
    "/v1/incidents/{incident}/urgency",
    |_api, _caller, body: UrgencyBody| Command::SetUrgency(body.urgency)
);
command_route!(
    /// Asks people to help. They are paged by their own rules, whoever has acknowledged, until they accept or decline. Who was asked before is not paged again.
    ask_responders,
    "/v1/incidents/{incident}/responders",
    |api, _caller, body: RespondersBody| {
        let length = body.message.chars().count();
        if length > MOST_MESSAGE_CHARS {
            return Err(ApiError::field("message", format!("has at most {MOST_MESSAGE_CHARS} characters; this one has {length}")));
        }
        known(&api, &body.to).await?;
        Command::AskResponders { to: body.to, message: body.message }
    }
);

fn who(caller: &Caller, body: AnswerBody) -> Result<UserId, ApiError> {
    let nobody = || ApiError::field("user", "is needed: this token stands for no person");
    body.user.or_else(|| caller.0.user.clone()).ok_or_else(nobody)
}

command_route!(
    /// Somebody who was asked to help accepts: their pages stop.
    accept_request,
    "/v1/incidents/{incident}/responders/accept",
    |_api, caller, body: AnswerBody| Command::AnswerRequest { user: who(&caller, body)?, accept: true }
);
command_route!(
    /// Somebody who was asked to help declines: they get no more pages for it.
    decline_request,
    "/v1/incidents/{incident}/responders/decline",
    |_api, caller, body: AnswerBody| Command::AnswerRequest { user: who(&caller, body)?, accept: false }
);
command_route!(
    /// Calls it something else.
    name_incident,
    "/v1/incidents/{incident}/title",
    |_api, _caller, body: TitleBody| {
        let title = clean(&body.title);
        if title.is_empty() || title.chars().count() > MOST_TITLE_CHARS {
            return Err(ApiError::field("title", format!("has 1 to {MOST_TITLE_CHARS} characters")));
        }
        Command::SetTitle(title)
    }
);
command_route!(
    /// Writes custom fields; those that are not named stay, null takes one away. An incident has at most 20.
    write_fields,
    "/v1/incidents/{incident}/fields",
    |_api, _caller, body: FieldsBody| {
        if let Some((name, wrong)) = body.fields.iter().find_map(|(name, value)| Some((name, wrong_field(name, value.as_ref())?))) {
            return Err(ApiError::field(&format!("fields.{}", cut(&clean(name), 40, "...")), wrong));
        }
        Command::SetFields(body.fields)
    }
);
command_route!(
    /// Says where those who work on it talk: a short address stands in later pages. Null takes it away.
    set_bridge,
    "/v1/incidents/{incident}/bridge",
    |_api, _caller, body: BridgeBody| {
        if let Some(wrong) = body.bridge.as_deref().and_then(wrong_bridge) {
            return Err(ApiError::field("bridge", wrong));
        }
        Command::SetBridge(body.bridge)
    }
);
