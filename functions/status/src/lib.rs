//! The public status page: HTML for people, the Statuspage API's JSON for programs, and subscriptions for those who want to be told.
//!
//! Called by: an HTTP API of its own, through `main.rs`; tests call [`router`] without Lambda. The cast: [`pages`] says what each page shows, [`statuspage_api`]
//! what each document holds, [`subscriptions`] takes the forms, [`http`] guards every answer (headers, methods, origins, caching).
//!
//! Architecture invariants: no cookie and no script; GET and HEAD change nothing; nothing internal (titles, alerts, people) reaches a page; a store that does
//! not answer is told as such, never as "all operational".

pub mod http;
pub mod pages;
pub mod statuspage_api;
pub mod subscriptions;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use pages::Frame;
use statuspage_api::Document;
use std::sync::Arc;
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::ports::{Clock, ConfigurationStore, IdSource, IncidentStore, MaintenanceStore, StakeholderTopic, SubscriberStore};
use tocsin_app::show_status::{ShowStatus, StatusView};

/// Readers and programs may show an answer again for this many seconds.
const PAGE_AGE_S: u32 = 15;
/// Forms are smaller than this, bytes.
const MOST_FORM_BYTES: usize = 8 * 1024;

/// What the page is made from.
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Draws codes.
    pub ids: Arc<dyn IdSource>,
    /// Name, zone and components.
    pub configurations: Arc<dyn ConfigurationStore>,
    /// What is open.
    pub incidents: Arc<dyn IncidentStore>,
    /// What is under maintenance.
    pub maintenance: Arc<dyn MaintenanceStore>,
    /// Codes that wait.
    pub subscribers: Arc<dyn SubscriberStore>,
    /// Subscriptions.
    pub topic: Arc<dyn StakeholderTopic>,
    /// Address that readers reach the page by, without a trailing slash.
    pub url: String,
}

/// What handlers share.
pub(crate) struct App {
    pub(crate) ports: Ports,
    pub(crate) show: ShowStatus,
    /// Path of the address: what each link begins with.
    pub(crate) base: String,
}

impl App {
    /// The view, or the answer where there is none.
    pub(crate) async fn view(&self) -> Result<Arc<StatusView>, Trouble> {
        match self.show.show(self.ports.clock.now()).await {
            Ok(Some(view)) => Ok(view),
            Ok(None) => Err(Trouble::NoPage),
            Err(error) => {
                tracing::error!(%error, "the status can not be read");
                Err(Trouble::Unavailable)
            }
        }
    }

    /// What surrounds a page.
    pub(crate) fn frame(&self, page: &str) -> Frame {
        Frame { base: self.base.clone(), page: page.to_owned() }
    }
}

/// Why there is nothing to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// No status page is configured.
    NoPage,
    /// A store did not answer.
    Unavailable,
}

/// The whole site.
pub fn router(ports: Ports) -> Router {
    let base = http::path_of(&ports.url);
    let show = ShowStatus::new(ConfigurationCache::new(Arc::clone(&ports.configurations)), Arc::clone(&ports.incidents), Arc::clone(&ports.maintenance));
    let app = Arc::new(App { ports, show, base });
    let mut router = Router::new().route("/", reading(get(home)));
    for (path, methods) in [
        ("/status", reading(get(home))),
        ("/subscribe", reading(get(subscriptions::subscribe_page))),
        ("/unsubscribe", reading(get(subscriptions::unsubscribe_page))),
        ("/subscribe/email", post(subscriptions::by_email)),
        ("/subscribe/sms", post(subscriptions::by_sms)),
        ("/subscribe/sms/confirm", post(subscriptions::confirm_subscribe)),
        ("/unsubscribe/sms", post(subscriptions::stop_sms)),
        ("/unsubscribe/sms/confirm", post(subscriptions::confirm_unsubscribe)),
    ] {
        router = router.route(path, methods.clone()).route(&format!("{path}/"), methods);
    }
    for document in Document::ALL {
        let answer = move |State(app): State<Arc<App>>, headers: HeaderMap| async move { json(&app, document, &headers).await };
        let path = format!("/api/v2/{}.json", document.name());
        router = router.route(&path, reading(get(answer))).route(&format!("{path}/"), reading(get(answer)));
    }
    router
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .layer(DefaultBodyLimit::max(MOST_FORM_BYTES))
        .layer(from_fn_with_state(Arc::clone(&app), http::guard))
        .with_state(app)
}

fn reading(methods: MethodRouter<Arc<App>>) -> MethodRouter<Arc<App>> {
    methods.options(http::preflight)
}

async fn home(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match app.view().await {
        Ok(view) => http::public(&headers, http::HTML, pages::status(app.frame(&view.page.name), &view), PAGE_AGE_S),
        Err(trouble) => trouble_page(&app, trouble),
    }
}

async fn json(app: &App, document: Document, headers: &HeaderMap) -> Response {
    match app.view().await {
        Ok(view) => http::public(headers, http::JSON, statuspage_api::render(document, &view, &app.ports.url), PAGE_AGE_S),
        Err(Trouble::NoPage) => http::json_error(StatusCode::NOT_FOUND, "no status page is configured"),
        Err(Trouble::Unavailable) => http::json_error(StatusCode::SERVICE_UNAVAILABLE, "the status is not known just now"),
    }
}

pub(crate) fn trouble_page(app: &App, trouble: Trouble) -> Response {
    match trouble {
        Trouble::NoPage => http::page(StatusCode::NOT_FOUND, pages::no_page(app.frame(""))),
        Trouble::Unavailable => http::page(StatusCode::SERVICE_UNAVAILABLE, pages::unknown(app.frame(""))),
    }
}

async fn not_found(State(app): State<Arc<App>>, uri: Uri) -> Response {
    if http::is_api(uri.path()) {
        return http::json_error(StatusCode::NOT_FOUND, "no such document");
    }
    http::page(StatusCode::NOT_FOUND, pages::not_found(app.frame("")))
}

async fn not_allowed(State(app): State<Arc<App>>, uri: Uri) -> Response {
    if http::is_api(uri.path()) {
        return http::json_error(StatusCode::METHOD_NOT_ALLOWED, "use GET, HEAD or OPTIONS").into_response();
    }
    http::page(StatusCode::METHOD_NOT_ALLOWED, pages::not_allowed(app.frame("")))
}
