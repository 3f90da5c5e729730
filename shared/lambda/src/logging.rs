//! Logs: JSON lines to standard output, one a request at most where all is well. No personal data, no keys.

use tracing::Level;

/// Starts logging at the level of `TOCSIN_LOG` (error, warn, info, debug; warn where unset or not understood).
pub fn start() {
    let level = super::environment::optional("TOCSIN_LOG").and_then(|l| l.parse::<Level>().ok()).unwrap_or(Level::WARN);
    // Lambda stamps the time of each line itself.
    let subscriber = tracing_subscriber::fmt().json().with_max_level(level).without_time().with_current_span(false).with_ansi(false).finish();
    // A second start in one process (tests) keeps the first.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
