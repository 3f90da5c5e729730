//! Goes through a team's alerts in the order in which they came, from either side, and gives those that a query asks for.
//!
//! Each round reads more than the one before, so that a page that fills at once costs little and one that lies deep costs no more than twice what it must. Bounded: a request
//! looks at so many alerts, for so long; where it stopped is part of its answer, and the next request goes on there.
//! Holds no more of what it saw than its caller keeps.

use crate::Opsgenie;
use crate::beside::Wanted;
use crate::fields::{asks_for, value};
use crate::query::{Compare, Field, Query};
use crate::show::Show;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use tocsin_app::error::AppError;
use tocsin_app::ports::{Order, Received, Span};
use tocsin_domain::alert::Alert;
use tocsin_domain::id::{AlertId, TeamId};

/// Alerts that one request looks at: as many as Opsgenie lets its clients page through.
const MOST_LOOKED_AT: usize = 20_000;
/// No round begins later than this after the request came: the function has ten seconds.
const MOST_TIME: SignedDuration = SignedDuration::from_secs(4);
/// Alerts of the first round, at least.
const FIRST_ROUND: usize = 100;
/// Alerts of the longest round.
const LONGEST_ROUND: usize = 800;
/// Alerts that are read in one call.
const A_CALL: usize = 100;
/// Calls at the same time.
const AT_ONCE: usize = 4;

/// What to go through.
pub(crate) struct Scan<'a> {
    /// Whose alerts.
    pub(crate) team: &'a TeamId,
    /// Which of them.
    pub(crate) query: &'a Query,
    /// What the query, and whoever takes them, need beside the alerts.
    pub(crate) wanted: Wanted,
    /// From which side.
    pub(crate) order: Order,
    /// How many are wanted, if all of them are asked for.
    pub(crate) enough: usize,
    /// Where an earlier request stopped.
    pub(crate) behind: Option<Received>,
    /// When this request came.
    pub(crate) since: Timestamp,
}

/// How far it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    /// There is nothing more.
    End,
    /// As much as was wanted.
    Enough,
    /// As far as one request goes: to here.
    Bound(Received),
}

impl Opsgenie {
    /// Gives every alert that the query asks for to `take`, in order, until `take` says after a round that it has enough, or there are no more.
    pub(crate) async fn scan(&self, scan: &Scan<'_>, mut take: impl FnMut(Received, Show) -> bool) -> Result<Reached, AppError> {
        let span = span(scan.query, self.now());
        let team = if asks_for(scan.query, &Field::Team) { self.configuration.current().await?.1.team(scan.team).map(|t| t.name.clone()) } else { None };
        let team = team.unwrap_or_default();
        let (mut behind, mut round, mut seen) = (scan.behind, scan.enough.clamp(FIRST_ROUND, LONGEST_ROUND), 0);
        loop {
            let received = self.alerts.alerts_received(scan.team, span, behind, round, scan.order).await?;
            let mut more = true;
            for (at, show) in self.read(scan, &received).await? {
                if scan.query.matches(&|field: &Field| value(&show, field, &team)) {
                    more = take(at, show);
                }
            }
            seen += received.len();
            let Some(last) = received.last().filter(|_| received.len() == round) else { return Ok(Reached::End) };
            if !more {
                return Ok(Reached::Enough);
            }
            if seen >= MOST_LOOKED_AT || self.now().duration_since(scan.since) > MOST_TIME {
                return Ok(Reached::Bound(*last));
            }
            behind = Some(*last);
            round = (round * 2).min(LONGEST_ROUND).min(MOST_LOOKED_AT - seen);
        }
    }

    /// Alerts of a round that senders still see.
    async fn read(&self, scan: &Scan<'_>, received: &[Received]) -> Result<Vec<(Received, Show)>, AppError> {
        let at: BTreeMap<AlertId, Received> = received.iter().map(|r| (r.alert, *r)).collect();
        let part = async |part: &[Received]| {
            let ids: Vec<AlertId> = part.iter().map(|r| r.alert).collect();
            let mut alerts: Vec<Alert> = self.alerts.alerts(&ids).await?;
            alerts.retain(|a| !a.deleted && a.team == *scan.team);
            self.shows(alerts, scan.wanted).await
        };
        let parts: Vec<Vec<Show>> = stream::iter(received.chunks(A_CALL)).map(part).buffered(AT_ONCE).try_collect().await?;
        Ok(parts.into_iter().flatten().filter_map(|show| Some((*at.get(&show.alert.id)?, show))).collect())
    }
}

/// The span that a query leaves: what its `createdAt` terms, joined by AND, allow.
fn span(query: &Query, now: Timestamp) -> Span {
    let soon = now.checked_add(SignedDuration::from_mins(5)).unwrap_or(Timestamp::MAX);
    let mut span = Span { from: Timestamp::UNIX_EPOCH, until: soon };
    let terms = match query {
        Query::And(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    for term in terms {
        if let Query::Term(Field::CreatedAt, compare, text) = term
            && let Some(at) = crate::query::instant(text)
        {
            let behind = at.checked_add(SignedDuration::from_nanos(1)).unwrap_or(at);
            match compare {
                Compare::Less => span.until = span.until.min(at),
                Compare::AtMost => span.until = span.until.min(behind),
                Compare::More | Compare::AtLeast => span.from = span.from.max(at),
                Compare::Has | Compare::Is | Compare::IsNot => {}
            }
        }
    }
    span
}
