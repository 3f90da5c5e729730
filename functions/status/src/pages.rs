//! What each page shows, as HTML: headlines in plain words, times in the zone of the page, everything escaped by the templates.
//!
//! Called by: the handlers. Refuses to read stores and clocks: the same view is always the same page.

use askama::Template;
use base64::Engine as _;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use tocsin_app::show_status::StatusView;
use tocsin_domain::maintenance::Standing;
use tocsin_domain::status_page::{ComponentStatus, PublicIncident, PublicMaintenance, Summary};

/// The one style sheet. It stands in each page: one request instead of two, and the policy names it by its hash.
const STYLE: &str = include_str!("../templates/style.css");
/// A page lists this many incidents; the newest ones.
const MOST_INCIDENTS: usize = 50;

/// Base64 of the style sheet's SHA-256, for the content security policy.
pub fn style_hash() -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE.as_bytes()))
}

/// What surrounds a page.
#[derive(Debug, Clone)]
pub struct Frame {
    /// What each link begins with.
    pub base: String,
    /// Whose page it is; empty where that is not known.
    pub page: String,
}

impl Frame {
    fn style(&self) -> &'static str {
        STYLE
    }

    /// A bell, as an image in the page.
    fn icon(&self) -> &'static str {
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Cpath fill='%230a54c4' \
         d='M12 2a1.6 1.6 0 0 1 1.6 1.7A6 6 0 0 1 18 9.5V14l2 3.2V18H4v-.8L6 14V9.5a6 6 0 0 1 4.4-5.8A1.6 1.6 0 0 1 12 2Zm-2.6 17.5h5.2a2.6 2.6 0 0 1-5.200 0Z'/%3E%3C/svg%3E"
    }
}

/// Colour and sign of a state; the words stand beside it always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Fine,
    Work,
    Slow,
    Part,
    Down,
    Quiet,
}

impl Tone {
    fn of(status: ComponentStatus) -> Self {
        match status {
            ComponentStatus::Operational => Tone::Fine,
            ComponentStatus::UnderMaintenance => Tone::Work,
            ComponentStatus::DegradedPerformance => Tone::Slow,
            ComponentStatus::PartialOutage => Tone::Part,
            ComponentStatus::MajorOutage => Tone::Down,
        }
    }

    fn class(&self) -> &'static str {
        match self {
            Tone::Fine => "fine",
            Tone::Work => "work",
            Tone::Slow => "slow",
            Tone::Part => "part",
            Tone::Down => "down",
            Tone::Quiet => "quiet",
        }
    }
}

/// An instant, for people and for machines.
struct Instant {
    machine: String,
    words: String,
}

impl Instant {
    fn new(at: Timestamp, zone: &TimeZone) -> Self {
        Self { machine: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), words: at.to_zoned(zone.clone()).strftime("%-d %b %Y, %H:%M %Z").to_string() }
    }
}

struct ComponentRow {
    name: String,
    description: String,
    words: &'static str,
    tone: Tone,
}

struct Update {
    title: &'static str,
    body: &'static str,
    at: Instant,
}

struct IncidentCard {
    name: String,
    tone: Tone,
    since: Instant,
    lasting: String,
    updates: Vec<Update>,
}

struct MaintenanceCard {
    name: String,
    active: bool,
    from: Instant,
    until: Instant,
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    frame: Frame,
    headline: String,
    detail: String,
    tone: Tone,
    incidents: Vec<IncidentCard>,
    not_shown: usize,
    maintenances: Vec<MaintenanceCard>,
    components: Vec<ComponentRow>,
    as_of: Instant,
    zone: String,
}

/// The status page.
pub fn status(frame: Frame, view: &StatusView) -> String {
    let zone = TimeZone::get(&view.page.time_zone).unwrap_or(TimeZone::UTC);
    let as_of = crate::statuspage_api::as_of(view);
    let (headline, detail) = headline(&view.summary);
    let card = |i: &PublicIncident| IncidentCard {
        name: i.name(),
        tone: Tone::of(i.impact),
        since: Instant::new(i.started_at, &zone),
        lasting: lasting(i.started_at, as_of),
        updates: updates(i).into_iter().map(|(title, body, at)| Update { title, body, at: Instant::new(at, &zone) }).collect(),
    };
    let components = view.summary.components.iter().map(|(c, status)| ComponentRow {
        name: c.name.clone(),
        description: c.description.clone(),
        words: status.words(),
        tone: Tone::of(*status),
    });
    let standing = |m: &&PublicMaintenance| matches!(m.standing, Standing::Active | Standing::Planned);
    let maintenance = |m: &PublicMaintenance| MaintenanceCard {
        name: m.name(),
        active: m.standing == Standing::Active,
        from: Instant::new(m.start, &zone),
        until: Instant::new(m.end, &zone),
    };
    html(&StatusPage {
        headline,
        detail,
        tone: if view.summary.components.is_empty() { Tone::Quiet } else { Tone::of(view.summary.worst()) },
        incidents: view.summary.incidents.iter().take(MOST_INCIDENTS).map(card).collect(),
        not_shown: view.summary.incidents.len().saturating_sub(MOST_INCIDENTS),
        maintenances: view.summary.maintenances.iter().filter(standing).take(MOST_INCIDENTS).map(maintenance).collect(),
        components: components.collect(),
        as_of: Instant::new(as_of, &zone),
        zone: zone.iana_name().unwrap_or("UTC").replace('_', " "),
        frame,
    })
}

/// What readers are told of an incident, newest first: title, text, instant.
pub(crate) fn updates(incident: &PublicIncident) -> Vec<(&'static str, &'static str, Timestamp)> {
    let noticed = ("Investigating", "We have noticed the problem and are calling the people who can fix it.", incident.started_at);
    let answered = incident.acknowledged_at.map(|at| ("Being worked on", "Somebody from our team is working on it.", at));
    answered.into_iter().chain([noticed]).collect()
}

/// What is affected, in plain words, and what is not.
fn headline(summary: &Summary) -> (String, String) {
    let all = summary.components.len();
    let affected: Vec<_> = summary.components.iter().filter(|(_, s)| *s > ComponentStatus::UnderMaintenance).collect();
    let worked_on: Vec<_> = summary.components.iter().filter(|(_, s)| *s == ComponentStatus::UnderMaintenance).collect();
    let what = match affected.as_slice() {
        [] if all == 0 => return ("Nothing is listed here yet".to_owned(), "This page has no components, so it can not tell what works.".to_owned()),
        [] if !worked_on.is_empty() => match worked_on.as_slice() {
            [(c, _)] => format!("{} is under maintenance", c.name),
            [(a, _), (b, _)] => format!("{} and {} are under maintenance", a.name, b.name),
            several => format!("{} components are under maintenance", several.len()),
        },
        [] => return ("All systems operational".to_owned(), "Nothing is known to be wrong.".to_owned()),
        [(c, ComponentStatus::DegradedPerformance)] => format!("{} does not work as well as it should", c.name),
        [(c, ComponentStatus::PartialOutage)] => format!("{} is partly down", c.name),
        [(c, _)] => format!("{} is down", c.name),
        [(a, _), (b, _)] => format!("{} and {} are affected", a.name, b.name),
        several if several.len() == all => format!("All {all} components are affected"),
        [(a, _), (b, _), rest @ ..] => format!("{}, {} and {} more are affected", a.name, b.name, rest.len()),
    };
    let rest = match all - affected.len() - worked_on.len() {
        0 => String::new(),
        1 => "The other component is operational.".to_owned(),
        n => format!("The {n} other components are operational."),
    };
    let rest = match worked_on.as_slice() {
        [] => rest,
        _ if affected.is_empty() => format!("This is planned work. {rest}"),
        [(c, _)] => format!("{} is under maintenance, as planned. {rest}", c.name),
        several => format!("{} components are under maintenance, as planned. {rest}", several.len()),
    };
    let worst = if affected.len() > 1 { format!("At worst: {}. ", summary.worst().words().to_lowercase()) } else { String::new() };
    (what, format!("{worst}{rest}").trim_end().to_owned())
}

/// `3 h 5 min`: whole minutes, the two largest units.
fn lasting(since: Timestamp, until: Timestamp) -> String {
    let minutes = until.duration_since(since).as_mins().max(0);
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => "less than a minute".to_owned(),
        (0, 0, m) => format!("{m} min"),
        (0, h, m) => format!("{h} h {m} min"),
        (1, h, _) => format!("1 day {h} h"),
        (d, h, _) => format!("{d} days {h} h"),
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    frame: Frame,
    heading: &'a str,
    paragraphs: &'a [&'a str],
    tone: Tone,
    link: Option<(&'a str, &'a str)>,
}

fn message(frame: Frame, tone: Tone, heading: &str, paragraphs: &[&str], link: Option<(&str, &str)>) -> String {
    html(&MessagePage { frame, heading, paragraphs, tone, link })
}

/// There is no such page.
pub fn not_found(frame: Frame) -> String {
    message(frame, Tone::Quiet, "There is no such page", &["The address may be mistyped, or the page may have moved."], Some(("/", "Go to the status page")))
}

/// No status page is configured.
pub fn no_page(frame: Frame) -> String {
    message(frame, Tone::Quiet, "There is no status page here", &["None has been set up. Whoever runs Tocsin here can add one to its configuration."], None)
}

/// Nobody knows: the stores do not answer.
pub fn unknown(frame: Frame) -> String {
    let why = ["This page can not reach its data just now, so it does not know what works and what does not.", "Please load it again in a minute."];
    message(frame, Tone::Quiet, "The status is not known just now", &why, None)
}

/// The method is not for this address.
pub fn not_allowed(frame: Frame) -> String {
    message(frame, Tone::Quiet, "This page can not do that", &["Use the forms of this site."], Some(("/subscribe", "Go to the forms")))
}

/// The form was sent by another site.
pub fn foreign_form(frame: Frame) -> String {
    let why = ["Forms are taken from this site's own pages only, and your browser did not say that this one was (the Origin header)."];
    message(frame, Tone::Quiet, "This form did not come from this site", &why, Some(("/subscribe", "Use the form here")))
}

/// The form can not be read.
pub fn unreadable_form(frame: Frame) -> String {
    message(frame, Tone::Quiet, "The form could not be read", &["It is too long, or not sent as a form."], Some(("/subscribe", "Start again")))
}

/// Too many messages in this hour.
pub fn too_many(frame: Frame) -> String {
    let why = ["Many people asked within this hour, so no further confirmations are sent for now.", "Nothing was changed. Please try again in an hour."];
    message(frame, Tone::Quiet, "Too many requests just now", &why, Some(("/subscribe", "Back to the form")))
}

/// Our side failed; nothing is known to have been changed.
pub fn not_done(frame: Frame) -> String {
    let why = ["Something on our side did not answer. Trying again is harmless: please do, in a minute."];
    message(frame, Tone::Quiet, "That did not work", &why, Some(("/subscribe", "Back to the form")))
}

/// An address was asked to confirm, or had been.
pub fn mail_sent(frame: Frame) -> String {
    let what = [
        "If the address can get our mail and is not subscribed yet, a message is on its way to it.",
        "Press the link in that message to confirm. Without that you get nothing. If it does not come, look into the spam folder.",
    ];
    message(frame, Tone::Fine, "Look into your mailbox", &what, Some(("/", "Back to the status page")))
}

/// A phone is subscribed.
pub fn phone_subscribed(frame: Frame) -> String {
    let what = ["This phone gets a text message when something breaks and when it works again.", "To end that, answer STOP, or come back here."];
    message(frame, Tone::Fine, "You are subscribed", &what, Some(("/", "Back to the status page")))
}

/// A phone is not subscribed any more.
pub fn phone_unsubscribed(frame: Frame) -> String {
    message(frame, Tone::Fine, "You are unsubscribed", &["This phone gets no more status updates."], Some(("/", "Back to the status page")))
}

/// A field that is wrong, and why.
pub type Wrong = Option<(String, String)>;

#[derive(Template)]
#[template(path = "subscribe.html")]
struct SubscribePage {
    frame: Frame,
    email: String,
    phone: String,
    wrong: Wrong,
}

impl SubscribePage {
    fn error(&self, field: &str) -> Option<&str> {
        self.wrong.as_ref().filter(|(f, _)| f == field).map(|(_, reason)| reason.as_str())
    }
}

/// The forms to subscribe, with what was typed and what is wrong with it.
pub fn subscribe(frame: Frame, email: &str, phone: &str, wrong: Wrong) -> String {
    html(&SubscribePage { frame, email: email.to_owned(), phone: phone.to_owned(), wrong })
}

#[derive(Template)]
#[template(path = "unsubscribe.html")]
struct UnsubscribePage {
    frame: Frame,
    phone: String,
    wrong: Wrong,
}

impl UnsubscribePage {
    fn error(&self, field: &str) -> Option<&str> {
        self.wrong.as_ref().filter(|(f, _)| f == field).map(|(_, reason)| reason.as_str())
    }
}

/// The form to unsubscribe.
pub fn unsubscribe(frame: Frame, phone: &str, wrong: Wrong) -> String {
    html(&UnsubscribePage { frame, phone: phone.to_owned(), wrong })
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    frame: Frame,
    phone: String,
    action: &'static str,
    again: &'static str,
    button: &'static str,
    wrong: Option<&'static str>,
}

/// The form for the code that subscribes, or ends it.
pub fn code(frame: Frame, phone: &str, unsubscribing: bool, wrong: Option<&'static str>) -> String {
    let (action, again, button) = match unsubscribing {
        false => ("/subscribe/sms/confirm", "/subscribe", "Subscribe"),
        true => ("/unsubscribe/sms/confirm", "/unsubscribe", "Unsubscribe"),
    };
    html(&CodePage { frame, phone: phone.to_owned(), action, again, button, wrong })
}

/// Renders. Writing to a string can not fail; a template that did would show as an empty page, which the golden tests would see.
fn html(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}
