//! The command line: which commands there are. What each one takes stands beside it in [`commands`](crate::commands).

use crate::commands::apply::Apply;
use crate::commands::bulk::Bulk;
use crate::commands::contact::Contact;
use crate::commands::doctor::Stack;
use crate::commands::foresee::{Verify, Who};
use crate::commands::history::{Export, History, Rollback};
use crate::commands::incidents::Incidents;
use crate::commands::init::Init;
use crate::commands::ledger::{Audit, Trace};
use crate::commands::me::Me;
use crate::commands::plan::Plan;
use crate::commands::redrive::Redrive;
use crate::commands::respond::{PriorityWord, Somebody, Targets, UrgencyWord};
use crate::commands::roster::arguments::{CalendarCommand, OverrideCommand, ShiftsCommand, SwapCommand};
use crate::commands::rules::Rules;
use crate::commands::send::Send;
use crate::commands::simulate::Simulate;
use crate::commands::tokens::Tokens;
use crate::words::{Duration, One, Several, Which};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

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
    #[arg(long, global = true, display_order = 902)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the deployment is, and who asks.
#[derive(Debug, Args)]
pub(crate) struct ApiArguments {
    /// Address of the deployment (the stack's output `ApiUrl`).
    #[arg(long, global = true, env = "TOCSIN_URL", value_name = "URL", display_order = 900)]
    pub(crate) url: Option<String>,
    /// API token. Rather set TOCSIN_API_TOKEN: other users of this machine can see command lines.
    #[arg(long, global = true, env = "TOCSIN_API_TOKEN", value_name = "TOKEN", hide_env_values = true, display_order = 901)]
    pub(crate) token: Option<String>,
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
        /// The file (YAML) or folder.
        file: PathBuf,
    },
    /// Print the JSON Schema of configuration files, for editors.
    Schema,
    /// Say who is on call at any instant: by the version that was in force then and what people changed at run time, or by a configuration file, offline.
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
    /// Do one thing to many incidents: named ones (12 13), those on standard input (-), or all that are open (--open, --service, --of-team), which are counted first.
    Bulk {
        #[command(subcommand)]
        what: Bulk,
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
    /// Maintenance windows: times in which alerts are recorded and nobody is paged for them.
    Maintenance {
        #[command(subcommand)]
        command: crate::commands::maintenance::MaintenanceCommand,
    },
    /// How you are reached: contact methods, notification rules, quiet hours, time zone; and what you may do where.
    Me(Me),
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
    /// List the API tokens of a deployment, or end one (with the deployer's AWS credentials).
    Tokens(Tokens),
    /// Say what would keep a page from arriving (AWS credentials; with a token it looks into the configuration too).
    Doctor {
        #[command(flatten)]
        stack: Stack,
    },
    /// Look at what failed for good, put it right, and clear the failure queues (AWS credentials).
    Redrive(Redrive),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
