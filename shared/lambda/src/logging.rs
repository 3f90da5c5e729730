//! Logs: JSON lines to standard output, one a request at most where all is well. No personal data, no keys.

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};

/// Starts logging at the level of `TOCSIN_LOG` (error, warn, info, debug; warn where unset or not understood). Libraries only warn: their lines cost too.
pub fn start() {
    let level = super::environment::optional("TOCSIN_LOG").and_then(|l| l.parse::<Level>().ok()).unwrap_or(Level::WARN);
    let ours = Targets::new().with_default(Level::WARN.min(level)).with_target("tocsin", level);
    // Lambda stamps the time of each line itself.
    let lines = tracing_subscriber::fmt::layer().json().without_time().with_current_span(false).with_ansi(false);
    // A second start in one process (tests) keeps the first.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines.with_filter(ours)));
}
