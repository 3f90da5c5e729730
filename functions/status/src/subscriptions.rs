//! The forms: subscribe by e-mail or text message, enter the code, unsubscribe.
//!
//! Called by: the router. Refuses to tell known from unknown: the answer to a form depends on what was typed and on nothing that is stored.
//! Addresses and numbers stand in the body of a POST only, and never in a log.

use crate::{App, Trouble, http, pages, trouble_page};
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;
use tocsin_app::error::AppError;
use tocsin_app::show_status::StatusView;
use tocsin_app::subscribe::{Asked, Confirmed, Email, Phone, Subscribe, Wish};

/// The forms hardly ever change.
const FORM_AGE_S: u32 = 60;
const WRONG_CODE: &str = "This code is wrong, or does not work any more. Look at the latest message, or ask for another code.";

/// All fields of all forms. A missing one is an empty one, and is told as such.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Fields {
    email: String,
    phone: String,
    code: String,
}

type Sent = Result<Form<Fields>, FormRejection>;

pub(crate) async fn subscribe_page(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match app.view().await {
        Ok(view) => http::public(&headers, http::HTML, pages::subscribe(app.frame(&view.page.name), "", "", None), FORM_AGE_S),
        Err(trouble) => trouble_page(&app, trouble),
    }
}

pub(crate) async fn unsubscribe_page(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match app.view().await {
        Ok(view) => http::public(&headers, http::HTML, pages::unsubscribe(app.frame(&view.page.name), "", None), FORM_AGE_S),
        Err(trouble) => trouble_page(&app, trouble),
    }
}

pub(crate) async fn by_email(State(app): State<Arc<App>>, form: Sent) -> Response {
    let (view, fields) = match received(&app, form).await {
        Ok(both) => both,
        Err(answer) => return answer,
    };
    let frame = app.frame(&view.page.name);
    let address = match Email::parse(&fields.email) {
        Ok(address) => address,
        Err(error) => return http::page(StatusCode::UNPROCESSABLE_ENTITY, pages::subscribe(frame, &fields.email, "", wrong(error))),
    };
    match use_case(&app, &view).ask_by_email(&address).await {
        Ok(Asked::Sent | Asked::NotAgain) => http::page(StatusCode::OK, pages::mail_sent(frame)),
        Ok(Asked::TooManyForAll) => http::page(StatusCode::TOO_MANY_REQUESTS, pages::too_many(frame)),
        Err(error) => failed(&app, &view, &error),
    }
}

pub(crate) async fn by_sms(State(app): State<Arc<App>>, form: Sent) -> Response {
    send_code(&app, form, Wish::Subscribe).await
}

pub(crate) async fn stop_sms(State(app): State<Arc<App>>, form: Sent) -> Response {
    send_code(&app, form, Wish::Unsubscribe).await
}

pub(crate) async fn confirm_subscribe(State(app): State<Arc<App>>, form: Sent) -> Response {
    confirm(&app, form, Wish::Subscribe).await
}

pub(crate) async fn confirm_unsubscribe(State(app): State<Arc<App>>, form: Sent) -> Response {
    confirm(&app, form, Wish::Unsubscribe).await
}

async fn send_code(app: &App, form: Sent, wish: Wish) -> Response {
    let (view, fields) = match received(app, form).await {
        Ok(both) => both,
        Err(answer) => return answer,
    };
    let frame = app.frame(&view.page.name);
    let phone = match Phone::parse(&fields.phone) {
        Ok(phone) => phone,
        Err(error) => return wrong_phone(app, &view, &fields.phone, wish, error),
    };
    match use_case(app, &view).send_code(&phone, wish).await {
        Ok(Asked::Sent | Asked::NotAgain) => http::page(StatusCode::OK, pages::code(frame, phone.as_str(), wish == Wish::Unsubscribe, None)),
        Ok(Asked::TooManyForAll) => http::page(StatusCode::TOO_MANY_REQUESTS, pages::too_many(frame)),
        Err(error) => failed(app, &view, &error),
    }
}

async fn confirm(app: &App, form: Sent, wish: Wish) -> Response {
    let (view, fields) = match received(app, form).await {
        Ok(both) => both,
        Err(answer) => return answer,
    };
    let frame = app.frame(&view.page.name);
    let phone = match Phone::parse(&fields.phone) {
        Ok(phone) => phone,
        Err(error) => return wrong_phone(app, &view, &fields.phone, wish, error),
    };
    match (use_case(app, &view).confirm(&phone, &fields.code, wish).await, wish) {
        (Ok(Confirmed::Yes), Wish::Subscribe) => http::page(StatusCode::OK, pages::phone_subscribed(frame)),
        (Ok(Confirmed::Yes), Wish::Unsubscribe) => http::page(StatusCode::OK, pages::phone_unsubscribed(frame)),
        (Ok(Confirmed::No), _) => http::page(StatusCode::UNPROCESSABLE_ENTITY, pages::code(frame, phone.as_str(), wish == Wish::Unsubscribe, Some(WRONG_CODE))),
        (Err(error), _) => failed(app, &view, &error),
    }
}

/// The page that the form belongs to, and the fields. Without a status page there is nothing to subscribe to.
async fn received(app: &App, form: Sent) -> Result<(Arc<StatusView>, Fields), Response> {
    let view = app.view().await.map_err(|trouble: Trouble| trouble_page(app, trouble))?;
    match form {
        Ok(Form(fields)) => Ok((view, fields)),
        Err(rejection) => {
            let status = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
            Err(http::page(status, pages::unreadable_form(app.frame(&view.page.name))))
        }
    }
}

fn use_case<'a>(app: &'a App, view: &'a StatusView) -> Subscribe<'a> {
    Subscribe {
        subscribers: app.ports.subscribers.as_ref(),
        topic: app.ports.topic.as_ref(),
        ids: app.ports.ids.as_ref(),
        page: &view.page.name,
        now: app.ports.clock.now(),
    }
}

fn wrong_phone(app: &App, view: &StatusView, phone: &str, wish: Wish, error: AppError) -> Response {
    let frame = app.frame(&view.page.name);
    let page = match wish {
        Wish::Subscribe => pages::subscribe(frame, "", phone, wrong(error)),
        Wish::Unsubscribe => pages::unsubscribe(frame, phone, wrong(error)),
    };
    http::page(StatusCode::UNPROCESSABLE_ENTITY, page)
}

fn wrong(error: AppError) -> pages::Wrong {
    match error {
        AppError::Invalid { field, reason } => Some((field, reason)),
        AppError::Port(_)
        | AppError::Contention { .. }
        | AppError::TooMany { .. }
        | AppError::NotFound { .. }
        | AppError::Rejected { .. }
        | AppError::Moved { .. } => None,
    }
}

/// Says that it did not work. What the provider said may name the receiver, so only the capability is logged.
fn failed(app: &App, view: &StatusView, error: &AppError) -> Response {
    use tocsin_app::error::PortError::{Final, Throttled, Transient};
    let (port, again) = match error {
        AppError::Port(Transient { port, .. } | Throttled { port, .. }) => (*port, true),
        AppError::Port(Final { port, .. }) => (*port, false),
        AppError::TooMany { .. } => ("", true),
        AppError::Contention { .. } | AppError::NotFound { .. } | AppError::Rejected { .. } | AppError::Moved { .. } | AppError::Invalid { .. } => ("", false),
    };
    tracing::error!(port, again, "a subscription could not be handled");
    http::page(StatusCode::SERVICE_UNAVAILABLE, pages::not_done(app.frame(&view.page.name)))
}
