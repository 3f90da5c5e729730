//! The page behind an acknowledge link: for somebody who was woken up. What is wrong, how bad, since when, what pressing does; then who is on it.
//!
//! Called by: the routes of `/a/{token}`. Looking shows [`confirm`]; pressing acts and shows [`done`]; [`gone`] and [`failed`] say what else can happen.
//! Everything stands in one answer (style and icon too), since reception may be bad. Refuses to read stores and clocks, to run a script, and to say
//! that paging has stopped where it has not. The form posts to the address it came from, so the token stands nowhere in the page.

use askama::Template;
use axum::http::HeaderValue;
use axum::http::header::{self, HeaderName};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::LazyLock;
use tocsin_domain::alert::Severity;
use tocsin_domain::incident::details::MOST_LINK_CHARS;
use tocsin_domain::notification::message::{clean, cut};

/// The style sheet that stands in each page; the policy names it by its hash.
const STYLE: &str = include_str!("../templates/link/style.css");
/// A bell.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Cpath fill='%230a54c4' \
d='M12 2a1.6 1.6 0 0 1 1.6 1.7A6 6 0 0 1 18 9.5V14l2 3.2V18H4v-.8L6 14V9.5a6 6 0 0 1 4.4-5.8A1.6 1.6 0 0 1 12 2Zm-2.6 17.5h5.2a2.6 2.6 0 0 1-5.2 0Z'/%3E%3C/svg%3E";
/// Characters of a title that are shown.
const MOST_TITLE_CHARS: usize = 300;
/// A button names this many numbers at most.
const MOST_NUMBERS: usize = 3;
/// Deleted objects that are named; of the others, how many there are.
const MOST_DELETED: usize = 4;

static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = style_hash();
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
});

/// Where an incident stands, as the reader is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkStatus {
    /// Nobody has answered, and this link can.
    Waiting,
    /// Nobody has answered, but paging started over since this link was sent: only the newest link works.
    Outdated,
    /// Somebody is on it.
    Acknowledged {
        /// Who.
        by: String,
        /// Since when.
        at: Timestamp,
        /// Paging starts again then, unless it is resolved.
        until: Option<Timestamp>,
    },
    /// The reader is asked to help, and has not answered.
    Asked {
        /// Who asks.
        by: String,
        /// What for.
        message: String,
    },
    /// The reader was asked to help and said yes, or no.
    Answered {
        /// Yes.
        accepted: bool,
    },
    /// It is part of another incident, and goes on there.
    Merged {
        /// The other one's number.
        into: u64,
    },
    /// It is over.
    Resolved {
        /// Who, or what, resolved it.
        by: String,
        /// When.
        at: Timestamp,
    },
}

/// An incident of the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkIncident {
    /// Its number.
    pub number: u64,
    /// What is wrong, in the sender's words.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// What people call the service.
    pub service: String,
    /// Where it stands.
    pub status: LinkStatus,
    /// Since when.
    pub since: Timestamp,
    /// Where those who work on it talk: an address or a number.
    pub bridge: Option<String>,
    /// What it refers to and was deleted since it began, as `policy Checkout first`: paging goes on as it began, but whoever looks for these finds them nowhere.
    pub deleted: Vec<String>,
}

/// What the page is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkView {
    /// The incidents, worst first; at least one.
    pub incidents: Vec<LinkIncident>,
    /// Whose link it is; nobody's in person for the last resort.
    pub user_name: Option<String>,
    /// No longer than.
    pub expires_at: Timestamp,
    /// IANA zone of the reader.
    pub time_zone: String,
    /// Now.
    pub now: Timestamp,
}

/// What pressing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// At least one incident was acknowledged by it.
    Acknowledged,
    /// Others had been faster: nothing was left to acknowledge.
    NothingToDo,
    /// The reader helps.
    Accepted,
    /// The reader does not help.
    Declined,
}

/// Colour and sign; the words stand beside it always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Fine,
    Slow,
    Part,
    Down,
    Quiet,
}

impl Tone {
    fn of(severity: Severity) -> Self {
        match severity {
            Severity::Critical => Tone::Down,
            Severity::Error => Tone::Part,
            Severity::Warning => Tone::Slow,
            Severity::Info => Tone::Quiet,
        }
    }

    fn class(&self) -> &'static str {
        match self {
            Tone::Fine => "fine",
            Tone::Slow => "slow",
            Tone::Part => "part",
            Tone::Down => "down",
            Tone::Quiet => "quiet",
        }
    }
}

struct Instant {
    machine: String,
    words: String,
}

struct Card {
    number: u64,
    title: String,
    severity: &'static str,
    tone: Tone,
    service: String,
    since: Instant,
    lasting: String,
    state: String,
    /// Shown as a link: only of the web.
    bridge_link: Option<String>,
    /// Shown as text.
    bridge_text: Option<String>,
    deleted: Option<String>,
}

#[derive(Template)]
#[template(path = "link/incidents.html", whitespace = "minimize")]
struct IncidentsPage {
    heading: String,
    tone: Tone,
    lead: String,
    user_name: Option<String>,
    cards: Vec<Card>,
    button: Option<String>,
    decline: Option<String>,
    effect: &'static str,
    expires: Instant,
    zone: String,
}

#[derive(Template)]
#[template(path = "link/message.html", whitespace = "minimize")]
struct MessagePage<'a> {
    heading: &'a str,
    tone: Tone,
    paragraphs: &'a [&'a str],
    retry: bool,
}

/// The page before pressing. Without anything left to acknowledge it has no button and says who was faster.
pub fn confirm(view: &LinkView) -> String {
    let waiting = view.numbers(&|s| *s == LinkStatus::Waiting);
    let (heading, lead) = match waiting.as_slice() {
        [] => return view.pleas().unwrap_or_else(|| answered(view)),
        [one] if view.incidents.len() == 1 => (format!("#{one} needs you"), "Nobody has answered yet, so paging goes on.".to_owned()),
        [one] => (format!("#{one} needs you"), format!("Nobody has answered it yet, so paging goes on. {}", view.effect())),
        several => (format!("{} incidents need you", several.len()), format!("Nobody has answered them yet, so paging goes on. {}", view.effect())),
    };
    let worst = view.incidents.iter().filter(|i| i.status == LinkStatus::Waiting).map(|i| i.severity).min();
    view.page(heading, worst.map_or(Tone::Quiet, Tone::of), lead)
}

/// The page after pressing. It says "you" only where an incident is acknowledged in the reader's own name.
pub fn done(view: &LinkView, outcome: Outcome) -> String {
    let said = view.numbers(&|s| matches!(s, LinkStatus::Answered { accepted } if *accepted == (outcome == Outcome::Accepted)));
    match outcome {
        Outcome::Accepted => return view.page("You help".to_owned(), Tone::Fine, format!("You said yes for {}. Your pages have stopped.", named(&said))),
        Outcome::Declined => {
            return view.page("You do not help".to_owned(), Tone::Quiet, format!("You said no for {}. You get no more pages for it.", named(&said)));
        }
        Outcome::Acknowledged | Outcome::NothingToDo => {}
    }
    let acknowledged = view.numbers(&|s| matches!(s, LinkStatus::Acknowledged { .. }));
    let theirs = |i: &LinkIncident| matches!((&i.status, &view.user_name), (LinkStatus::Acknowledged { by, .. }, Some(name)) if by != name);
    if outcome == Outcome::NothingToDo || view.incidents.iter().all(|i| theirs(i) || !matches!(i.status, LinkStatus::Acknowledged { .. })) {
        return confirm(view);
    }
    let waiting = view.numbers(&|s| matches!(s, LinkStatus::Waiting | LinkStatus::Outdated));
    let lead = match (waiting.as_slice(), acknowledged.len()) {
        ([], 1) => format!("Paging for {} has stopped.", named(&acknowledged)),
        ([], n) => format!("Paging for {n} incidents has stopped."),
        (left, _) => format!("Paging for {} has stopped. It goes on for {}.", named(&acknowledged), named(left)),
    };
    let heading = if view.user_name.is_some() { "You are on it" } else { "Acknowledged" };
    view.page(heading.to_owned(), Tone::Fine, lead)
}

/// Nothing is left that this link can acknowledge.
fn answered(view: &LinkView) -> String {
    let outdated = view.numbers(&|s| *s == LinkStatus::Outdated);
    let single = if let [one] = view.incidents.as_slice() { Some(one) } else { None };
    let (heading, tone, lead) = match (single.map(|i| (i.number, &i.status)), outdated.as_slice()) {
        (Some((n, LinkStatus::Acknowledged { by, .. })), _) => {
            (format!("{} is on #{n}", person(by)), Tone::Fine, "There is nothing to acknowledge: paging has stopped.".to_owned())
        }
        (Some((n, LinkStatus::Merged { into })), _) => {
            let lead = format!(
                "Nobody is paged for it any more. If nobody has answered #{into}, paging for that one goes on: use the link in its message, or the command: tocsin ack {into}"
            );
            (format!("#{n} is part of #{into} now"), Tone::Slow, lead)
        }
        (Some((n, LinkStatus::Resolved { .. })), _) => (format!("#{n} is over"), Tone::Fine, "It is resolved, and nobody is paged for it any more.".to_owned()),
        (_, []) => ("Nothing left to acknowledge".to_owned(), Tone::Fine, "Paging has stopped for all of these.".to_owned()),
        (_, left) => {
            let lead =
                format!("Paging for {} started over after this link was sent, and goes on. To acknowledge, use the link in your newest message.", named(left));
            ("This link is an old one".to_owned(), Tone::Slow, lead)
        }
    };
    view.page(heading, tone, lead)
}

/// The link is unknown or has expired: which of both is not told.
pub fn gone() -> String {
    let why = [
        "It has expired, or it is not complete. Nothing was changed.",
        "If nobody has answered, paging goes on: use the link in your newest message, or the command: tocsin ack NUMBER",
    ];
    html(&MessagePage { heading: "This link does not work", tone: Tone::Quiet, paragraphs: &why, retry: false })
}

/// Our side failed, in looking or in acting.
pub fn failed() -> String {
    let why = [
        "Something on our side did not answer, so it is not known whether the incident is acknowledged.",
        "Until it is, paging goes on. Look again in a moment, and press again if the button is there: twice is harmless.",
    ];
    html(&MessagePage { heading: "That did not work", tone: Tone::Part, paragraphs: &why, retry: true })
}

/// Headers of each of these pages. The referrer stays on this site: the address is a secret, and browsers shall tell the origin of our own form.
pub fn headers() -> [(HeaderName, HeaderValue); 9] {
    let fixed = HeaderValue::from_static;
    [
        (header::CONTENT_TYPE, fixed("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, fixed("no-store")),
        (header::CONTENT_SECURITY_POLICY, POLICY.clone()),
        (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        (header::X_FRAME_OPTIONS, fixed("DENY")),
        (header::STRICT_TRANSPORT_SECURITY, fixed("max-age=31536000; includeSubDomains")),
        (header::REFERRER_POLICY, fixed("same-origin")),
        (HeaderName::from_static("permissions-policy"), fixed("camera=(), geolocation=(), microphone=(), payment=(), usb=()")),
        (HeaderName::from_static("x-robots-tag"), fixed("noindex, nofollow")),
    ]
}

/// Base64 of the style sheet's SHA-256.
fn style_hash() -> String {
    use base64::Engine as _;
    use sha2::Digest;
    base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(STYLE.as_bytes()))
}

impl LinkView {
    fn numbers(&self, wanted: &dyn Fn(&LinkStatus) -> bool) -> Vec<u64> {
        self.incidents.iter().filter(|i| wanted(&i.status)).map(|i| i.number).collect()
    }

    /// The page of somebody who is asked to help with something, and has nothing to acknowledge.
    fn pleas(&self) -> Option<String> {
        let asked = self.numbers(&|s| matches!(s, LinkStatus::Asked { .. }));
        let worst = self.incidents.iter().filter(|i| matches!(i.status, LinkStatus::Asked { .. })).map(|i| i.severity).min()?;
        Some(self.page(format!("You are asked to help with {}", named(&asked)), Tone::of(worst), "Your pages go on until you answer.".to_owned()))
    }

    fn effect(&self) -> &'static str {
        match self.user_name {
            Some(_) => "Pressing tells everyone that you are on it, and stops the paging: yours and everybody else's.",
            None => "Pressing tells everyone that the last-resort contact is on it, and stops the paging.",
        }
    }

    fn page(&self, heading: String, tone: Tone, lead: String) -> String {
        let zone = TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC);
        let waiting = self.numbers(&|s| *s == LinkStatus::Waiting);
        let asked = self.numbers(&|s| matches!(s, LinkStatus::Asked { .. }));
        let button = match waiting.len() {
            0 if !asked.is_empty() => Some(format!("Accept {}", named(&asked))),
            0 => None,
            n if n > MOST_NUMBERS => Some(format!("Acknowledge all {n}")),
            _ => Some(format!("Acknowledge {}", named(&waiting))),
        };
        html(&IncidentsPage {
            heading,
            tone,
            lead,
            user_name: self.user_name.as_deref().map(person),
            cards: self.incidents.iter().map(|i| self.card(i, &zone)).collect(),
            button,
            decline: (!asked.is_empty()).then(|| format!("Decline {}", named(&asked))),
            // A list is long, so what pressing does stands above it then.
            effect: if self.incidents.len() > 1 || waiting.is_empty() { "" } else { self.effect() },
            expires: self.instant(self.expires_at, &zone),
            zone: zone.iana_name().unwrap_or("UTC").replace('_', " "),
        })
    }

    fn card(&self, incident: &LinkIncident, zone: &TimeZone) -> Card {
        let state = match &incident.status {
            LinkStatus::Waiting => String::new(),
            LinkStatus::Outdated => "Paged again after this link was sent: use the link in your newest message.".to_owned(),
            LinkStatus::Acknowledged { by, at, until } => {
                let again = until.map_or(String::new(), |u| format!(" If it is not resolved by {}, paging starts again.", self.words(u, zone)));
                format!("{} is on it since {}. Paging has stopped.{again}", person(by), self.words(*at, zone))
            }
            LinkStatus::Asked { by, message } if message.is_empty() => format!("{} asks for your help.", person(by)),
            LinkStatus::Asked { by, message } => format!("{} asks for your help: {}", person(by), cut(&clean(message), MOST_TITLE_CHARS, "...")),
            LinkStatus::Answered { accepted: true } => "You help.".to_owned(),
            LinkStatus::Answered { accepted: false } => "You do not help.".to_owned(),
            LinkStatus::Merged { into } => format!("It went on as part of #{into}: act there."),
            LinkStatus::Resolved { by, at } => format!("Resolved by {} at {}. Nobody is paged any more.", person(by), self.words(*at, zone)),
        };
        // Who is done with it has nobody to talk to; only addresses of the web may be pressed.
        let over = matches!(incident.status, LinkStatus::Merged { .. } | LinkStatus::Resolved { .. });
        let bridge = incident.bridge.as_deref().filter(|_| !over).map(|b| cut(&clean(b), MOST_LINK_CHARS, ""));
        let web = bridge.clone().filter(|b| b.starts_with("https://") || b.starts_with("http://"));
        Card {
            deleted: Some(deleted(&incident.deleted)).filter(|named| !over && !named.is_empty()),
            bridge_text: bridge.filter(|_| web.is_none()).map(|b| b.strip_prefix("tel:").unwrap_or(&b).to_owned()),
            bridge_link: web,
            number: incident.number,
            title: cut(&clean(&incident.title), MOST_TITLE_CHARS, "..."),
            severity: match incident.severity {
                Severity::Critical => "Critical",
                Severity::Error => "Error",
                Severity::Warning => "Warning",
                Severity::Info => "Info",
            },
            tone: Tone::of(incident.severity),
            service: cut(&clean(&incident.service), 100, "..."),
            since: self.instant(incident.since, zone),
            lasting: lasting(incident.since, self.now),
            state,
        }
    }

    fn instant(&self, at: Timestamp, zone: &TimeZone) -> Instant {
        Instant { machine: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), words: self.words(at, zone) }
    }

    /// `03:12 CET`, with the day where it is not today's.
    fn words(&self, at: Timestamp, zone: &TimeZone) -> String {
        let (at, today) = (at.to_zoned(zone.clone()), self.now.to_zoned(zone.clone()).date());
        at.strftime(if at.date() == today { "%H:%M %Z" } else { "%a %-d %b, %H:%M %Z" }).to_string()
    }
}

fn person(name: &str) -> String {
    cut(&clean(name), 60, "...")
}

/// `policy Checkout first, user Ada and 3 more`.
fn deleted(all: &[String]) -> String {
    let named: Vec<String> = all.iter().take(MOST_DELETED).map(|one| cut(&clean(one), 80, "...")).collect();
    match all.len().saturating_sub(MOST_DELETED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// `#1`, `#1 and #2`, `#1, #2 and #3`.
fn named(numbers: &[u64]) -> String {
    match numbers {
        [] => String::new(),
        [one] => format!("#{one}"),
        [rest @ .., last] => format!("{} and #{last}", rest.iter().map(|n| format!("#{n}")).collect::<Vec<_>>().join(", ")),
    }
}

/// `for 3 h 5 min`.
fn lasting(since: Timestamp, now: Timestamp) -> String {
    let minutes = now.duration_since(since).as_mins().max(0);
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => "just now".to_owned(),
        (0, 0, m) => format!("for {m} min"),
        (0, h, m) => format!("for {h} h {m} min"),
        (1, h, _) => format!("for 1 day {h} h"),
        (d, h, _) => format!("for {d} days {h} h"),
    }
}

/// Renders. Writing to a string can not fail; a template that did would show as an empty page, which the golden tests would see.
fn html(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}
