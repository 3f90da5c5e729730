//! Ingest as an ordinary server, and a load for it: how many alerts a second its code takes when no network and no DynamoDB stand around it.
//!
//! The cast: [`server`] puts the function's own handler behind HTTP/1.1 on this machine, over the stores in memory or over an embedded DynamoDB; [`load`] sends a
//! counted number of requests; [`alertmanager`] starts Debian's Alertmanager for the same load; `main` compares them in one run.
//!
//! Called by: people, and a test with a small count, so that it does not rot. Refuses other addresses than loopback, and loads without an end. Never shipped.

pub mod alertmanager;
pub mod load;
pub mod server;

/// Whatever goes wrong ends a run, in words.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The key of the one integration, which every request names.
pub const KEY: &str = "R0UT1NGKEY0000000000000000000001";

/// What a request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Alertmanager's API v2, one alert a request: the same bytes for Tocsin and for Alertmanager.
    ApiV2,
    /// PagerDuty's Events API v2.
    Pagerduty,
}

impl Format {
    /// Where Tocsin takes it.
    pub fn path(self) -> String {
        match self {
            Format::ApiV2 => format!("/v1/integrations/prometheus/{KEY}/api/v2/alerts"),
            Format::Pagerduty => "/v2/enqueue".to_owned(),
        }
    }

    /// The alert with this number; another number is another alert.
    pub fn body(self, number: usize) -> String {
        let host = format!("host-{number:07}");
        match self {
            Format::ApiV2 => serde_json::json!([{
                "labels": {"alertname": "HighErrorRate", "instance": host, "job": "checkout", "severity": "critical"},
                "annotations": {"summary": "Checkout answers with errors", "description": format!("More than 5 % of the answers of {host} are errors.")},
                "startsAt": "2026-01-05T09:00:00.000Z", "endsAt": "2100-01-01T00:00:00.000Z", "generatorURL": "http://prometheus.example.com:9090/graph?g0.expr=errors",
            }])
            .to_string(),
            Format::Pagerduty => serde_json::json!({
                "routing_key": KEY, "event_action": "trigger", "dedup_key": format!("checkout/{host}"),
                "payload": {
                    "summary": "Checkout answers with errors", "source": host, "severity": "critical",
                    "custom_details": {"description": format!("More than 5 % of the answers of {host} are errors.")},
                },
            })
            .to_string(),
        }
    }
}
