//! What the two sides of a swap are told: an offer to who is asked, the answer to who offered, and an offer that nobody answered to who still is on call.

use super::message::{MOST_SMS_CHARS, MOST_SUBJECT_CHARS, Message, clean, cut};
use crate::id::ScheduleId;
use crate::schedule::Span;
use crate::schedule::swap::{News, Swap};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What a notice of a swap is made of.
#[derive(Debug, Clone)]
pub struct SwapNotice<'a> {
    /// The swap.
    pub swap: &'a Swap,
    /// What the reader is told of it.
    pub news: News,
    /// The schedule's id, for the command that answers.
    pub id: &'a ScheduleId,
    /// What people call the schedule.
    pub schedule: &'a str,
    /// The name of the other side.
    pub other: &'a str,
    /// IANA zone of the reader.
    pub time_zone: &'a str,
}

impl SwapNotice<'_> {
    /// Puts the notice into words.
    pub fn compose(&self) -> Message {
        let zone = TimeZone::get(self.time_zone).unwrap_or(TimeZone::UTC);
        let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%a %-d %b %H:%M %Z").to_string();
        let span = |span: Span| format!("{} to {}", clock(span.start), clock(span.end));
        let (schedule, other) = (cut(&clean(self.schedule), 60, "..."), cut(&clean(self.other), 40, "..."));
        let give = span(self.swap.give);
        let in_return = self.swap.take.map(&span);
        let (what, text) = match self.news {
            News::Offered => {
                let back = in_return.map_or_else(String::new, |take| format!("; in return {other} takes {take} of yours"));
                let id = self.swap.id;
                let note = self.swap.note.as_deref().map_or_else(String::new, |n| format!(" ({})", cut(&clean(n), 60, "...")));
                let ends = clock(self.swap.expires_at());
                let how = format!("tocsin swap accept {} {id} (or decline), before {ends}", self.id);
                ("a swap is offered to you", format!("{other} asks you to take {schedule} from {give}{back}{note}. Answer: {how}."))
            }
            News::Accepted => {
                let back = in_return.map_or_else(String::new, |take| format!(", and you are from {take}"));
                ("your swap is accepted", format!("{other} accepted: {other} is on call for {schedule} from {give} instead of you{back}."))
            }
            News::Declined => ("your swap is declined", format!("{other} declined your swap: you stay on call for {schedule} from {give}.")),
            News::Withdrawn => ("a swap is taken back", format!("{other} does not ask you any more to take {schedule} from {give}.")),
            News::Expired => ("nobody took your swap", format!("{other} did not answer in time: you stay on call for {schedule} from {give}.")),
        };
        let subject: String = format!("[Tocsin] {schedule}: {what}").chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
        Message { subject: cut(&subject, MOST_SUBJECT_CHARS, "..."), text: cut(&format!("Tocsin: {text}"), MOST_SMS_CHARS, "...") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn each_side_reads_what_it_means_for_them() {
        let t = |s: &str| s.parse::<Timestamp>().unwrap();
        let span = |day: u8| Span { start: t(&format!("2026-01-{day:02}T09:00:00Z")), end: t(&format!("2026-01-{:02}T09:00:00Z", day + 1)) };
        let swap = Swap {
            id: crate::id::SwapId::new(ulid::Ulid::from_parts(1, 2)),
            from: "ada".parse().unwrap(),
            to: "bob".parse().unwrap(),
            give: span(6),
            take: Some(span(8)),
            note: Some("a wedding\r\n".to_owned()),
            at: t("2026-01-05T09:00:00Z"),
            state: crate::schedule::swap::State::Open,
        };
        let id: ScheduleId = "rota".parse().unwrap();
        let all = [News::Offered, News::Accepted, News::Declined, News::Withdrawn, News::Expired];
        let said: Vec<String> = all
            .into_iter()
            .map(|news| {
                let notice = SwapNotice { swap: &swap, news, id: &id, schedule: "Rota", other: "Ada\u{202e}", time_zone: "Europe/Berlin" };
                let Message { subject, text } = notice.compose();
                assert!(text.chars().count() <= MOST_SMS_CHARS && !text.chars().any(char::is_control) && !text.contains('\u{202e}'));
                format!("{subject}: {text}")
            })
            .collect();
        expect![[r#"
            [Tocsin] Rota: a swap is offered to you: Tocsin: Ada asks you to take Rota from Tue 6 Jan 10:00 CET to Wed 7 Jan 10:00 CET; in return Ada takes Thu 8 Jan 10:00 CET to Fri 9 Jan 10:00 CET of yours (a wedding). Answer: tocsin swap accept rota swp_00000000010000000000000002 (or decline), before Tue 6 Jan 10:00 CET.
            [Tocsin] Rota: your swap is accepted: Tocsin: Ada accepted: Ada is on call for Rota from Tue 6 Jan 10:00 CET to Wed 7 Jan 10:00 CET instead of you, and you are from Thu 8 Jan 10:00 CET to Fri 9 Jan 10:00 CET.
            [Tocsin] Rota: your swap is declined: Tocsin: Ada declined your swap: you stay on call for Rota from Tue 6 Jan 10:00 CET to Wed 7 Jan 10:00 CET.
            [Tocsin] Rota: a swap is taken back: Tocsin: Ada does not ask you any more to take Rota from Tue 6 Jan 10:00 CET to Wed 7 Jan 10:00 CET.
            [Tocsin] Rota: nobody took your swap: Tocsin: Ada did not answer in time: you stay on call for Rota from Tue 6 Jan 10:00 CET to Wed 7 Jan 10:00 CET."#]].assert_eq(&said.join("\n"));
    }
}
