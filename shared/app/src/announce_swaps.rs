//! Tells both sides of a swap what the other one did: offered, accepted, declined, took back; and who offered that nobody answered.
//!
//! Called by: [`AnnounceHandoffs::run`], which claims and sends. What is told follows from the rosters as they are, so nothing has to be written beside a swap, and a
//! swap that was answered before its offer could be told tells only the answer; one that was taken back before, nothing. Quiet hours hold a notice, as they hold pages of low urgency; an offer that would
//! expire meanwhile is told at once. Refuses to page.

use crate::announce_handoffs::AnnounceHandoffs;
use crate::error::AppError;
use crate::ports::{NoticeAbout, NoticeKey};
use jiff::{SignedDuration, Timestamp};
use tocsin_domain::configuration::{Configuration, User};
use tocsin_domain::id::ScheduleId;
use tocsin_domain::notification::swap::SwapNotice;
use tocsin_domain::schedule::swap::{News, Swap};
use tocsin_domain::schedule::{Open, open};

/// What is older is not told any more. A notice is remembered for longer, so nothing is told twice.
const LATEST: SignedDuration = SignedDuration::from_hours(24);
/// Quiet hours hold a notice for so long at most.
const LONGEST_HOLD: SignedDuration = SignedDuration::from_hours(16);
/// Notices of one sweep. What is left over is the next one's.
const MOST: usize = 100;

impl AnnounceHandoffs {
    /// Tells of swaps in every schedule: one read for each, and none where there are none. The answer: how many people were told.
    pub(crate) async fn swaps(&self, configuration: &Configuration) -> Result<usize, AppError> {
        let all: Vec<ScheduleId> = configuration.schedules.iter().map(|s| s.id.clone()).collect();
        if all.is_empty() {
            return Ok(0);
        }
        let now = self.clock.now();
        let rosters = self.rosters.store.rosters(&all).await?;
        let mut told = 0;
        for roster in &rosters {
            let Some(schedule) = configuration.schedule(&roster.schedule) else { continue };
            for swap in &roster.swaps {
                let (at, to, news) = swap.news(now);
                let Some(user) = configuration.user(to).filter(|_| at <= now && now.duration_since(at) <= LATEST) else { continue };
                if told == MOST || held(user, swap, news, at, now) {
                    continue;
                }
                let other = if *to == swap.to { &swap.from } else { &swap.to };
                let other = configuration.user(other).map_or_else(|| other.to_string(), |u| u.name.clone());
                let name = if schedule.name.is_empty() { schedule.id.as_str() } else { &schedule.name };
                let notice = SwapNotice { swap, news, id: &schedule.id, schedule: name, other: &other, time_zone: &user.time_zone };
                let key = NoticeKey { schedule: schedule.id.clone(), at, user: user.id.clone(), about: NoticeAbout::Swap(swap.id, news) };
                if news == News::Withdrawn && self.never_heard(&key, swap).await? {
                    continue;
                }
                if self.tell(&key, user, || notice.compose()).await? {
                    told += 1;
                }
            }
        }
        Ok(told)
    }

    /// Whether an offer was taken back before anybody was told of it: then its reader is told neither of it nor of its end. Whoever can claim the offer's notice
    /// knows that it was not sent.
    async fn never_heard(&self, withdrawn: &NoticeKey, swap: &Swap) -> Result<bool, AppError> {
        // An older offer was told, unless it could not be; and a notice of it may be forgotten.
        if self.is_settled(withdrawn) || withdrawn.at.duration_since(swap.at) > LATEST {
            return Ok(false);
        }
        let offered = NoticeKey { at: swap.at, about: NoticeAbout::Swap(swap.id, News::Offered), ..withdrawn.clone() };
        if !self.claim(&offered).await? {
            return Ok(false);
        }
        // Should this end in between, the end is told to somebody who did not hear of the beginning: needless, and harmless.
        self.settle(withdrawn).await?;
        self.settle(&offered).await?;
        Ok(true)
    }
}

/// Whether a notice waits for the end of its reader's quiet hours.
fn held(user: &User, swap: &Swap, news: News, at: Timestamp, now: Timestamp) -> bool {
    match open(&user.quiet_hours, &user.time_zone, now) {
        Open::No | Open::Always => false,
        Open::Until(end) => now.duration_since(at) < LONGEST_HOLD && (news != News::Offered || end < swap.expires_at()),
    }
}
