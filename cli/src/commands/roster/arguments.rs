//! The command line of schedules at run time.

use crate::commands::import_shifts::Import;
use crate::words::Duration;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use std::str::FromStr;

#[derive(Debug, Subcommand)]
pub(crate) enum ShiftsCommand {
    /// Show who is on call over a range, and why; and when nobody is.
    Show {
        #[command(flatten)]
        range: Range,
        /// Each person's hours instead: in all, at night, at weekends.
        #[arg(long)]
        hours: bool,
    },
    /// Bring the shifts of a calendar file (.ics) in: beside whom the schedule says. Again: what changed is changed, what is gone goes.
    Import(Import),
    /// Show who changed the schedule at run time, when and how.
    Changes {
        /// The schedule's id.
        schedule: String,
    },
}

/// A schedule and a range of time.
#[derive(Debug, Args)]
pub(crate) struct Range {
    /// The schedule's id.
    pub(crate) schedule: String,
    /// From this instant, RFC 3339; now where it is not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<Timestamp>,
    /// Up to this instant; 28 days later where it is not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Timestamp>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OverrideCommand {
    /// Put somebody on call for a while.
    Add(AddOverride),
    /// List what was changed at run time and is not over.
    List {
        /// The schedule's id.
        schedule: String,
        /// Also what is over or was taken back.
        #[arg(long)]
        past: bool,
    },
    /// Take a change back; one that has begun ends now.
    Remove {
        /// The schedule's id.
        schedule: String,
        /// The override's id.
        id: String,
    },
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("who").required(true).args(["with", "add"])))]
#[command(group(clap::ArgGroup::new("how_long").required(true).args(["end", "duration"])))]
pub(crate) struct AddOverride {
    /// The schedule's id.
    pub(crate) schedule: String,
    /// Who answers instead (a user's id; may be given several times).
    #[arg(long, value_name = "USER")]
    pub(crate) with: Vec<String>,
    /// Who answers too.
    #[arg(long, value_name = "USER")]
    pub(crate) add: Vec<String>,
    /// Instead of this person only, wherever they would answer.
    #[arg(long, value_name = "USER", conflicts_with_all = ["add", "layer"])]
    pub(crate) instead_of: Option<String>,
    /// In this layer only.
    #[arg(long, conflicts_with = "add")]
    pub(crate) layer: Option<String>,
    /// From this instant, RFC 3339; now where it is not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<Timestamp>,
    /// Up to this instant.
    #[arg(long, value_name = "TIME")]
    pub(crate) end: Option<Timestamp>,
    /// For so long: 2h, 1d12h.
    #[arg(long = "for", value_name = "DURATION")]
    pub(crate) duration: Option<Duration>,
    /// Why.
    #[arg(long)]
    pub(crate) note: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SwapCommand {
    /// Offer a time in which you are on call to somebody else. Nothing changes until they accept.
    Offer(OfferSwap),
    /// List swaps.
    List {
        /// The schedule's id.
        schedule: String,
    },
    /// Take a swap that was offered to you.
    Accept(OneSwap),
    /// Do not take it.
    Decline(OneSwap),
    /// Take your offer back.
    Withdraw(OneSwap),
}

#[derive(Debug, Args)]
pub(crate) struct OfferSwap {
    /// The schedule's id.
    pub(crate) schedule: String,
    /// To whom (a user's id).
    #[arg(long, value_name = "USER")]
    pub(crate) to: String,
    /// Who offers; whoever the token belongs to where it is not given.
    #[arg(long, value_name = "USER")]
    pub(crate) from: Option<String>,
    /// The time to give away: START/END, RFC 3339.
    #[arg(long, value_name = "START/END")]
    pub(crate) give: Stretch,
    /// The time to take in return.
    #[arg(long, value_name = "START/END")]
    pub(crate) take: Option<Stretch>,
    /// Why.
    #[arg(long)]
    pub(crate) note: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct OneSwap {
    /// The schedule's id.
    pub(crate) schedule: String,
    /// The swap's id.
    pub(crate) id: String,
}

/// `START/END`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
}

impl FromStr for Stretch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = |_| "write START/END, like 2026-12-25T09:00:00Z/2026-12-26T09:00:00Z".to_owned();
        let (start, end) = text.split_once('/').ok_or(()).map_err(form)?;
        Ok(Self { start: start.parse().map_err(|_| ()).map_err(form)?, end: end.parse().map_err(|_| ()).map_err(form)? })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum CalendarCommand {
    /// Make a secret address for a calendar program. It is shown once.
    Make {
        #[command(flatten)]
        of: CalendarOf,
        /// Where it is used ("my phone").
        #[arg(long, default_value = "")]
        name: String,
    },
    /// List the addresses that there are (not the addresses themselves: nobody knows those).
    List {
        #[command(flatten)]
        of: CalendarOf,
    },
    /// End an address.
    Revoke {
        #[command(flatten)]
        of: CalendarOf,
        /// The feed's id.
        id: String,
    },
}

/// Whose calendar.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct CalendarOf {
    /// Everybody's shifts in this schedule.
    #[arg(long)]
    pub(crate) schedule: Option<String>,
    /// This person's shifts in all schedules.
    #[arg(long)]
    pub(crate) user: Option<String>,
}
