//! Which integration takes what AWS delivers by calling Tocsin itself.
//!
//! Called by: `inbound`, for messages of SNS topics and events of EventBridge: no address with a key led them here, the account's own permissions did.
//! Refuses to guess: what nobody wrote down belongs to nobody.

use super::{Configuration, Integration, IntegrationKind, Service};
use crate::id::{IntegrationId, TeamId};

impl Configuration {
    /// The integration whose `sources` say most of one of these names, with its kind, its service and its team as [`Configuration::keyed`] has them.
    ///
    /// ```
    /// # use tocsin_domain::configuration::Configuration;
    /// let configuration: Configuration = serde_json::from_value(serde_json::json!({"version": 1,
    ///     "services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "standard", "integrations": [
    ///         {"id": "all", "kind": "pagerduty", "sources": ["*"]},
    ///         {"id": "alarms", "kind": "pagerduty", "sources": ["arn:aws:sns:*:shop-alarms", "aws.guardduty"]}]}]})).unwrap();
    /// let of = |names: &[&str]| configuration.integration_of_source(names).map(|(id, ..)| id.to_string());
    /// assert_eq!(of(&["arn:aws:sns:eu-central-1:123456789012:shop-alarms"]).as_deref(), Some("alarms"));
    /// assert_eq!(of(&["aws.health"]).as_deref(), Some("all"));
    /// assert_eq!(of(&["aws.guardduty", "arn:aws:guardduty:eu-central-1:1:detector/2"]).as_deref(), Some("alarms"));
    /// ```
    pub fn integration_of_source(&self, names: &[&str]) -> Option<(&IntegrationId, IntegrationKind, &Service, &TeamId)> {
        let said = |integration: &Integration| {
            let pairs = integration.sources.iter().flat_map(|pattern| names.iter().map(move |name| (pattern, name)));
            pairs.filter(|(pattern, name)| covers(pattern, name)).map(|(pattern, _)| says(pattern)).max()
        };
        let best = self.integrations().filter_map(|i| Some((said(i)?, i))).reduce(|best, next| if next.0 > best.0 { next } else { best });
        let (_, best) = best?;
        self.keyed().find(|(id, ..)| **id == best.id)
    }

    fn integrations(&self) -> impl Iterator<Item = &Integration> {
        self.services.iter().flat_map(|s| &s.integrations).chain(self.teams.iter().flat_map(|t| &t.integrations))
    }
}

/// Whether a pattern with at most one `*` covers a name. Case matters, as it does in ARNs.
fn covers(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end),
    }
}

/// How much a pattern says: its characters, and that it is exact.
fn says(pattern: &str) -> (usize, bool) {
    (pattern.chars().filter(|c| *c != '*').count(), !pattern.contains('*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_once() {
        for (pattern, name, yes) in [
            ("*", "anything", true),
            ("aws.*", "aws.health", true),
            ("aws.*", "com.aws.", false),
            ("arn:aws:sns:*:alarms", "arn:aws:sns:eu-west-1:1:alarms", true),
            ("arn:aws:sns:*:alarms", "arn:aws:sns:eu-west-1:1:alarms-2", false),
            ("aba*ba", "aba", false),
            ("aws.health", "AWS.health", false),
        ] {
            assert_eq!(covers(pattern, name), yes, "{pattern} {name}");
        }
    }

    #[test]
    fn what_says_most_counts_and_exact_says_more() {
        assert!(says("aws.health") > says("aws.heal*") && says("aws.health") > says("*aws.health") && says("a*") > says("*"));
    }
}
