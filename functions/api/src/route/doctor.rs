//! What would keep a page from arriving, as far as the table and the topics can tell. The command adds what only the deployer's credentials can see.

use super::configuration::email_state;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use tocsin_app::ports::EmailState;
use tocsin_domain::access::Action;
use tocsin_domain::configuration::Channel;
use tocsin_domain::id::ContactId;
use tocsin_domain::notification::plan::people;
use utoipa::ToSchema;

/// What was found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Findings {
    findings: Vec<Finding>,
}

/// One finding.
#[derive(Serialize, ToSchema)]
pub(crate) struct Finding {
    /// error (a page will not arrive), warning or ok.
    level: &'static str,
    what: String,
    next_step: String,
}

/// Examines configuration and contact methods.
#[utoipa::path(get, path = "/v1/doctor", responses(
    (status = 200, body = Findings),
    refusal::Forbidden, refusal::Always,
))]
pub(crate) async fn examine(State(api): State<Arc<Api>>, caller: Caller) -> Result<Json<Findings>, ApiError> {
    caller.must(Action::ReadConfiguration)?;
    let (version, configuration) = api.rosters.current_all().await?;
    let now = api.command.clock.now();
    let mut findings = Vec::new();
    let mut add = |level, what: String, next_step: &str| findings.push(Finding { level, what, next_step: next_step.to_owned() });
    if version == 0 {
        add("error", "there is no configuration: nobody can be paged".to_owned(), "tocsin apply FILE");
    }
    for user in configuration.users.iter().filter(|u| u.contact_methods.is_empty()) {
        add("error", format!("user {} has no contact method", user.id), "add one to the configuration and apply it");
    }
    let phones: BTreeMap<ContactId, bool> = api.verify.phones(&configuration).await?.into_iter().collect();
    for user in &configuration.users {
        let mut verified = user.contact_methods.iter().any(|m| phones.get(&m.id) == Some(&true));
        for method in user.contact_methods.iter().filter(|m| m.kind == Channel::Email) {
            let state = api.emails.state(&method.id, &method.to).await?;
            verified |= state == EmailState::Confirmed;
            api.verify.heard(&configuration, &[(method.id.clone(), state)]).await?;
            let what = format!("e-mail contact method {} of {} is {}", method.id, user.id, email_state(state));
            match state {
                EmailState::Confirmed => add("ok", what, ""),
                EmailState::Pending => add("error", what, "its owner has to open the link in the mail that AWS sent"),
                EmailState::Missing => add("error", what, "apply the configuration again: a new confirmation is sent"),
            }
        }
        for method in user.contact_methods.iter().filter(|m| m.kind == Channel::Sms) {
            let what = format!("phone {} of {} is", method.id, user.id);
            let next = format!("tocsin contact verify {}", method.id);
            match (phones.get(&method.id) == Some(&true), verified) {
                (true, _) => add("ok", format!("{what} verified"), ""),
                (false, true) => add("warning", format!("{what} not verified: pages go there, but nobody knows whether they arrive"), &next),
                (false, false) => {
                    add("error", format!("{what} not verified, and {} has no other way: the last-resort contact is paged beside", user.id), &next);
                }
            }
        }
    }
    for policy in &configuration.policies {
        for (i, level) in policy.levels.iter().enumerate() {
            if level.targets.iter().all(|t| people(t, &configuration, now).is_err()) {
                add("warning", format!("level {} of policy {} would reach nobody now", i + 1, policy.id), "look at its schedules: tocsin oncall");
            }
        }
    }
    Ok(Json(Findings { findings }))
}
