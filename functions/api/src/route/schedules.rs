//! Schedules as they are now: who is on call over a range and why, gaps, overlaps, hours; and a schedule that is not saved yet.

use crate::caller::{Body, Caller, Params};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::{Path, State};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tocsin_domain::access::Action;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::id::ScheduleId;
use tocsin_domain::schedule::{Schedule, Shift, Span};
use tocsin_lambda::problem::{FieldError, Problem};
use utoipa::{IntoParams, ToSchema};

/// Days of a range where no end is given.
const DAYS: i64 = 28;
/// The longest range.
const MOST_DAYS: i64 = 400;
/// Shifts, gaps and overlaps of one answer, each.
const MOST_SHOWN: usize = 1000;
/// Work of one answer; see [`Schedule::effort`]. About a tenth of a second.
const MOST_EFFORT: u64 = 400_000;
/// Layers of a schedule that is not saved yet.
const MOST_LAYERS: usize = 50;
/// Turns of a layer.
const MOST_MEMBERS: usize = 200;
/// People of one turn.
const MOST_TOGETHER: usize = 50;
/// Restrictions of a layer.
const MOST_RESTRICTIONS: usize = 50;
/// Overrides of one.
const MOST_OVERRIDES: usize = 500;

/// Schedules.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScheduleList {
    schedules: Vec<ScheduleView>,
}

/// A schedule.
#[derive(Serialize, ToSchema)]
#[schema(as = Schedule)]
pub(crate) struct ScheduleView {
    schedule: String,
    team: String,
    name: String,
    /// IANA zone of its wall-clock times.
    time_zone: String,
    layers: usize,
    /// Who is on call now.
    on_call: Vec<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RangeParams {
    /// First instant (RFC 3339); now where it is not given.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// First instant no more: 28 days later where it is not given, 400 days later at most.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// The final schedule of a range.
#[derive(Serialize, ToSchema)]
pub(crate) struct Shifts {
    schedule: String,
    time_zone: String,
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// What is told goes up to here: less far than was asked for where there is too much of it. Go on from here.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// Whether that is all that was asked for.
    complete: bool,
    /// By start. Cut at the ends of the range.
    shifts: Vec<ShiftView>,
    /// When nobody is on call.
    gaps: Vec<SpanView>,
    /// When several people are.
    overlaps: Vec<OverlapView>,
}

/// One person on call for one reason.
#[derive(Serialize, ToSchema)]
#[schema(as = Shift)]
pub(crate) struct ShiftView {
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    user: String,
    name: String,
    /// Why, in words.
    reason: String,
    /// Why, as data: by turn (layer, turn, since, until) or by override.
    #[schema(value_type = Object)]
    why: tocsin_domain::schedule::Why,
}

/// A stretch of time.
#[derive(Serialize, ToSchema)]
#[schema(as = Span)]
pub(crate) struct SpanView {
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
}

impl From<Span> for SpanView {
    fn from(s: Span) -> Self {
        Self { start: s.start, end: s.end }
    }
}

/// Several people at once.
#[derive(Serialize, ToSchema)]
#[schema(as = Overlap)]
pub(crate) struct OverlapView {
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    users: Vec<String>,
}

/// Hours on call in a range.
#[derive(Serialize, ToSchema)]
pub(crate) struct HoursList {
    schedule: String,
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    people: Vec<HoursView>,
}

/// One person's time on call, in seconds that really pass.
#[derive(Serialize, ToSchema)]
#[schema(as = Hours)]
pub(crate) struct HoursView {
    user: String,
    name: String,
    total_s: i64,
    /// Of it between 22:00 and 06:00 on the schedule's clock.
    night_s: i64,
    /// Of it on Saturdays and Sundays; their nights count here too.
    weekend_s: i64,
}

/// A schedule to look at before it is saved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewBody {
    /// As in the configuration.
    #[schema(value_type = Object)]
    schedule: serde_json::Value,
    /// First instant; now where it is not given.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// First instant no more; 28 days later where it is not given.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// What a schedule would do.
#[derive(Serialize, ToSchema)]
pub(crate) struct Preview {
    #[serde(flatten)]
    shifts: Shifts,
    people: Vec<HoursView>,
    /// Members who have turns in the range, but never while their layer is open.
    idle: Vec<IdleView>,
}

/// A member without a shift.
#[derive(Serialize, ToSchema)]
#[schema(as = IdleMember)]
pub(crate) struct IdleView {
    user: String,
    layer: String,
}

/// Lists the schedules that the caller may see.
#[utoipa::path(get, path = "/v1/schedules", responses(
    (status = 200, body = ScheduleList),
    refusal::Always,
))]
pub(crate) async fn list_schedules(State(api): State<Arc<Api>>, caller: Caller) -> Result<Json<ScheduleList>, ApiError> {
    let (_, configuration) = api.rosters.current_all().await?;
    let now = api.command.clock.now();
    let seen = configuration.schedules.iter().filter(|s| caller.may(Action::ReadIncidents, &s.team));
    let schedules = seen.map(|s| ScheduleView {
        schedule: s.id.to_string(),
        team: s.team.to_string(),
        name: s.name.clone(),
        time_zone: s.time_zone.clone(),
        layers: s.layers.len(),
        on_call: s.on_call(now).into_iter().map(|o| o.user.to_string()).collect(),
    });
    Ok(Json(ScheduleList { schedules: schedules.collect() }))
}

/// Tells who is on call over a range, and why, with gaps and overlaps.
#[utoipa::path(get, path = "/v1/schedules/{schedule}/shifts", params(("schedule" = String, Path), RangeParams), responses(
    (status = 200, body = Shifts),
    refusal::Invalid, refusal::NotFound, refusal::Always,
))]
pub(crate) async fn show_shifts(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(schedule): Path<String>,
    Params(p): Params<RangeParams>,
) -> Result<Json<Shifts>, ApiError> {
    let (schedule, configuration) = laid(&api, &caller, &schedule).await?;
    let range = range(p.from, p.until, api.command.clock.now())?;
    bearable(&schedule, range)?;
    Ok(Json(shifts(&schedule, &configuration, range)))
}

/// Tells how long each person is on call in a range: in all, at night, at weekends.
#[utoipa::path(get, path = "/v1/schedules/{schedule}/hours", params(("schedule" = String, Path), RangeParams), responses(
    (status = 200, body = HoursList),
    refusal::Invalid, refusal::NotFound, refusal::Always,
))]
pub(crate) async fn show_hours(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(schedule): Path<String>,
    Params(p): Params<RangeParams>,
) -> Result<Json<HoursList>, ApiError> {
    let (schedule, configuration) = laid(&api, &caller, &schedule).await?;
    let range = range(p.from, p.until, api.command.clock.now())?;
    bearable(&schedule, range)?;
    let people = hours(&schedule, &configuration, range);
    Ok(Json(HoursList { schedule: schedule.id.to_string(), from: range.start, until: range.end, people }))
}

/// Shows what a schedule would do that is not saved: shifts, gaps, overlaps, hours, members without a shift. Nothing is stored.
#[utoipa::path(post, path = "/v1/schedules/preview", request_body = PreviewBody, responses(
    (status = 200, body = Preview),
    refusal::Body, refusal::Always,
))]
pub(crate) async fn preview_schedule(State(api): State<Arc<Api>>, _caller: Caller, Body(wanted): Body<PreviewBody>) -> Result<Json<Preview>, ApiError> {
    let schedule: Schedule = serde_path_to_error::deserialize(&wanted.schedule)
        .map_err(|e| ApiError::field(&format!("schedule.{}", e.path()).replace("schedule..", "schedule"), e.inner().to_string()))?;
    moderate(&schedule)?;
    let problems = schedule.validate();
    if !problems.is_empty() {
        let told = problems.into_iter().map(|p| FieldError { field: format!("schedule.{}", p.field), message: format!("{} ({})", p.message, p.suggestion) });
        return Err(Problem::invalid(told.collect()).into());
    }
    let range = range(wanted.from, wanted.until, api.command.clock.now())?;
    bearable(&schedule, range)?;
    let nobody = Configuration::default();
    let idle = schedule.idle_members(range.start, range.end).into_iter().map(|i| IdleView { user: i.user.to_string(), layer: i.layer });
    Ok(Json(Preview { people: hours(&schedule, &nobody, range), idle: idle.collect(), shifts: shifts(&schedule, &nobody, range) }))
}

/// Refuses lists that are longer than anybody's: looking through them for mistakes takes time too.
fn moderate(schedule: &Schedule) -> Result<(), ApiError> {
    let check = |field: String, length: usize, most: usize| if length > most { Err(ApiError::field(&field, format!("are more than {most}"))) } else { Ok(()) };
    check("schedule.layers".to_owned(), schedule.layers.len(), MOST_LAYERS)?;
    check("schedule.overrides".to_owned(), schedule.overrides.len(), MOST_OVERRIDES)?;
    for (i, layer) in schedule.layers.iter().enumerate() {
        check(format!("schedule.layers[{i}].members"), layer.members.len(), MOST_MEMBERS)?;
        check(format!("schedule.layers[{i}].restrictions"), layer.restrictions.len(), MOST_RESTRICTIONS)?;
        check(format!("schedule.layers[{i}].rotation"), layer.rotation.turns(), MOST_MEMBERS)?;
        for (j, turn) in layer.members.iter().enumerate() {
            check(format!("schedule.layers[{i}].members[{j}]"), turn.0.len(), MOST_TOGETHER)?;
        }
        for (j, restriction) in layer.restrictions.iter().enumerate() {
            check(format!("schedule.layers[{i}].restrictions[{j}].days"), restriction.days.len(), 7)?;
        }
    }
    for (i, change) in schedule.overrides.iter().enumerate() {
        check(format!("schedule.overrides[{i}]"), change.change.people().len(), MOST_TOGETHER)?;
    }
    Ok(())
}

/// A schedule as it is configured. Another team's is not found; what the caller's role does not allow is forbidden.
pub(super) async fn configured(api: &Api, caller: &Caller, reference: &str, action: Action) -> Result<Schedule, ApiError> {
    let (_, configuration) = api.configuration.current().await?;
    seen(&configuration, caller, reference, action)
}

fn seen(configuration: &Configuration, caller: &Caller, reference: &str, action: Action) -> Result<Schedule, ApiError> {
    let id = reference.parse::<ScheduleId>().ok();
    let found = id.and_then(|id| configuration.schedule(&id)).filter(|s| caller.may(Action::ReadIncidents, &s.team));
    let schedule = found.ok_or_else(|| Problem::not_found("schedule of this id"))?;
    if !caller.may(action, &schedule.team) {
        return Err(Problem::forbidden().into());
    }
    Ok(schedule.clone())
}

/// A schedule as people changed it at run time.
async fn laid(api: &Api, caller: &Caller, reference: &str) -> Result<(Schedule, Arc<Configuration>), ApiError> {
    let named: Vec<ScheduleId> = reference.parse().into_iter().collect();
    let (_, configuration) = api.rosters.current(&named).await?;
    Ok((seen(&configuration, caller, reference, Action::ReadIncidents)?, configuration))
}

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

fn range(from: Option<Timestamp>, until: Option<Timestamp>, now: Timestamp) -> Result<Span, ApiError> {
    let start = from.unwrap_or(now);
    let end = match until {
        Some(until) => until,
        None => start.checked_add(days(DAYS)).map_err(|_| ApiError::field("from", "is too far away"))?,
    };
    // What schedules can say, with room for the longest turns.
    let years = -2_208_988_800..7_258_118_400_i64;
    for (field, at) in [("from", start), ("until", end)] {
        if !years.contains(&at.as_second()) {
            return Err(ApiError::field(field, "is too far away: years go from 1900 to 2199"));
        }
    }
    if end <= start {
        return Err(ApiError::field("until", "is not after `from`"));
    }
    if end.duration_since(start) > days(MOST_DAYS) {
        return Err(ApiError::field("until", format!("is more than {MOST_DAYS} days after `from`: ask for less at a time")));
    }
    Ok(Span { start, end })
}

/// Refuses what would take long.
fn bearable(schedule: &Schedule, range: Span) -> Result<(), ApiError> {
    if schedule.effort(range.start, range.end) > MOST_EFFORT {
        return Err(ApiError::field("until", "is too far from `from` for a schedule that turns over so often: ask for less at a time"));
    }
    Ok(())
}

fn name(configuration: &Configuration, user: &tocsin_domain::id::UserId) -> String {
    configuration.user(user).map_or_else(|| user.to_string(), |u| u.name.clone())
}

fn shifts(schedule: &Schedule, configuration: &Configuration, range: Span) -> Shifts {
    let all = schedule.shifts(range.start, range.end);
    let (gaps, overlaps) = (schedule.gaps(range.start, range.end), schedule.overlaps(range.start, range.end));
    // The first instant from which on something would be too much.
    let cuts = [all.get(MOST_SHOWN).map(|s| s.start), gaps.get(MOST_SHOWN).map(|s| s.start), overlaps.get(MOST_SHOWN).map(|s| s.start)];
    let until = cuts.into_iter().flatten().min().filter(|cut| *cut > range.start).unwrap_or(range.end);
    let view = |s: Shift| ShiftView {
        start: s.start,
        end: s.end.min(until),
        name: name(configuration, &s.user),
        user: s.user.to_string(),
        reason: schedule.reason(&s.why),
        why: s.why,
    };
    let overlap =
        |o: tocsin_domain::schedule::Overlap| OverlapView { start: o.start, end: o.end.min(until), users: o.users.iter().map(ToString::to_string).collect() };
    Shifts {
        schedule: schedule.id.to_string(),
        time_zone: schedule.time_zone.clone(),
        from: range.start,
        until,
        complete: until == range.end,
        shifts: all.into_iter().take_while(|s| s.start < until).map(view).collect(),
        gaps: gaps.into_iter().take_while(|g| g.start < until).map(|g| SpanView { start: g.start, end: g.end.min(until) }).collect(),
        overlaps: overlaps.into_iter().take_while(|o| o.start < until).map(overlap).collect(),
    }
}

fn hours(schedule: &Schedule, configuration: &Configuration, range: Span) -> Vec<HoursView> {
    let all = schedule.hours(range.start, range.end);
    let view = |(user, h): (tocsin_domain::id::UserId, tocsin_domain::schedule::Hours)| HoursView {
        name: name(configuration, &user),
        user: user.to_string(),
        total_s: h.total_s,
        night_s: h.night_s,
        weekend_s: h.weekend_s,
    };
    all.into_iter().map(view).collect()
}
