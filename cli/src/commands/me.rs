//! `me`: who the token stands for, and how that person is reached.
//!
//! Reads what is in force, changes one thing of it and sends that thing alone, so that nothing else is taken back. Refuses to take away the last way to reach
//! somebody unless it is told to.

use super::contact;
use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Cell, Look, Out};
use crate::words::Duration;
use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;
use serde_json::{Value, json};
use std::process::ExitCode;
use std::str::FromStr;

/// What to say or to change.
#[derive(Debug, Args)]
pub(crate) struct Me {
    /// Somebody else, as an admin of the whole deployment.
    #[arg(long, global = true, value_name = "ID")]
    user: Option<String>,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say how you are reached, and what you may do where; also without a word.
    Show,
    /// Add a way to reach you, and ask you by it whether it is yours.
    Add {
        /// sms or email.
        kind: Kind,
        /// A number like +15555550100, or an address.
        to: String,
        /// Its id; by default yours with the kind behind it.
        #[arg(long, value_name = "ID")]
        id: Option<String>,
    },
    /// Show that a way reaches you: ask for a code, or take the one that came.
    Verify {
        /// The contact method's id.
        id: String,
        /// The six digits of the text message.
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
    },
    /// Take a way away, and the rules that name it.
    Remove {
        /// The contact method's id.
        id: String,
        /// Although it is the last one: nobody can page you then.
        #[arg(long)]
        last: bool,
    },
    /// Say in which order you are reached, by urgency.
    Rules {
        /// high or low.
        urgency: Urgency,
        /// A way (ada-sms: at once), or a way and after how long (ada-mail=10m).
        #[arg(num_args = 1.., value_name = "WAY[=AFTER]", required_unless_present = "none")]
        rules: Vec<Rule>,
        /// No rules: high urgency by all ways at once, low urgency by the first mail.
        #[arg(long, conflicts_with = "rules")]
        none: bool,
    },
    /// Say when pages of low urgency wait.
    Quiet {
        /// From and to on your clock: 22:00-07:00, or "fri 18:00-mon 08:00".
        #[arg(num_args = 1.., value_name = "FROM-TO", required_unless_present = "none")]
        hours: Vec<Hours>,
        /// They never wait.
        #[arg(long, conflicts_with = "hours")]
        none: bool,
    },
    /// Say in which time zone you are: Europe/London.
    Zone {
        /// An IANA zone.
        zone: String,
    },
    /// Say how you read dates and times: en-GB, or none for 24 hours and ISO dates.
    Locale {
        /// A language and a region, or none.
        locale: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Sms,
    Email,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Urgency {
    High,
    Low,
}

/// `ada-mail=10m`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    via: String,
    after_s: u64,
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            None => Ok(Self { via: text.to_owned(), after_s: 0 }),
            Some((via, after)) => Ok(Self { via: via.to_owned(), after_s: after.parse::<Duration>()?.seconds }),
        }
    }
}

/// `22:00-07:00`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hours {
    from: String,
    to: String,
}

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "write from and to, like 22:00-07:00 or \"fri 18:00-mon 08:00\"".to_owned();
        let (from, to) = text.split_once('-').ok_or_else(form)?;
        let (from, to) = (from.trim(), to.trim());
        if from.is_empty() || to.is_empty() { Err(form()) } else { Ok(Self { from: from.to_owned(), to: to.to_owned() }) }
    }
}

#[derive(Deserialize)]
struct Who {
    token: String,
    user: Option<String>,
    #[serde(default)]
    roles: Vec<Role>,
}

#[derive(Deserialize)]
struct Role {
    team: Option<String>,
    role: String,
}

#[derive(Deserialize)]
struct Reach {
    user: String,
    #[serde(default)]
    name: String,
    time_zone: String,
    locale: Option<String>,
    contact_methods: Vec<Way>,
    #[serde(default)]
    rules: Value,
    #[serde(default)]
    quiet_hours: Vec<Value>,
}

#[derive(Deserialize)]
struct Way {
    id: String,
    kind: String,
    to: String,
    #[serde(default)]
    state: String,
}

impl Way {
    fn written(&self) -> Value {
        json!({ "id": self.id, "kind": self.kind, "to": self.to })
    }
}

/// Says it, or changes it.
pub(super) async fn me(me: &Me, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let who: Who = api.typed(&api.send(Request::get("person", &["v1", "me"])).await?)?;
    let Some(user) = me.user.clone().or_else(|| who.user.clone()) else {
        roles(&who, out);
        return Err(Failure::Refused {
            what: format!("the token {} stands for no person", Cell::from(who.token.as_str()).0),
            next: Some("use a token of yours, or say for whom: tocsin me --user ID".to_owned()),
        });
    };
    let reach = reach(&user, api).await?;
    let (what, next) = match me.what.as_ref().unwrap_or(&What::Show) {
        What::Show => {
            if me.user.is_none() {
                roles(&who, out);
            }
            return show(&reach, out);
        }
        What::Verify { id, code } => return contact::verify(id, code.as_deref(), api, out).await,
        What::Add { kind, to, id } => return add(&reach, *kind, to, id.as_deref(), api, out).await,
        What::Remove { id, last } => (removed(&reach, id, *last)?, format!("{id} is gone.")),
        What::Rules { urgency, rules, none: _ } => (ruled(&reach, *urgency, rules), "Your rules are in force.".to_owned()),
        What::Quiet { hours, none: _ } => {
            let hours: Vec<Value> = hours.iter().map(|h| json!({ "from": h.from, "to": h.to })).collect();
            (json!({ "quiet_hours": hours }), "Your quiet hours are in force.".to_owned())
        }
        What::Zone { zone } => (json!({ "time_zone": zone }), format!("Your clock is that of {zone}.")),
        What::Locale { locale } => {
            let locale = if locale == "none" { "" } else { locale };
            (json!({ "locale": locale }), "Dates and times are written so from now on.".to_owned())
        }
    };
    change(&user, what, api, out).await?;
    out.say(&out.paint(&next, Look::Good));
    Ok(ExitCode::SUCCESS)
}

async fn reach(user: &str, api: &Api) -> Result<Reach, Failure> {
    api.typed(&api.send(Request::get("person", &["v1", "users", user, "reach"])).await?)
}

async fn change(user: &str, what: Value, api: &Api, out: &Out) -> Result<(), Failure> {
    let answer = api.send(Request::put("person", &["v1", "users", user, "reach"]).body(what)).await?;
    out.answer(&answer);
    Ok(())
}

/// What somebody may do where.
fn roles(who: &Who, out: &Out) {
    for role in &who.roles {
        let r#where = role.team.as_ref().map_or_else(|| "the whole deployment".to_owned(), |t| format!("team {}", Cell::from(t.as_str()).0));
        out.say(&format!("{} of {where}", Cell::from(role.role.as_str()).0, where = r#where));
    }
}

fn show(reach: &Reach, out: &Out) -> Result<ExitCode, Failure> {
    out.answer(&json!({
        "user": reach.user, "name": reach.name, "time_zone": reach.time_zone, "locale": reach.locale, "rules": reach.rules, "quiet_hours": reach.quiet_hours,
        "contact_methods": reach.contact_methods.iter().map(|w| json!({"id": w.id, "kind": w.kind, "to": w.to, "state": w.state})).collect::<Vec<_>>(),
    }));
    let text = |t: &str| Cell::from(t).0;
    out.say(&format!(
        "{} ({}), clock of {}, dates as in {}",
        text(&reach.name),
        text(&reach.user),
        text(&reach.time_zone),
        text(reach.locale.as_deref().unwrap_or("ISO"))
    ));
    for (urgency, otherwise) in [("high", "all of them at once"), ("low", "the first mail")] {
        let rules = reach.rules.get(urgency).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let said: Vec<String> =
            rules.iter().map(|r| format!("{} after {} s", text(r["via"].as_str().unwrap_or("?")), r["after_s"].as_u64().unwrap_or(0))).collect();
        out.say(&format!("{urgency} urgency: {}", if said.is_empty() { otherwise.to_owned() } else { said.join(", ") }));
    }
    for hours in &reach.quiet_hours {
        out.say(&format!("quiet: {} to {}", text(hours["from"].as_str().unwrap_or("00:00")), text(hours["to"].as_str().unwrap_or("24:00"))));
    }
    if reach.contact_methods.is_empty() {
        out.say(&out.paint("Nobody can page you: tocsin me add sms NUMBER", Look::Bad));
        return Ok(ExitCode::SUCCESS);
    }
    let rows = reach.contact_methods.iter().map(|w| {
        let look = if w.state == "verified" { Look::Good } else { Look::Warning };
        vec![Cell::from(w.id.as_str()), Cell::from(w.kind.as_str()), Cell::from(w.to.as_str()), Cell(text(&w.state), look)]
    });
    out.table(&["ID", "KIND", "TO", "STATE"], rows.collect());
    for way in reach.contact_methods.iter().filter(|w| w.state != "verified") {
        out.say(&format!("Show that {} reaches you: tocsin me verify {}", text(&way.id), text(&way.id)));
    }
    Ok(ExitCode::SUCCESS)
}

/// A further way. The same address again is no further one.
async fn add(reach: &Reach, kind: Kind, to: &str, id: Option<&str>, api: &Api, out: &Out) -> Result<ExitCode, Failure> {
    let kind = match kind {
        Kind::Sms => "sms",
        Kind::Email => "email",
    };
    if let Some(there) = reach.contact_methods.iter().find(|w| w.kind == kind && w.to == to) {
        out.say(&format!("{} is that already.", Cell::from(there.id.as_str()).0));
        return contact::verify(&there.id, None, api, out).await;
    }
    let taken = |id: &str| reach.contact_methods.iter().any(|w| w.id == id);
    let fresh = || {
        let plain = format!("{}-{kind}", reach.user);
        (2..).map(|n| format!("{plain}-{n}")).find(|id| !taken(id)).filter(|_| taken(&plain)).unwrap_or(plain)
    };
    let id = id.map_or_else(fresh, str::to_owned);
    if taken(&id) {
        let what = format!("there is a contact method {id} already: another address under its id would take the old one away");
        return Err(Failure::Refused { what, next: Some(format!("choose another id, or remove it first: tocsin me remove {id}")) });
    }
    let mut ways: Vec<Value> = reach.contact_methods.iter().map(Way::written).collect();
    ways.push(json!({ "id": id, "kind": kind, "to": to }));
    api.send(Request::put("person", &["v1", "users", &reach.user, "reach"]).body(json!({ "contact_methods": ways }))).await?;
    out.say(&out.paint(&format!("{id} is added. Pages go there from now on."), Look::Good));
    if !reach.rules.get("high").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        out.say(&format!("Your rules do not name it yet: tocsin me rules high ... {id}"));
    }
    contact::verify(&id, None, api, out).await
}

/// The ways without one, and the rules without it.
fn removed(reach: &Reach, id: &str, last: bool) -> Result<Value, Failure> {
    let left: Vec<&Way> = reach.contact_methods.iter().filter(|w| w.id != id).collect();
    if left.len() == reach.contact_methods.len() {
        return Err(Failure::Refused { what: format!("there is no contact method {id}"), next: Some("see which there are: tocsin me".to_owned()) });
    }
    if left.is_empty() && !last {
        let what = format!("{id} is the last way: nobody could page you any more");
        return Err(Failure::Refused { what, next: Some(format!("add another first, or say that it is meant: tocsin me remove {id} --last")) });
    }
    let rules = |urgency: &str| {
        let rules = reach.rules.get(urgency).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        rules.iter().filter(|r| r["via"].as_str() != Some(id)).cloned().collect::<Vec<_>>()
    };
    let ways: Vec<Value> = left.into_iter().map(Way::written).collect();
    Ok(json!({ "contact_methods": ways, "rules": { "high": rules("high"), "low": rules("low") } }))
}

/// The rules with others for one urgency.
fn ruled(reach: &Reach, urgency: Urgency, rules: &[Rule]) -> Value {
    let rules: Vec<Value> = rules.iter().map(|r| json!({ "via": r.via, "after_s": r.after_s })).collect();
    let other = |urgency: &str| reach.rules.get(urgency).cloned().unwrap_or_else(|| json!([]));
    let (high, low) = match urgency {
        Urgency::High => (json!(rules), other("low")),
        Urgency::Low => (other("high"), json!(rules)),
    };
    json!({ "rules": { "high": high, "low": low } })
}
