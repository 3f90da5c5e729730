//! Senders whose format a mapping can read: one file of rules each, in the form that a team may write into its own configuration.
//!
//! Called by: the ingest handler, for `/v1/integrations/NAME/KEY`. A sender is added by its file, a line here, its fixtures with their golden output, and a line in
//! docs/senders.md. Refuses to hold code.

/// The rules of a sender, as JSON.
pub fn rules(name: &str) -> Option<&'static str> {
    Some(match name {
        "datadog" => include_str!("ready/datadog.json"),
        "newrelic" | "new-relic" => include_str!("ready/newrelic.json"),
        "sentry" => include_str!("ready/sentry.json"),
        "zabbix" => include_str!("ready/zabbix.json"),
        "nagios" | "icinga" | "icinga2" => include_str!("ready/nagios.json"),
        "uptime-kuma" | "uptimekuma" => include_str!("ready/uptime-kuma.json"),
        "healthchecks" => include_str!("ready/healthchecks.json"),
        "github" => include_str!("ready/github.json"),
        "eventbridge" => include_str!("ready/aws.json"),
        _ => return None,
    })
}

/// The names that [`rules`] knows, one for each sender.
pub const NAMES: [&str; 9] = ["datadog", "newrelic", "sentry", "zabbix", "nagios", "uptime-kuma", "healthchecks", "github", "eventbridge"];
