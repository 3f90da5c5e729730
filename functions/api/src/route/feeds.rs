//! Calendar feeds of schedules and people: make, list, revoke. What a feed shows is at an address of its own (`/calendar/TOKEN.ics`).

use super::schedules::configured;
use crate::caller::{Body, Caller};
use crate::error::ApiError;
use crate::refusal;
use crate::state::Api;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tocsin_app::ports::{Feed, FeedOf};
use tocsin_domain::access::Action;
use tocsin_domain::id::{FeedId, TeamId, UserId};
use tocsin_lambda::problem::Problem;
use utoipa::ToSchema;

/// What to call a feed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedBody {
    /// Where it is used ("my phone"); 100 characters at most.
    #[serde(default)]
    name: String,
}

/// A calendar feed.
#[derive(Serialize, ToSchema)]
#[schema(as = Feed)]
pub(crate) struct FeedView {
    id: String,
    name: String,
    /// Who made it.
    by: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl From<&Feed> for FeedView {
    fn from(f: &Feed) -> Self {
        Self { id: f.id.to_string(), name: f.name.clone(), by: f.by.to_string(), at: f.at }
    }
}

/// A feed with its secret address, which is shown now and never again.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeFeed {
    #[serde(flatten)]
    feed: FeedView,
    /// Behind the address of the deployment. Whoever knows it reads the calendar.
    path: String,
}

/// Feeds, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeedList {
    feeds: Vec<FeedView>,
}

// The formatter moves the lines within the attributes further each time.
#[rustfmt::skip]
macro_rules! feed_routes {
    ($what:literal, $of:ident, $list:ident, $make:ident, $revoke:ident, $path:literal, $one:literal) => {
        #[doc = concat!("Lists the calendar feeds of a ", $what, ".")]
        #[utoipa::path(get, path = $path, params(($what = String, Path)), responses(
            (status = 200, body = FeedList),
            refusal::Forbidden, refusal::NotFound, refusal::Always,
        ))]
        pub(crate) async fn $list(State(api): State<Arc<Api>>, caller: Caller, Path(id): Path<String>) -> Result<Json<FeedList>, ApiError> {
            let (of, _) = $of(&api, &caller, &id).await?;
            Ok(Json(FeedList { feeds: api.calendars.list(&of).await?.iter().map(FeedView::from).collect() }))
        }

        #[doc = concat!("Makes a calendar feed of a ", $what, ": a secret address for calendar programs. 20 at most.")]
        #[utoipa::path(post, path = $path, params(($what = String, Path)), request_body = FeedBody, responses(
            (status = 200, body = MadeFeed),
            refusal::Body, refusal::Forbidden, refusal::NotFound, refusal::Always,
        ))]
        pub(crate) async fn $make(
            State(api): State<Arc<Api>>,
            caller: Caller,
            Path(id): Path<String>,
            Body(body): Body<FeedBody>,
        ) -> Result<Json<MadeFeed>, ApiError> {
            let (of, team) = $of(&api, &caller, &id).await?;
            let (feed, token) = api.calendars.make(of, team, body.name, caller.actor()).await?;
            Ok(Json(MadeFeed { feed: FeedView::from(&feed), path: format!("/calendar/{token}.ics") }))
        }

        #[doc = concat!("Ends a calendar feed of a ", $what, ": its address opens nothing any more. Whoever made it may, and admins.")]
        #[utoipa::path(delete, path = $one, params(($what = String, Path), ("feed" = String, Path)), responses(
            (status = 200, body = FeedView),
            refusal::Forbidden, refusal::NotFound, refusal::Always,
        ))]
        pub(crate) async fn $revoke(State(api): State<Arc<Api>>, caller: Caller, Path((id, feed)): Path<(String, String)>) -> Result<Json<FeedView>, ApiError> {
            let (of, team) = $of(&api, &caller, &id).await?;
            revoke(&api, &caller, &of, team.as_ref(), &feed).await
        }
    };
}

feed_routes!(
    "schedule",
    of_schedule,
    list_schedule_feeds,
    make_schedule_feed,
    revoke_schedule_feed,
    "/v1/schedules/{schedule}/feeds",
    "/v1/schedules/{schedule}/feeds/{feed}"
);
feed_routes!("user", of_user, list_user_feeds, make_user_feed, revoke_user_feed, "/v1/users/{user}/feeds", "/v1/users/{user}/feeds/{feed}");

async fn of_schedule(api: &Api, caller: &Caller, id: &str) -> Result<(FeedOf, Option<TeamId>), ApiError> {
    let schedule = configured(api, caller, id, Action::OverrideOwn).await?;
    Ok((FeedOf::Schedule(schedule.id), Some(schedule.team)))
}

/// One's own, or anybody's for admins of the deployment. To everybody else there are no people.
async fn of_user(api: &Api, caller: &Caller, id: &str) -> Result<(FeedOf, Option<TeamId>), ApiError> {
    let not_found = || ApiError::from(Problem::not_found("user of this id"));
    let user: UserId = id.parse().map_err(|_| not_found())?;
    if caller.0.user.as_ref() != Some(&user) && caller.must(Action::OverrideAnybody).is_err() {
        return Err(not_found());
    }
    let (_, configuration) = api.configuration.current().await?;
    configuration.user(&user).ok_or_else(not_found)?;
    Ok((FeedOf::User(user), None))
}

async fn revoke(api: &Api, caller: &Caller, of: &FeedOf, team: Option<&TeamId>, feed: &str) -> Result<Json<FeedView>, ApiError> {
    let not_found = || ApiError::from(Problem::not_found("feed of this id"));
    let id: FeedId = feed.parse().map_err(|_| not_found())?;
    let by = caller.actor();
    let theirs = |f: &Feed| team.is_none_or(|t| caller.may(Action::OverrideAnybody, t)) || f.by == by;
    let revoked = api.calendars.revoke(of, id, theirs).await?.ok_or_else(not_found)?;
    Ok(Json(FeedView::from(&revoked)))
}
