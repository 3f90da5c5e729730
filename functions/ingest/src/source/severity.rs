//! Words that senders use for how bad it is.
//!
//! Called by: the formats that leave the word to the user's configuration (labels). PagerDuty's own formats have four exact words and do not come here.

use tocsin_domain::alert::Severity;

/// The severity a word stands for, in any case; nothing for a word that is not known.
pub(super) fn read(word: &str) -> Option<Severity> {
    let word = word.trim();
    if word.len() > 16 {
        return None;
    }
    Some(match word.to_ascii_lowercase().as_str() {
        "critical" | "crit" | "page" | "fatal" | "emergency" | "emerg" | "alert" | "panic" | "disaster" | "blocker" | "down" | "p0" | "p1" | "s1" | "sev0"
        | "sev1" | "sev-1" => Severity::Critical,
        "error" | "err" | "major" | "high" | "severe" | "urgent" | "average" | "p2" | "s2" | "sev2" | "sev-2" => Severity::Error,
        "warning" | "warn" | "minor" | "medium" | "moderate" | "ticket" | "p3" | "s3" | "sev3" | "sev-3" => Severity::Warning,
        "info" | "information" | "informational" | "notice" | "none" | "low" | "debug" | "ok" | "normal" | "trivial" | "p4" | "p5" | "s4" | "s5" | "sev4"
        | "sev5" | "sev-4" | "sev-5" => Severity::Info,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (word, severity) in [
            ("critical", Some(Severity::Critical)),
            (" PAGE ", Some(Severity::Critical)),
            ("Error", Some(Severity::Error)),
            ("warn", Some(Severity::Warning)),
            ("none", Some(Severity::Info)),
            ("Sev2", Some(Severity::Error)),
            ("purple", None),
            ("", None),
            ("criticalcriticalcritical", None),
        ] {
            assert_eq!(read(word), severity, "{word}");
        }
    }
}
