//! The command line.

use crate::roster_arguments::{CalendarCommand, OverrideCommand, ShiftsCommand, SwapCommand};
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use tocsin_domain::id::IncidentId;

/// On-call and incidents, from the command line.
///
/// Exit codes: 0 done; 1 refused, failed, or something that `doctor` or `verify` found would keep a page from arriving; 2 this command line could not be
/// understood, or (`plan`) something would change.
#[derive(Debug, Parser)]
#[command(name = "tocsin", version, propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) api: ApiArguments,
    /// Print JSON for machines.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the deployment is, and who asks.
#[derive(Debug, Args)]
pub(crate) struct ApiArguments {
    /// Address of the deployment (the stack's output `ApiUrl`).
    #[arg(long, global = true, env = "TOCSIN_URL", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// API token. Rather set TOCSIN_API_TOKEN: other users of this machine can see command lines.
    #[arg(long, global = true, env = "TOCSIN_API_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
}

/// What is done with a contact method.
#[derive(Debug, Subcommand)]
pub(crate) enum Contact {
    /// Ask its owner: a code by text message, or a question by e-mail. With --code, take the code that came.
    Verify {
        /// The contact method's id.
        id: String,
        /// The six digits of the text message.
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
    },
}

/// Who is on call by a file.
#[derive(Debug, Args)]
pub(crate) struct Who {
    /// The file (YAML).
    pub(crate) file: PathBuf,
    /// The instant, RFC 3339 (2026-12-25T02:00:00Z); now where it is not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
}

/// What to do with event rules.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Rules {
    /// Say which rules of a configuration file take an event, and what becomes of it, offline.
    Test(TestRules),
}

/// An imagined event.
#[derive(Debug, Args)]
pub(crate) struct TestRules {
    /// The file (YAML).
    pub(crate) file: PathBuf,
    /// The service whose integration the event comes by.
    #[arg(long, value_name = "SERVICE", required_unless_present = "router", conflicts_with = "router")]
    pub(crate) service: Option<String>,
    /// The team whose router the event comes by.
    #[arg(long, value_name = "TEAM")]
    pub(crate) router: Option<String>,
    /// The event (JSON): its fields (summary, source, severity, component, details ...), or the body that a PagerDuty sender posts.
    #[arg(long, value_name = "FILE")]
    pub(crate) event: PathBuf,
    /// When it comes, RFC 3339; now where it is not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
}

/// Which time of a file to look at.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The file (YAML).
    pub(crate) file: PathBuf,
    /// From this instant, RFC 3339; now where it is not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<Timestamp>,
    /// For so many days.
    #[arg(long, default_value_t = 366, value_parser = clap::value_parser!(u32).range(1..=3660))]
    pub(crate) days: u32,
    /// For so many years.
    #[arg(long, conflicts_with = "days", value_parser = clap::value_parser!(u32).range(1..=10))]
    pub(crate) years: Option<u32>,
}

/// What to compare.
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(crate) struct Plan {
    /// The file (YAML) or folder of files that would be put into force.
    pub(crate) file: PathBuf,
    /// Compare with this file or folder, offline; by default with what is in force in the deployment.
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    pub(crate) against: Option<PathBuf>,
    /// Compare with this version of the deployment.
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["out", "against"])]
    pub(crate) version: Option<u64>,
    /// Look at the 28 days from this instant on, RFC 3339; from now on where it is not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
    /// Keep the plan in this file, so that `apply --plan` does exactly this or says what moved meanwhile.
    #[arg(long, value_name = "PLAN.json")]
    pub(crate) out: Option<PathBuf>,
}

/// What to imagine, and against what.
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(crate) struct Simulate {
    /// The file (YAML) or folder; what is in force in the deployment where none is given.
    pub(crate) file: Option<PathBuf>,
    /// This version of the deployment.
    #[arg(long, value_name = "VERSION", conflicts_with = "file")]
    pub(crate) version: Option<u64>,
    /// An event of this service.
    #[arg(long, value_name = "ID", required_unless_present = "events")]
    pub(crate) service: Option<String>,
    /// How bad it is.
    #[arg(long, value_enum, default_value_t = SeverityWord::Critical)]
    pub(crate) severity: SeverityWord,
    /// When it comes, RFC 3339; now where it is not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
    /// Somebody acknowledges after a while: ada=5m.
    #[arg(long, value_name = "WHO=AFTER")]
    pub(crate) ack: Vec<Answered>,
    /// Somebody snoozes after a while, for a while: ada=5m+2h.
    #[arg(long, value_name = "WHO=AFTER+LENGTH")]
    pub(crate) snooze: Vec<Answered>,
    /// The source says after a while that it is over.
    #[arg(long, value_name = "AFTER")]
    pub(crate) ends: Option<Duration>,
    /// Play this instead: a line of JSON for each event, or an incident as `tocsin show --json` prints it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["service", "at", "ack", "snooze", "ends"])]
    pub(crate) events: Option<PathBuf>,
    /// Stop so long after the first event.
    #[arg(long = "for", value_name = "LENGTH", default_value = "1d")]
    pub(crate) length: Duration,
}

/// Who answers after how long, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) by: tocsin_domain::id::UserId,
    pub(crate) after: Duration,
    pub(crate) length: Option<Duration>,
}

impl FromStr for Answered {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "write who and after how long, like ada=5m".to_owned();
        let (by, rest) = text.split_once('=').ok_or_else(form)?;
        let (after, length) = rest.split_once('+').map_or((rest, None), |(after, length)| (after, Some(length)));
        Ok(Self { by: by.parse().map_err(|_| form())?, after: after.parse()?, length: length.map(str::parse).transpose()? })
    }
}

/// Which versions to list.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// Only versions below this one.
    #[arg(long, value_name = "VERSION")]
    pub(crate) before: Option<u64>,
    /// At most so many.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) limit: u32,
}

/// What to write, and where.
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(crate) struct Export {
    /// Write a folder with a file for each kind of object; without it, one document to standard output.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// This version; the one in force by default.
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<u64>,
}

/// Where to go back to.
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The version whose document is put into force again.
    #[arg(value_name = "VERSION")]
    pub(crate) to: u64,
    /// Refuse unless this version is in force; by default the version that is in force when the command begins.
    #[arg(long, value_name = "VERSION")]
    pub(crate) expect: Option<u64>,
}

/// What to look for.
#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// A sender's key (dedup_key, alias, incident_key), an alert's id, or a request's id.
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

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what a configuration file would change, in meaning: who is on call and paged otherwise, what becomes uncovered or unreachable. Exit code 0: nothing;
    /// 2: something.
    Plan(Plan),
    /// Say who would be paged when, and why: by an imagined event or a recorded history, against any configuration.
    Simulate(Simulate),
    /// List the versions of the configuration: who changed what, when.
    History(History),
    /// Write the configuration that is in force as YAML: applied again it changes nothing.
    Export(Export),
    /// Put an earlier version of the configuration into force again, as a new version.
    Rollback(Rollback),
    /// Check a configuration file and put it into force; show the keys of new integrations, once.
    Apply(Apply),
    /// Check a configuration file, offline.
    Check {
        /// The file (YAML).
        file: PathBuf,
    },
    /// Say who is on call by a configuration file, at any instant, offline.
    Who(Who),
    /// Look for what would keep a page from a person by a configuration file, offline: holes in schedules, levels and people that nobody reaches. Exit code 1
    /// where there is any.
    Verify(Verify),
    /// Try event rules on an imagined event, offline.
    #[command(subcommand)]
    Rules(Rules),
    /// List incidents.
    Incidents(Incidents),
    /// Show an incident with its timeline.
    Show {
        #[command(flatten)]
        incident: One,
        /// Say of each page why it was planned: policy, level, schedule, layer and turn or override, rule, contact method.
        #[arg(long)]
        why: bool,
    },
    /// Say that somebody is on it: the paging stops.
    Ack {
        #[command(flatten)]
        incidents: Several,
    },
    /// Take an acknowledgement back: paging begins again with the first level.
    Unack {
        #[command(flatten)]
        incidents: Several,
    },
    /// Say that it is over.
    Resolve {
        #[command(flatten)]
        incidents: Several,
    },
    /// Open a resolved incident again: paging begins again with the first level; its alerts stay closed.
    Reopen {
        #[command(flatten)]
        incidents: Several,
    },
    /// Write something down on an incident's timeline.
    Note {
        #[command(flatten)]
        incident: One,
        /// The text.
        #[arg(required = true, num_args = 1.., value_name = "TEXT")]
        text: Vec<String>,
    },
    /// Acknowledge for a while; then it is triggered again.
    Snooze {
        #[command(flatten)]
        incident: One,
        /// How long: 30m, 2h, 1d12h.
        duration: Duration,
    },
    /// Give an incident to somebody else.
    Reassign {
        #[command(flatten)]
        incident: One,
        #[command(flatten)]
        to: Targets,
    },
    /// Page the next level at once.
    Escalate {
        #[command(flatten)]
        incident: One,
    },
    /// Do one thing to up to 250 incidents in one request.
    Bulk {
        /// What.
        what: BulkWord,
        /// Numbers (12 or #12) or ids.
        #[arg(required = true, num_args = 1..=250, value_name = "N")]
        incidents: Vec<Which>,
    },
    /// Call an incident something else.
    Title {
        #[command(flatten)]
        incident: One,
        /// One line.
        #[arg(required = true, num_args = 1.., value_name = "TITLE")]
        title: Vec<String>,
    },
    /// Write custom fields on an incident; the others stay.
    Field {
        #[command(flatten)]
        incident: One,
        /// NAME=VALUE: a number, true, false, or a text; NAME= takes it away.
        #[arg(required = true, num_args = 1.., value_name = "NAME=VALUE")]
        fields: Vec<String>,
    },
    /// Say where those who work on an incident talk.
    Bridge {
        #[command(flatten)]
        incident: One,
        /// An address (https://...), a number (tel:...), or none.
        link: String,
    },
    /// Make other incidents part of one: nobody is paged for them any more, and their alerts follow.
    Merge {
        #[command(flatten)]
        incident: One,
        /// The incidents that become part of it.
        #[arg(required = true, num_args = 1.., value_name = "SOURCE")]
        sources: Vec<Which>,
    },
    /// Split alerts off into an incident of their own, whose escalation begins.
    Split {
        #[command(flatten)]
        incident: One,
        /// Ids of alerts that go on (see `show --json`).
        #[arg(required = true, num_args = 1.., value_name = "ALERT")]
        alerts: Vec<String>,
        /// The new incident's title; by default the summary of the first alert.
        #[arg(long)]
        title: Option<String>,
    },
    /// Ask people to help: they are paged until they accept or decline.
    Respond {
        #[command(flatten)]
        incident: One,
        #[command(flatten)]
        to: Targets,
        /// What for; it stands in their message.
        #[arg(num_args = 0.., value_name = "MESSAGE")]
        message: Vec<String>,
    },
    /// Say that you help with an incident that you were asked for.
    Accept {
        #[command(flatten)]
        incident: One,
        #[command(flatten)]
        who: Somebody,
    },
    /// Say that you do not: no more pages for it.
    Decline {
        #[command(flatten)]
        incident: One,
        #[command(flatten)]
        who: Somebody,
    },
    /// Set an incident's priority, or take it away.
    Priority {
        #[command(flatten)]
        incident: One,
        /// P1 (most important) to P5, or none.
        priority: PriorityWord,
    },
    /// Choose whether people are paged by their rules for high or for low urgency.
    Urgency {
        #[command(flatten)]
        incident: One,
        /// high (an unanswered incident pages from its first level again) or low (nobody is paged anew).
        urgency: UrgencyWord,
    },
    /// Say who is on call now, and why.
    Oncall,
    /// Say where events ended: by the sender's key, an alert's id or a request's id.
    Trace(Trace),
    /// Check that everything that came in is accounted for. Exit code 1: something is not.
    Audit(Audit),
    /// List heartbeats: which jobs say that they are alive, and which do not. One that nobody has pinged yet is not expected.
    Heartbeats,
    /// Contact methods: show that they reach their owner.
    #[command(subcommand)]
    Contact(Contact),
    /// List schedules, and who is on call in each now.
    Schedules,
    /// Who is on call over a range of time, hours per person, calendar files.
    Shifts {
        #[command(subcommand)]
        command: ShiftsCommand,
    },
    /// Put somebody on call for a while, beside or instead of whom a schedule says.
    Override {
        #[command(subcommand)]
        command: OverrideCommand,
    },
    /// Swap shifts: one offers, the other accepts.
    Swap {
        #[command(subcommand)]
        command: SwapCommand,
    },
    /// Secret addresses of calendars, for calendar programs.
    Calendar {
        #[command(subcommand)]
        command: CalendarCommand,
    },
    /// Send a test event, as a monitoring system would.
    Send(Send),
    /// Make a further key for an integration, the present one stays valid; or end one.
    Key {
        /// The integration's id.
        integration: String,
        /// End this key instead: its senders have changed over.
        #[arg(long, value_name = "KEY")]
        revoke: Option<String>,
    },
    /// Make the first API token of a deployment (with the deployer's AWS credentials).
    Init(Init),
    /// Say what would keep a page from arriving (AWS credentials; with a token it looks into the configuration too).
    Doctor {
        #[command(flatten)]
        stack: Stack,
    },
    /// Look at what failed for good, put it right, and clear the failure queues (AWS credentials).
    Redrive(Redrive),
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The file (YAML).
    pub(crate) file: PathBuf,
    /// Refuse unless this version is in force (0: none); by default the version that is in force when the command begins.
    #[arg(long, value_name = "VERSION")]
    pub(crate) expect: Option<u64>,
    /// Do exactly what this plan says (`tocsin plan --out`), or say what moved meanwhile.
    #[arg(long, value_name = "PLAN.json", conflicts_with = "expect")]
    pub(crate) plan: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Incidents {
    /// Resolved ones too.
    #[arg(long)]
    pub(crate) all: bool,
    /// Only of this team.
    #[arg(long)]
    pub(crate) team: Option<String>,
    /// At most so many of each kind.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
}

/// Which incident.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// Its number (12 or #12) or its id.
    #[arg(value_name = "N")]
    pub(crate) incident: Which,
}

/// Which incidents.
#[derive(Debug, Args)]
pub(crate) struct Several {
    /// Numbers (12 or #12) or ids.
    #[arg(required = true, num_args = 1.., value_name = "N")]
    pub(crate) incidents: Vec<Which>,
}

/// Who answers.
#[derive(Debug, Args)]
pub(crate) struct Somebody {
    /// The id of somebody else who said so.
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
}

/// Whom to give an incident to, or to ask.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Targets {
    /// A user's id.
    #[arg(long)]
    pub(crate) user: Vec<String>,
    /// Whoever is on call in this schedule.
    #[arg(long)]
    pub(crate) schedule: Vec<String>,
    /// Everybody in this team.
    #[arg(long)]
    pub(crate) team: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// The integration's key.
    #[arg(long)]
    pub(crate) key: String,
    /// How bad.
    #[arg(long, value_enum, default_value_t = SeverityWord::Critical)]
    pub(crate) severity: SeverityWord,
    /// One line that says what is wrong.
    #[arg(long, default_value = "Test event sent by hand")]
    pub(crate) summary: String,
    /// Where: a host, a service.
    #[arg(long, default_value = "tocsin send")]
    pub(crate) source: String,
    /// Events with the same key belong to the same alert; made up by Tocsin if absent.
    #[arg(long, value_name = "KEY", required_if_eq_any([("resolve", "true"), ("acknowledge", "true")]))]
    pub(crate) dedup_key: Option<String>,
    /// The problem is over.
    #[arg(long, conflicts_with = "acknowledge")]
    pub(crate) resolve: bool,
    /// Somebody works on it.
    #[arg(long)]
    pub(crate) acknowledge: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    #[command(flatten)]
    pub(crate) table: Table,
    /// The token's public name.
    #[arg(long, default_value = "deployer", value_name = "ID")]
    pub(crate) name: String,
    /// Make one although tokens exist already.
    #[arg(long)]
    pub(crate) another: bool,
}

/// Which table.
#[derive(Debug, Args)]
pub(crate) struct Table {
    /// The deployment's table (the stack's output `TableName`).
    #[arg(long, env = "TOCSIN_TABLE", value_name = "NAME")]
    pub(crate) table: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Redrive {
    #[command(flatten)]
    pub(crate) stack: Stack,
    /// The sweep function (the stack's output `SweepFunctionName`); looked for by default.
    #[arg(long, env = "TOCSIN_SWEEP_FUNCTION", value_name = "NAME")]
    pub(crate) sweep_function: Option<String>,
    /// Only show what is in the queues.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Which stack.
#[derive(Debug, Args)]
pub(crate) struct Stack {
    /// The name that the stack was deployed by; its topics and queues begin with it.
    #[arg(long, env = "TOCSIN_STACK", default_value = "tocsin", value_name = "NAME")]
    pub(crate) stack: String,
}

/// An incident by number or id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Which {
    Number(u64),
    Id(IncidentId),
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_prefix('#').unwrap_or(text);
        if let Ok(number) = number.parse() {
            return Ok(Self::Number(number));
        }
        text.parse().map(Self::Id).map_err(|_| "write the incident's number, like 12".to_owned())
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

/// A length of time: numbers with units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Duration {
    pub(crate) seconds: u64,
}

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "write numbers with units, like 30m, 2h or 1d12h".to_owned();
        let mut seconds: u64 = 0;
        let mut rest = text.trim();
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(form)?;
            let (number, behind) = rest.split_at(digits);
            let ends = behind.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(behind.len());
            let (unit, behind) = behind.split_at(ends);
            let unit_s = match unit {
                "s" | "sec" => 1,
                "m" | "min" => 60,
                "h" => 3600,
                "d" => 24 * 3600,
                "w" => 7 * 24 * 3600,
                _ => return Err(form()),
            };
            let part = number.parse::<u64>().ok().and_then(|n| n.checked_mul(unit_s));
            seconds = part.and_then(|p| seconds.checked_add(p)).ok_or_else(form)?;
            rest = behind.trim_start();
        }
        if seconds == 0 { Err(form()) } else { Ok(Self { seconds }) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeverityWord {
    Critical,
    Error,
    Warning,
    Info,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "verbatim")]
pub(crate) enum PriorityWord {
    #[value(alias = "p1")]
    P1,
    #[value(alias = "p2")]
    P2,
    #[value(alias = "p3")]
    P3,
    #[value(alias = "p4")]
    P4,
    #[value(alias = "p5")]
    P5,
    #[value(name = "none")]
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BulkWord {
    Ack,
    Unack,
    Resolve,
    Reopen,
    Escalate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum UrgencyWord {
    High,
    Low,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn durations() {
        let seconds = |text: &str| text.parse::<Duration>().ok().map(|d| d.seconds);
        for (text, expected) in [("90s", 90), ("30m", 1800), ("30min", 1800), ("2h", 7200), ("1d12h", 129_600), ("1h 30m", 5400), ("1w", 604_800)] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for bad in ["", "5", "m", "1x", "0m", "-5m", "1h5", "99999999999999999999s", "9999999999999999999w"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn incidents_by_number_and_by_id() {
        assert_eq!("12".parse(), Ok(Which::Number(12)));
        assert_eq!("#12".parse(), Ok(Which::Number(12)));
        let id = IncidentId::new(tocsin_domain_ulid());
        assert_eq!(id.to_string().parse(), Ok(Which::Id(id)));
        assert!("../tokens".parse::<Which>().is_err());
    }

    fn tocsin_domain_ulid() -> ulid::Ulid {
        ulid::Ulid::from_parts(1, 2)
    }
}
