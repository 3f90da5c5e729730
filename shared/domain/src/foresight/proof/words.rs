//! A proof in words.

use super::{Odd, OddHandoff, Proof};
use crate::foresight::spans::seconds;
use crate::foresight::words::{Line, Tone};

/// Hand-offs at odd times that are listed; the others are counted.
const MOST_ODD: usize = 8;

impl Proof {
    /// What was proven, in lines; first of all where it failed.
    pub fn lines(&self) -> Vec<Line> {
        let line = |tone, text: String| Line { tone, text };
        let of = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
        let Self { schedule, time_zone, .. } = self;
        let mut lines: Vec<Line> = Vec::new();
        if self.wrong.is_empty() {
            let (handoffs, windows, answers) =
                (of(self.handoffs, "hand-off"), of(self.windows, "open stretch").replace("stretchs", "stretches"), of(self.answers, "answer"));
            lines.push(line(Tone::Gain, format!("schedule {schedule}: {handoffs}, {windows} of layers and {answers} are exact on the clock of {time_zone}")));
        } else {
            lines.push(line(Tone::Warning, format!("! schedule {schedule} is not laid out as it is written: please report this as a fault of Tocsin's")));
            lines.extend(self.wrong.iter().map(|w| line(Tone::Loss, format!("    {}: {}", w.at, w.what))));
        }
        lines.extend(self.odd.iter().take(MOST_ODD).map(|odd| line(Tone::Detail, format!("    {}", self.odd(odd)))));
        if self.odd.len() > MOST_ODD {
            lines.push(line(Tone::Detail, format!("    and {} hand-offs more at such times", self.odd.len() - MOST_ODD)));
        }
        if !self.overlaps.is_empty() {
            let (times, hours) = (of(self.overlaps.len(), "time"), seconds(&self.overlaps) / 3600);
            lines.push(line(Tone::Detail, format!("    several people are on call together: {times}, {hours} h in all")));
        }
        lines
    }

    fn odd(&self, odd: &OddHandoff) -> String {
        let OddHandoff { layer, local, read, at } = odd;
        let (local, at) = (local.strftime("%A %Y-%m-%d %H:%M"), at.strftime("%H:%M UTC"));
        match read {
            Odd::Never => format!("{layer}: {local} is skipped by the clock; the hand-off is when it goes on, at {at}"),
            Odd::Twice => format!("{layer}: {local} is read twice by the clock; the hand-off is at the first, {at}"),
        }
    }
}
