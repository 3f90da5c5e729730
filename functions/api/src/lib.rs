//! Api: what people and their tools do with incidents and configuration, and the page behind an acknowledge link.
//!
//! Called by: the HTTP API's default route. Handlers translate: they authenticate, ask [`authorize`](tocsin_domain::access::authorize), run a use case and show its answer.
//! Refuses to page and to escalate: commands write the incident, all effects follow from the stream.

pub mod calendar;
mod caller;
mod error;
pub mod link_page;
mod refusal;
mod route;
pub mod state;
mod view;
pub mod whole_path;

use axum::Router;
use axum::http::{HeaderValue, Method, Uri, header};
use axum::response::Response;
use error::ApiError;
pub use state::Api;
use std::sync::Arc;
use tocsin_lambda::problem::Problem;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(OpenApi)]
#[openapi(
    info(title = "Tocsin", description = "On-call and incident management. Errors are problem+json (RFC 9457)."),
    modifiers(&BearerToken),
    components(schemas(view::ProblemView)),
    security(("token" = []))
)]
struct Document;

struct BearerToken;

impl utoipa::Modify for BearerToken {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API token; `tocsin init` makes the first one.")).build();
        openapi.components.get_or_insert_default().add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// Every route that stands in the OpenAPI document.
fn documented() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(route::incidents::list_incidents))
        .routes(routes!(route::incidents::show_incident))
        .routes(routes!(route::commands::acknowledge_incident))
        .routes(routes!(route::commands::unacknowledge_incident))
        .routes(routes!(route::commands::resolve_incident))
        .routes(routes!(route::commands::reopen_incident))
        .routes(routes!(route::commands::escalate_incident))
        .routes(routes!(route::commands::note_incident))
        .routes(routes!(route::commands::snooze_incident))
        .routes(routes!(route::commands::reassign_incident))
        .routes(routes!(route::commands::prioritise_incident))
        .routes(routes!(route::commands::choose_urgency))
        .routes(routes!(route::commands::name_incident))
        .routes(routes!(route::commands::write_fields))
        .routes(routes!(route::commands::set_bridge))
        .routes(routes!(route::bulk::command_incidents))
        .routes(routes!(route::merges::merge_incidents))
        .routes(routes!(route::merges::split_incident))
        .routes(routes!(route::commands::ask_responders))
        .routes(routes!(route::commands::accept_request))
        .routes(routes!(route::commands::decline_request))
        .routes(routes!(route::on_call::who_is_on_call))
        .routes(routes!(route::turns::list_turns))
        .routes(routes!(route::heartbeats::list_heartbeats))
        .routes(routes!(route::maintenance::list_maintenance, route::maintenance::start_maintenance))
        .routes(routes!(route::maintenance::show_maintenance, route::maintenance::end_maintenance))
        .routes(routes!(route::schedules::list_schedules))
        .routes(routes!(route::schedules::preview_schedule))
        .routes(routes!(route::schedules::show_shifts))
        .routes(routes!(route::schedules::show_hours))
        .routes(routes!(route::rosters::everywhere::list_all_overrides))
        .routes(routes!(route::rosters::overrides::list_overrides, route::rosters::overrides::add_override))
        .routes(routes!(route::rosters::overrides::remove_override))
        .routes(routes!(route::rosters::imports::import_shifts))
        .routes(routes!(route::rosters::swaps::list_swaps, route::rosters::swaps::offer_swap))
        .routes(routes!(route::rosters::swaps::accept_swap))
        .routes(routes!(route::rosters::swaps::decline_swap))
        .routes(routes!(route::rosters::swaps::withdraw_swap))
        .routes(routes!(route::rosters::changes::list_changes))
        .routes(routes!(route::feeds::list_schedule_feeds, route::feeds::make_schedule_feed))
        .routes(routes!(route::feeds::revoke_schedule_feed))
        .routes(routes!(route::feeds::list_user_feeds, route::feeds::make_user_feed))
        .routes(routes!(route::feeds::revoke_user_feed))
        .routes(routes!(route::ledger::trace_events))
        .routes(routes!(route::ledger::audit_ledger))
        .routes(routes!(route::configuration::show_configuration, route::configuration::apply_configuration))
        .routes(routes!(route::history::list_versions))
        .routes(routes!(route::history::show_version))
        .routes(routes!(route::history::rollback_configuration))
        .routes(routes!(route::configuration::rotate_key))
        .routes(routes!(route::configuration::revoke_key))
        .routes(routes!(route::teams::show_part, route::teams::apply_part))
        .routes(routes!(route::people::show_me))
        .routes(routes!(route::people::show_reach, route::people::change_reach))
        .routes(routes!(route::contacts::ask_contact))
        .routes(routes!(route::contacts::confirm_contact))
        .routes(routes!(route::doctor::examine))
}

/// The OpenAPI 3.1 document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().split_for_parts().1
}

/// All routes over their use cases.
pub fn router(api: Api) -> Router {
    let (documented, openapi) = documented().split_for_parts();
    let json = serde_json::to_string(&openapi).unwrap_or_default();
    documented
        .route("/openapi.json", axum::routing::get(move || async move { ([(header::CONTENT_TYPE, "application/json")], json) }))
        .merge(route::links::router())
        .merge(calendar::router())
        .fallback(|uri: Uri| async move { ApiError::from(Problem::not_found(&format!("route {}", uri.path()))) })
        .method_not_allowed_fallback(|method: Method| async move {
            ApiError::from(Problem::new(405, "method-not-allowed", "Method not allowed", format!("This address does not take {method}; see /openapi.json.")))
        })
        .with_state(Arc::new(api))
        .layer(axum::middleware::map_response(hardened))
}

/// Headers of every answer; pages bring stricter ones of their own.
async fn hardened(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut set = |name, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set(header::CACHE_CONTROL, "no-store");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    set(header::REFERRER_POLICY, "no-referrer");
    response
}
