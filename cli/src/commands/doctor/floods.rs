//! What integrations brought too much of lately: floods, which page once for many alerts, and refusals, of which nobody was paged.
//!
//! Called by: `doctor`, with the deployer's credentials: the API holds no counts. Judged by the limits that are in force now.

use super::{Finding, Level};
use crate::aws;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::output::count;
use aws_config::SdkConfig;
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use tocsin_app::error::PortError;
use tocsin_app::ports::{ConfigurationStore, Minute, RateStore};
use tocsin_aws::dynamo::DynamoStore;
use tocsin_domain::flood::{FLOOD_BOUNDS, Limits, MOST_REFUSE_AFTER, minute};
use tocsin_domain::id::IntegrationId;

/// How far back is looked. Counts are kept twice as long.
const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(24);
/// Integrations that are looked at together.
const AT_ONCE: usize = 16;

pub(super) async fn floods(config: &SdkConfig, lambda: &aws_sdk_lambda::Client, stack: &str, now: Timestamp) -> Result<Vec<Finding>, Failure> {
    let table = Deployment::find(lambda, stack, None).await?.table;
    let store = DynamoStore::new(aws_sdk_dynamodb::Client::new(config), table);
    let from = minute(now.saturating_sub(LOOKS_BACK).unwrap_or(Timestamp::MIN));
    look(&store, from).await.map_err(|error| aws::told("DynamoDB", error.to_string()))
}

async fn look(store: &(impl ConfigurationStore + RateStore), from: Timestamp) -> Result<Vec<Finding>, PortError> {
    let version = store.current_version().await?;
    let configuration = match version {
        Some(version) => store.configuration(version).await?,
        None => None,
    };
    let Some(configuration) = configuration else { return Ok(Vec::new()) };
    let integrations: Vec<&IntegrationId> = configuration.keyed().map(|(id, ..)| id).collect();
    let mut findings = Vec::new();
    for together in integrations.chunks(AT_ONCE) {
        let brought = try_join_all(together.iter().map(|id| store.minutes(id, from, usize::MAX))).await?;
        findings.extend(together.iter().zip(brought).filter_map(|(id, minutes)| told(id, configuration.limits_of(id), &minutes)));
    }
    if findings.is_empty() {
        findings.push(Finding::ok("floods: no integration brought too many new alerts in the last 24 hours"));
    }
    Ok(findings)
}

/// What is to be said of an integration by its minutes, the latest first.
fn told(id: &IntegrationId, limits: Limits, minutes: &[Minute]) -> Option<Finding> {
    let above = |limit: u32| minutes.iter().filter(move |m| m.count.alerts > u64::from(limit));
    let said = |limit: u32, what: &str, then: &str| {
        let last = above(limit).next()?.at.strftime("%Y-%m-%d %H:%M UTC");
        let most = above(limit).map(|m| m.count.alerts).max()?;
        let minutes = count(above(limit).count(), "minute");
        Some(format!("integration {id} {what} in {minutes} of the last 24 hours, last at {last}: up to {most} new alerts came in one, {then} beyond {limit}"))
    };
    let refused = || {
        let what = said(limits.refuse_after, "was refused", "and they are refused")?;
        let next = if limits.refuse_after < MOST_REFUSE_AFTER {
            "fix the sender, or raise the integration's refuse_after: nobody is paged for what is refused"
        } else {
            "fix the sender, or divide its alerts among several integrations: refuse_after is as high as it may be, and nobody is paged for what is refused"
        };
        Some(Finding::new(Level::Error, what, next))
    };
    let flooded = || {
        let what = said(limits.flood_after, "flooded", "and they are one incident")?;
        let next = if limits.flood_after < FLOOD_BOUNDS.1 {
            "fix the sender, or raise the integration's flood_after if each of them is to page"
        } else {
            "fix the sender: flood_after is as high as it may be"
        };
        Some(Finding::new(Level::Warning, what, next))
    };
    refused().or_else(flooded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tocsin_domain::flood::Count;

    #[test]
    fn what_is_above_a_limit_is_told_and_nothing_else() {
        let limits = Limits { flood_after: 5, refuse_after: 50 };
        let first: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let told = |counts: &[u64]| {
            let at = |n: usize| first - SignedDuration::from_mins(n.try_into().unwrap());
            // A minute that goes on with a flood and is quiet itself brought nothing too many.
            let minutes: Vec<Minute> =
                counts.iter().enumerate().map(|(n, alerts)| Minute { at: at(n), count: Count { alerts: *alerts, goes_on: true } }).collect();
            told(&"pager".parse().unwrap(), limits, &minutes).map(|f| (f.level, f.what))
        };
        for quiet in [&[][..], &[5], &[1, 0, 5]] {
            assert_eq!(told(quiet), None, "{quiet:?}");
        }
        for (counts, level, starts) in [
            (&[6][..], Level::Warning, "integration pager flooded in 1 minute of the last 24 hours, last at 2026-01-05 09:00 UTC: up to 6 new"),
            (&[2, 50, 7], Level::Warning, "integration pager flooded in 2 minutes of the last 24 hours, last at 2026-01-05 08:59 UTC: up to 50 new"),
            (&[6, 51, 90, 7], Level::Error, "integration pager was refused in 2 minutes of the last 24 hours, last at 2026-01-05 08:59 UTC: up to 90 new"),
        ] {
            let (said, what) = told(counts).unwrap();
            assert_eq!(said, level, "{what}");
            assert!(what.starts_with(starts), "{what}");
        }
    }
    #[test]
    fn a_limit_that_is_as_high_as_it_may_be_is_not_to_be_raised() {
        let next = |limits: Limits, alerts: u64| {
            let minutes = [Minute { at: Timestamp::UNIX_EPOCH, count: Count { alerts, goes_on: false } }];
            told(&"pager".parse().unwrap(), limits, &minutes).unwrap().next_step
        };
        let limits = |flood_after, refuse_after| Limits { flood_after, refuse_after };
        for (low, high, alerts, field) in
            [(limits(3_000, 59_999), limits(3_000, 60_000), 60_001, "refuse_after"), (limits(2_999, 60_000), limits(3_000, 60_000), 3_001, "flood_after")]
        {
            assert!(next(low, alerts).contains(&format!("raise the integration's {field}")));
            assert!(next(high, alerts).contains(&format!("{field} is as high as it may be")));
        }
    }
}
