//! Schedules at run time: overrides, imported shifts, swaps, and the record of who changed what.

use super::schedules::configured;
use crate::caller::{Body, Caller, Params};
use crate::error::ApiError;
use crate::state::Api;
use crate::view::ProblemView;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tocsin_app::change_roster::{Amend, AmendError, Amended, Asker};
use tocsin_app::ports::{RosterChange, RosterRecord};
use tocsin_domain::access::Action;
use tocsin_domain::id::{OverrideId, SwapId, UserId};
use tocsin_domain::schedule::roster::{AdHoc, Asked, Origin, Refused};
use tocsin_domain::schedule::swap::{Offer, Swap};
use tocsin_domain::schedule::{Change, Schedule, Span};
use tocsin_lambda::problem::{FieldError, Problem};
use utoipa::{IntoParams, ToSchema};

/// Shifts of one import.
const MOST_IMPORTED: usize = 1000;

impl From<AmendError> for ApiError {
    fn from(error: AmendError) -> Self {
        match error {
            AmendError::Forbidden => {
                let detail = "People change what is theirs: they put only themselves on call or off. An admin of the team may do it for others.";
                Problem::new(403, "forbidden", "Not allowed", detail).into()
            }
            AmendError::Refused(Refused::Invalid(problems)) => {
                let told = problems.into_iter().map(|p| FieldError { field: p.field, message: format!("{} ({})", p.message, p.suggestion) });
                Problem::invalid(told.collect()).into()
            }
            AmendError::Refused(Refused::NotFound(what)) => Problem::not_found(&what).into(),
            AmendError::Refused(Refused::Moved(why)) => Problem::new(409, "conflict", "Not possible now", why).into(),
            AmendError::App(e) => e.into(),
        }
    }
}

/// Who is on call instead, or too. Either `with` (alone: instead of everybody; with `layer` or `person`: instead of these) or `add`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OverrideBody)]
pub(crate) struct OverrideBody {
    /// First instant (RFC 3339).
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// First instant no more.
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    /// These people (an id, or a list of ids) answer.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    with: Option<serde_json::Value>,
    /// Only in this layer: its name, or its place from 1.
    #[serde(default)]
    layer: Option<String>,
    /// Only wherever this person would.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    person: Option<UserId>,
    /// These people (an id, or a list of ids) answer too.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    add: Option<serde_json::Value>,
    /// Why, for people; 200 characters at most.
    #[serde(default)]
    note: Option<String>,
}

impl OverrideBody {
    fn asked(self) -> Result<Asked, ApiError> {
        let mut change = serde_json::Map::new();
        for (field, value) in [("with", self.with), ("add", self.add)] {
            change.extend(value.filter(|v| !v.is_null()).map(|v| (field.to_owned(), v)));
        }
        change.extend(self.layer.map(|l| ("layer".to_owned(), l.into())));
        change.extend(self.person.map(|p| ("person".to_owned(), p.as_str().into())));
        let field = if change.contains_key("add") && !change.contains_key("with") { "add" } else { "with" };
        let change = serde_json::from_value::<Change>(change.into()).map_err(|e| ApiError::field(field, e.to_string()))?;
        Ok(Asked { start: self.start, end: self.end, change, note: self.note })
    }
}

/// A change of a schedule that was made at run time.
#[derive(Serialize, ToSchema)]
#[schema(as = Override)]
pub(crate) struct OverrideView {
    id: String,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    /// `with`, `layer`, `person`, `add`, as it was asked for.
    #[schema(value_type = Object)]
    change: Change,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Who made it.
    by: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// asked, swap or import.
    origin: &'static str,
    /// Who took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    removed_at: Option<Timestamp>,
}

impl From<AdHoc> for OverrideView {
    fn from(o: AdHoc) -> Self {
        let origin = match o.origin {
            Origin::Asked => "asked",
            Origin::Swap(_) => "swap",
            Origin::Import { .. } => "import",
        };
        let (removed_by, removed_at) = o.removed.map_or((None, None), |r| (Some(r.by.to_string()), Some(r.at)));
        Self {
            id: o.id.to_string(),
            start: o.start,
            end: o.end,
            change: o.change,
            note: o.note,
            by: o.by.to_string(),
            at: o.at,
            origin,
            removed_by,
            removed_at,
        }
    }
}

/// Overrides, oldest first; the newest wins.
#[derive(Serialize, ToSchema)]
pub(crate) struct OverrideList {
    overrides: Vec<OverrideView>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PastParams {
    /// Also those that are over or were taken back (kept for 100 days).
    past: Option<bool>,
}

/// Lists the overrides of a schedule that were made at run time and are not over.
#[utoipa::path(get, path = "/v1/schedules/{schedule}/overrides", params(("schedule" = String, Path), PastParams), responses(
    (status = 200, body = OverrideList),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn list_overrides(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(schedule): Path<String>,
    Params(p): Params<PastParams>,
) -> Result<Json<OverrideList>, ApiError> {
    let schedule = configured(&api, &caller, &schedule, Action::ReadIncidents).await?;
    let now = api.command.clock.now();
    let roster = api.amend.roster(&schedule).await?;
    let all = p.past.unwrap_or(false);
    let shown = roster.overrides.into_iter().filter(|o| all || (o.removed.is_none() && o.end > now));
    Ok(Json(OverrideList { overrides: shown.map(OverrideView::from).collect() }))
}

/// Puts somebody on call instead of, or beside, whom the schedule says. The same override again is that override.
#[utoipa::path(post, path = "/v1/schedules/{schedule}/overrides", params(("schedule" = String, Path)), request_body = OverrideBody, responses(
    (status = 200, body = OverrideView),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
    (status = 413, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn add_override(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(schedule): Path<String>,
    Body(body): Body<OverrideBody>,
) -> Result<Json<OverrideView>, ApiError> {
    let (schedule, asker) = asker(&api, &caller, &schedule).await?;
    an_override(api.amend.run(&schedule.id, &Amend::Add(body.asked()?), &asker).await?)
}

/// Takes an override back. One that has begun ends now; one that is over stays as it was.
#[utoipa::path(delete, path = "/v1/schedules/{schedule}/overrides/{override}", params(("schedule" = String, Path), ("override" = String, Path)), responses(
    (status = 200, body = OverrideView),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
    (status = 409, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn remove_override(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((schedule, id)): Path<(String, String)>,
) -> Result<Json<OverrideView>, ApiError> {
    let (schedule, asker) = asker(&api, &caller, &schedule).await?;
    let id: OverrideId = id.parse().map_err(|_| Problem::not_found("override of this id"))?;
    an_override(api.amend.run(&schedule.id, &Amend::Remove(id), &asker).await?)
}

/// Shifts of a calendar.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportBody {
    /// All of them, 1000 at most; what was imported under the same name before and is missing here is taken back.
    #[schema(max_items = 1000)]
    shifts: Vec<ImportedShift>,
}

/// One shift of a calendar.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportedShift {
    /// The same for the same shift at every import.
    #[schema(min_length = 1, max_length = 300)]
    uid: String,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    /// Who is on call, beside whom the schedule says.
    #[schema(value_type = String)]
    user: UserId,
    /// For people; 200 characters at most.
    #[serde(default)]
    note: Option<String>,
}

/// What an import did.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportView {
    added: usize,
    removed: usize,
    kept: usize,
}

/// Makes the shifts that were imported under a name be exactly these. Importing the same again changes nothing; shifts that are over stay as they were.
#[utoipa::path(put, path = "/v1/schedules/{schedule}/imports/{source}", params(("schedule" = String, Path), ("source" = String, Path)),
    request_body = ImportBody, responses(
    (status = 200, body = ImportView),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
    (status = 413, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn import_shifts(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((schedule, source)): Path<(String, String)>,
    Body(body): Body<ImportBody>,
) -> Result<Json<ImportView>, ApiError> {
    let (schedule, asker) = asker(&api, &caller, &schedule).await?;
    if !asker.for_anybody {
        return Err(AmendError::Forbidden.into());
    }
    // A name as configured ids have.
    let source: tocsin_domain::id::ScheduleId = source.parse().map_err(|e: tocsin_domain::id::IdError| ApiError::field("source", e.to_string()))?;
    if body.shifts.len() > MOST_IMPORTED {
        return Err(ApiError::field("shifts", format!("are more than {MOST_IMPORTED}: import fewer days")));
    }
    let turn = |user| tocsin_domain::schedule::Turn(vec![user]);
    let asked = |s: ImportedShift| (s.uid, Asked { start: s.start, end: s.end, change: Change::Add { add: turn(s.user) }, note: s.note });
    match api.amend.run(&schedule.id, &Amend::Import(source.to_string(), body.shifts.into_iter().map(asked).collect()), &asker).await? {
        Amended::Imported { added, removed, kept } => Ok(Json(ImportView { added, removed, kept })),
        Amended::Override(_) | Amended::Swap(_) => Err(strange()),
    }
}

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
    give: super::schedules::SpanView,
    #[serde(skip_serializing_if = "Option::is_none")]
    take: Option<super::schedules::SpanView>,
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
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
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
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
    (status = 413, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
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
            (status = 401, body = ProblemView, content_type = "application/problem+json"),
            (status = 403, body = ProblemView, content_type = "application/problem+json"),
            (status = 404, body = ProblemView, content_type = "application/problem+json"),
            (status = 409, body = ProblemView, content_type = "application/problem+json"),
            (status = 503, body = ProblemView, content_type = "application/problem+json"),
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

/// Who changed a schedule at run time.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeList {
    changes: Vec<ChangeView>,
    /// For `before`; none at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// One change.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduleChange)]
pub(crate) struct ChangeView {
    revision: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    by: String,
    /// added, removed, offered, accepted, declined, withdrawn or imported, with what.
    #[schema(value_type = Object)]
    what: RosterChange,
}

impl From<RosterRecord> for ChangeView {
    fn from(r: RosterRecord) -> Self {
        Self { revision: r.revision, at: r.at, by: r.by.to_string(), what: r.what }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeParams {
    /// 1 to 100; 50 where it is not given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next` of the answer before.
    before: Option<u64>,
}

/// Lists who changed a schedule at run time, when and how: latest first, kept for 400 days.
#[utoipa::path(get, path = "/v1/schedules/{schedule}/changes", params(("schedule" = String, Path), ChangeParams), responses(
    (status = 200, body = ChangeList),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn list_changes(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(schedule): Path<String>,
    Params(p): Params<ChangeParams>,
) -> Result<Json<ChangeList>, ApiError> {
    let schedule = configured(&api, &caller, &schedule, Action::ReadIncidents).await?;
    let limit = p.limit.unwrap_or(50);
    if !(1..=100).contains(&limit) {
        return Err(ApiError::field("limit", "is 1 to 100"));
    }
    let changes: Vec<ChangeView> = api.amend.records(&schedule.id, p.before, limit).await?.into_iter().map(ChangeView::from).collect();
    let next = changes.last().filter(|c| changes.len() == limit && c.revision > 1).map(|c| c.revision);
    Ok(Json(ChangeList { changes, next }))
}

/// The schedule, and what the caller may do to it.
async fn asker(api: &Api, caller: &Caller, reference: &str) -> Result<(Schedule, Asker), ApiError> {
    let schedule = configured(api, caller, reference, Action::OverrideOwn).await?;
    let for_anybody = caller.may(Action::OverrideAnybody, &schedule.team);
    Ok((schedule, Asker { by: caller.actor(), user: caller.0.user.clone(), for_anybody }))
}

fn an_override(amended: Amended) -> Result<Json<OverrideView>, ApiError> {
    match amended {
        Amended::Override(o) => Ok(Json(o.into())),
        Amended::Swap(_) | Amended::Imported { .. } => Err(strange()),
    }
}

async fn a_swap(api: &Api, schedule: &Schedule, amend: &Amend, asker: &Asker) -> Result<Json<SwapView>, ApiError> {
    match api.amend.run(&schedule.id, amend, asker).await? {
        Amended::Swap(s) => Ok(Json(swap_view(&s, api.command.clock.now()))),
        Amended::Override(_) | Amended::Imported { .. } => Err(strange()),
    }
}

/// A use case answers what it was asked; should it not, the caller looks again.
fn strange() -> ApiError {
    Problem::new(503, "unavailable", "Not available just now", "It was done, but what became of it is not known: look at the schedule.").into()
}
