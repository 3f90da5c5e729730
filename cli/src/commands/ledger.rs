//! `trace` and `audit`: where events ended, and whether everything that came in is accounted for.

use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::Out;
use clap::Args;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::process::ExitCode;

/// What to look for.
#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// A sender's key (dedup_key, alias, incident_key), an alert's id, a request's id, or a change's id or whole summary.
    #[arg(value_name = "KEY")]
    pub(crate) of: String,
    /// Only this integration's; all are asked where it is not given.
    #[arg(long, value_name = "ID")]
    pub(crate) integration: Option<String>,
    /// Say what an acknowledgement or a resolve did that came at this instant, RFC 3339.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
}

/// Which span to check.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Alerts from this instant on, RFC 3339; a day before the end where it is not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<Timestamp>,
    /// Until this instant, RFC 3339; now where it is not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Timestamp>,
    /// Only this team's.
    #[arg(long, value_name = "ID")]
    pub(crate) team: Option<String>,
}

/// What an audit looks at where nobody says more: a day.
const HOURS: i64 = 24;

#[derive(Deserialize)]
struct Traced {
    sentences: Vec<String>,
}

#[derive(Deserialize, Default)]
struct Page {
    alerts: u64,
    events: u64,
    opened: u64,
    joined: u64,
    #[serde(default)]
    flooded: u64,
    kept: u64,
    waiting: u64,
    lost: u64,
    violations: Vec<Value>,
    next: Option<String>,
}

pub(super) async fn trace(which: &Trace, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let at = which.at.map(|at| at.to_string());
    let query = [("of", Some(which.of.as_str())), ("integration", which.integration.as_deref()), ("at", at.as_deref())];
    let mut request = Request::get("trace", &["v1", "trace"]);
    for (name, value) in query.into_iter().filter_map(|(n, v)| Some((n, v?))) {
        request = request.query(name, value);
    }
    let answer = api.send(request).await?;
    out.answer(&answer);
    for sentence in api.typed::<Traced>(&answer)?.sentences {
        out.say(&sentence);
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn audit(which: &Audit, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let until = which.until.unwrap_or(out.now);
    let from = which.from.unwrap_or(until - SignedDuration::from_hours(HOURS));
    let mut sum = Page::default();
    loop {
        let mut request = Request::get("audit", &["v1", "audit"]).query("from", from.to_string()).query("until", until.to_string());
        if let Some(team) = &which.team {
            request = request.query("team", team);
        }
        if let Some(after) = &sum.next {
            request = request.query("after", after);
        }
        let page: Page = api.typed(&api.send(request).await?)?;
        sum = Page {
            alerts: sum.alerts + page.alerts,
            events: sum.events + page.events,
            opened: sum.opened + page.opened,
            joined: sum.joined + page.joined,
            flooded: sum.flooded + page.flooded,
            kept: sum.kept + page.kept,
            waiting: sum.waiting + page.waiting,
            lost: sum.lost + page.lost,
            violations: sum.violations.into_iter().chain(page.violations).collect(),
            next: page.next,
        };
        if sum.next.is_none() {
            break;
        }
    }
    let holds = sum.violations.is_empty();
    out.answer(&json!({
        "holds": holds, "from": from, "until": until, "alerts": sum.alerts, "events": sum.events, "opened": sum.opened, "joined": sum.joined,
        "flooded": sum.flooded, "kept": sum.kept, "waiting": sum.waiting, "lost": sum.lost, "violations": sum.violations,
    }));
    out.say(&format!("{} alerts with {} events came from {from:.0} to {until:.0}.", sum.alerts, sum.events));
    out.say(&format!(
        "{} opened an incident, {} joined one, {} page nobody for a reason, {} wait to be handled, {} are lost.",
        sum.opened, sum.joined, sum.kept, sum.waiting, sum.lost
    ));
    if sum.flooded > 0 {
        out.say(&format!("{} came in a flood, and are on its incident instead of one each.", sum.flooded));
    }
    for violation in &sum.violations {
        out.say(&format!("WRONG: {}", violation["sentence"].as_str().unwrap_or_default()));
    }
    out.say(if holds { "The ledger holds: everything that came in is accounted for." } else { "The ledger does not hold." });
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
