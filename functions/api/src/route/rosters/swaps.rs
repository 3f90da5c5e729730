//! Swaps: one person offers a time on call to another, who takes it or not.

use super::super::schedules::{SpanView, configured};
use super::{asker, strange};
use crate::caller::{Body, Caller};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tocsin_app::change_roster::{Amend, Amended, Asker};
use tocsin_domain::access::Action;
use tocsin_domain::id::{SwapId, UserId};
use tocsin_domain::schedule::swap::{Offer, Swap};
use tocsin_domain::schedule::{Schedule, Span};
use tocsin_lambda::problem::Problem;
use utoipa::ToSchema;

/// An offer to swap.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfferBody {
    /// Who offers; the caller where it is not given.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    from: Option<UserId>,
    /// To whom.
    #[schema(value_type = String)]
    to: UserId,
    /// When the other one would be on call instead.
    give: SpanBody,
    /// When the offering one would be on call in return.
    #[serde(default)]
    take: Option<SpanBody>,
    /// Why, for people; 200 characters at most.
    #[serde(default)]
    note: Option<String>,
}

/// A stretch of time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpanBody {
    /// First instant (RFC 3339).
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// First instant no more.
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
}

impl From<SpanBody> for Span {
    fn from(s: SpanBody) -> Self {
        Self { start: s.start, end: s.end }
    }
}

/// A swap.
#[derive(Serialize, ToSchema)]
#[schema(as = Swap)]
pub(crate) struct SwapView {
    id: String,
    from: String,
    to: String,
    give: SpanView,
    #[serde(skip_serializing_if = "Option::is_none")]
    take: Option<SpanView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Nobody can answer from here on.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// open, accepted, declined, withdrawn or expired.
    standing: &'static str,
}

fn swap_view(s: &Swap, now: Timestamp) -> SwapView {
    SwapView {
        id: s.id.to_string(),
        from: s.from.to_string(),
        to: s.to.to_string(),
        give: s.give.into(),
        take: s.take.map(Into::into),
        note: s.note.clone(),
        at: s.at,
        expires_at: s.expires_at(),
        standing: s.standing(now).as_str(),
    }
}

/// Swaps, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct SwapList {
    swaps: Vec<SwapView>,
}

/// Lists the swaps of a schedule: open ones, and what became of those of the last 100 days.
#[utoipa::path(get, path = "/v1/schedules/{schedule}/swaps", params(("schedule" = String, Path)), responses(
    (status = 200, body = SwapList),
    refusal::NotFound, refusal::Always,
))]
pub(crate) async fn list_swaps(State(api): State<Arc<Api>>, caller: Caller, Path(schedule): Path<String>) -> Result<Json<SwapList>, ApiError> {
    let schedule = configured(&api, &caller, &schedule, Action::ReadIncidents).await?;
    let now = api.command.clock.now();
    let roster = api.amend.roster(&schedule).await?;
    Ok(Json(SwapList { swaps: roster.swaps.iter().map(|s| swap_view(s, now)).collect() }))
}

/// Offers a time in which one is on call to somebody else. Nothing changes until they accept.
#[utoipa::path(post, path = "/v1/schedules/{schedule}/swaps", params(("schedule" = String, Path)), request_body = OfferBody, responses(
    (status = 200, body = SwapView),
    refusal::Body, refusal::Forbidden, refusal::NotFound, refusal::Always,
))]
pub(crate) async fn offer_swap(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(schedule): Path<String>,
    Body(body): Body<OfferBody>,
) -> Result<Json<SwapView>, ApiError> {
    let (schedule, asker) = asker(&api, &caller, &schedule).await?;
    let from = body.from.or_else(|| asker.user.clone()).ok_or_else(|| ApiError::field("from", "is missing: this token stands for no person"))?;
    let offer = Offer { from, to: body.to, give: body.give.into(), take: body.take.map(Into::into), note: body.note };
    a_swap(&api, &schedule, &Amend::Offer(offer), &asker).await
}

macro_rules! answer_swap {
    ($(#[$doc:meta])* $name:ident, $path:literal, $amend:path) => {
        $(#[$doc])*
        #[utoipa::path(post, path = $path, params(("schedule" = String, Path), ("swap" = String, Path)), responses(
            (status = 200, body = SwapView),
            refusal::Forbidden, refusal::NotFound, refusal::Conflict, refusal::Always,
        ))]
        pub(crate) async fn $name(
            State(api): State<Arc<Api>>,
            caller: Caller,
            Path((schedule, swap)): Path<(String, String)>,
        ) -> Result<Json<SwapView>, ApiError> {
            let (schedule, asker) = asker(&api, &caller, &schedule).await?;
            let swap: SwapId = swap.parse().map_err(|_| Problem::not_found("swap of this id"))?;
            a_swap(&api, &schedule, &$amend(swap), &asker).await
        }
    };
}

answer_swap!(
    /// Takes a swap that was offered to the caller: from now on the schedule says so. 409 where the schedule has changed since.
    accept_swap,
    "/v1/schedules/{schedule}/swaps/{swap}/accept",
    Amend::Accept
);
answer_swap!(
    /// Does not take a swap that was offered to the caller.
    decline_swap,
    "/v1/schedules/{schedule}/swaps/{swap}/decline",
    Amend::Decline
);
answer_swap!(
    /// Takes an offer back.
    withdraw_swap,
    "/v1/schedules/{schedule}/swaps/{swap}/withdraw",
    Amend::Withdraw
);

async fn a_swap(api: &Api, schedule: &Schedule, amend: &Amend, asker: &Asker) -> Result<Json<SwapView>, ApiError> {
    match api.amend.run(&schedule.id, amend, asker).await? {
        Amended::Swap(s) => Ok(Json(swap_view(&s, api.command.clock.now()))),
        Amended::Override(_) | Amended::Imported { .. } => Err(strange()),
    }
}
