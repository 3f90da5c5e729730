//! What people and machines see.
//!
//! Answers go to standard output, complaints to standard error. Texts of senders and other people pass [`clean`] before they are printed: a title must not
//! move the cursor or colour the terminal. A reader that went away (`tocsin incidents | head`) is no failure.

use crate::failure::Failure;
use jiff::Timestamp;
use serde::Serialize;
use std::io::{IsTerminal, Write};
use tocsin_domain::notification::message::clean;

/// Widest column of a table, in characters; the last one is not cut.
const MOST_COLUMN_CHARS: usize = 40;

/// The ends of the output.
pub(crate) struct Out {
    pub(crate) json: bool,
    colour: bool,
    /// When the command began.
    pub(crate) now: Timestamp,
}

/// How a piece of text looks on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Plain,
    Bold,
    Dim,
    Good,
    Warning,
    Bad,
}

impl Look {
    fn code(self) -> &'static str {
        match self {
            Look::Plain => "",
            Look::Bold => "\u{1b}[1m",
            Look::Dim => "\u{1b}[2m",
            Look::Good => "\u{1b}[32m",
            Look::Warning => "\u{1b}[33m",
            Look::Bad => "\u{1b}[31m",
        }
    }
}

/// A cell of a table.
pub(crate) struct Cell(pub(crate) String, pub(crate) Look);

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell(clean(text), Look::Plain)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::from(text.as_str())
    }
}

impl Out {
    pub(crate) fn new(json: bool) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()) || std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        #[expect(clippy::disallowed_methods, reason = "the command's one reading of the clock, passed on as `out.now`")]
        let now = Timestamp::now();
        Self { json, colour: !plain && std::io::stdout().is_terminal(), now }
    }

    /// A line for people; nothing where machines read.
    pub(crate) fn say(&self, text: &str) {
        if !self.json {
            write_line(&mut std::io::stdout().lock(), text);
        }
    }

    /// The answer for machines; nothing where people read.
    pub(crate) fn answer(&self, value: &impl Serialize) {
        if self.json {
            let text = serde_json::to_string_pretty(value).unwrap_or_else(|e| format!("{{\"error\": {{\"message\": \"{e}\"}}}}"));
            write_line(&mut std::io::stdout().lock(), &text);
        }
    }

    /// A line on standard error.
    pub(crate) fn complain(&self, text: &str) {
        write_line(&mut std::io::stderr().lock(), &format!("tocsin: {text}"));
    }

    /// Why the command failed.
    pub(crate) fn fail(&self, failure: &Failure) {
        self.answer(&failure.json());
        let mut stderr = std::io::stderr().lock();
        match failure {
            // Editors and CI understand lines that begin with file:line.
            Failure::Document(findings) => write_line(&mut stderr, &findings.to_string()),
            other => write_line(&mut stderr, &format!("tocsin: {other}")),
        }
        if let Some(next) = failure.next_step() {
            write_line(&mut stderr, &format!("  {next}"));
        }
    }

    pub(crate) fn paint(&self, text: &str, look: Look) -> String {
        if self.colour && look != Look::Plain { format!("{}{text}\u{1b}[0m", look.code()) } else { text.to_owned() }
    }

    /// Aligned columns under a heading; the last column is as long as it needs to be.
    pub(crate) fn table(&self, heading: &[&str], rows: Vec<Vec<Cell>>) {
        let cut = |text: &str, last: bool| {
            if last || text.chars().count() <= MOST_COLUMN_CHARS {
                return text.to_owned();
            }
            text.chars().take(MOST_COLUMN_CHARS - 1).chain(['…']).collect()
        };
        let heading: Vec<Cell> = heading.iter().map(|h| Cell((*h).to_owned(), Look::Dim)).collect();
        let all: Vec<Vec<Cell>> = std::iter::once(heading).chain(rows).collect();
        let columns = all[0].len();
        let width = |c: usize| all.iter().filter_map(|r| r.get(c)).map(|cell| cut(&cell.0, false).chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &all {
            let mut line = String::new();
            for (c, Cell(text, look)) in row.iter().enumerate() {
                let last = c + 1 == row.len();
                let text = cut(text, last);
                let space = if last { 0 } else { widths[c] - text.chars().count() + 2 };
                line += &self.paint(&text, *look);
                line += &" ".repeat(space);
            }
            self.say(line.trim_end());
        }
    }

    /// `3 min ago`, `in 40 s`.
    pub(crate) fn ago(&self, at: Timestamp) -> String {
        relative(at, self.now)
    }
}

/// `1 message`, `2 messages`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

fn write_line(to: &mut impl Write, text: &str) {
    // Nobody reads any more: there is nobody to tell, either.
    let _ = writeln!(to, "{text}");
}

fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs();
    let size = seconds.unsigned_abs();
    let text = match size {
        0..=99 => format!("{size} s"),
        100..=5_999 => format!("{} min", (size + 30) / 60),
        6_000..=172_799 => format!("{} h", (size + 1_800) / 3_600),
        172_800.. => format!("{} days", (size + 43_200) / 86_400),
    };
    if seconds >= 0 { format!("{text} ago") } else { format!("in {text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_times() {
        let now: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        for (at, expected) in [
            ("2026-01-05T09:00:00Z", "0 s ago"),
            ("2026-01-05T08:58:30Z", "90 s ago"),
            ("2026-01-05T08:57:00Z", "3 min ago"),
            ("2026-01-05T09:00:40Z", "in 40 s"),
            ("2026-01-05T05:00:00Z", "4 h ago"),
            ("2026-01-01T09:00:00Z", "4 days ago"),
        ] {
            assert_eq!(relative(at.parse().unwrap(), now), expected, "{at}");
        }
    }

    #[test]
    fn a_cell_can_not_reach_the_terminal() {
        assert_eq!(Cell::from("a\u{1b}[31mred\u{7}\nb\u{202e}c").0, "a [31mred bc");
    }
}
