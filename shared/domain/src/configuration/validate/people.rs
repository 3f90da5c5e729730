//! Teams and users.

use super::{MOST_RULE_DELAY_S, Report, suggest};
use crate::configuration::{Channel, ContactMethod, Rule, User};
use crate::notification::locale::Locale;
use crate::notification::page::LAST_RESORT;
use crate::schedule::{Open, Restriction, open, windows_problems};
use jiff::Timestamp;

/// The longest e-mail address (RFC 5321).
const MOST_ADDRESS_CHARS: usize = 254;

impl Report<'_> {
    pub(super) fn teams(&mut self) {
        let configuration = self.configuration;
        self.must_be_unique("team", configuration.teams.iter().enumerate().map(|(i, t)| (format!("teams[{i}].id"), t.id.as_str())));
        for (i, team) in configuration.teams.iter().enumerate() {
            self.name(format!("teams[{i}].name"), &team.name);
            let members = || team.members.iter().enumerate().map(|(j, m)| (format!("teams[{i}].members[{j}].user"), m.user.as_str()));
            self.must_be_unique("member", members());
            for (path, user) in members() {
                self.must_exist(path, "user", user, configuration.users.iter().map(|u| u.id.as_str()));
            }
        }
    }

    pub(super) fn users(&mut self) {
        let users = || self.configuration.users.iter().enumerate();
        let contacts: Vec<(String, &ContactMethod)> =
            users().flat_map(|(i, u)| u.contact_methods.iter().enumerate().map(move |(j, c)| (format!("users[{i}].contact_methods[{j}]"), c))).collect();
        let users: Vec<(usize, &User)> = users().collect();
        self.must_be_unique("user", users.iter().map(|(i, u)| (format!("users[{i}].id"), u.id.as_str())));
        self.must_be_unique("contact method", contacts.iter().map(|(path, c)| (format!("{path}.id"), c.id.as_str())));
        for (i, user) in users {
            self.name(format!("users[{i}].name"), &user.name);
            self.zone(format!("users[{i}].time_zone"), &user.time_zone);
            self.reading(&format!("users[{i}]"), user);
            for (j, contact) in user.contact_methods.iter().enumerate() {
                self.contact(&format!("users[{i}].contact_methods[{j}]"), contact);
            }
            for (urgency, rules) in [("high", &user.rules.high), ("low", &user.rules.low)] {
                for (j, rule) in rules.iter().enumerate() {
                    self.rule(&format!("users[{i}].rules.{urgency}[{j}]"), rule, user);
                }
                let after = |r: &Rule| (r.after_s, r.via.clone());
                for (j, rule) in rules.iter().enumerate().filter(|(j, rule)| rules[..*j].iter().any(|r| after(r) == after(rule))) {
                    let message = format!("the same rule stands twice: {} after {} s", rule.via, rule.after_s);
                    self.say(format!("users[{i}].rules.{urgency}[{j}]"), message, Some("remove one of them".to_owned()));
                }
            }
        }
    }

    /// Locale and quiet hours.
    fn reading(&mut self, path: &str, user: &User) {
        if let Some(locale) = user.locale.as_deref().filter(|l| Locale::named(l).is_none()) {
            let suggestion = Some("write a language and a region, like en-GB or de-DE".to_owned());
            self.say(format!("{path}.locale"), format!("{locale:?} is no locale"), suggestion);
        }
        self.windows(&format!("{path}.quiet_hours"), &user.quiet_hours);
        if open(&user.quiet_hours, "UTC", Timestamp::UNIX_EPOCH) == Open::Always {
            let suggestion = "leave an hour of the week out, or give this person no rules for low urgency and no targets of low urgency".to_owned();
            self.say(format!("{path}.quiet_hours"), "these are all hours of the week: pages of low urgency would have no end to wait for", Some(suggestion));
        }
    }

    /// Windows that stand outside a schedule.
    pub(super) fn windows(&mut self, path: &str, windows: &[Restriction]) {
        for problem in windows_problems(windows) {
            self.say(format!("{path}{}", problem.field), problem.message, Some(problem.suggestion));
        }
    }

    fn contact(&mut self, path: &str, contact: &ContactMethod) {
        if contact.id.as_str() == LAST_RESORT {
            self.say(format!("{path}.id"), format!("{LAST_RESORT:?} is the contact of the deployment itself"), Some("choose another id".to_owned()));
        }
        let to = contact.to.as_str();
        match contact.kind {
            Channel::Sms if !is_e164(to) => {
                let suggestion = repaired_number(to).map_or("write the country and the number, like +15555550100".to_owned(), |n| format!("write {n:?}"));
                self.say(format!("{path}.to"), format!("{to:?} is no phone number in E.164 form"), Some(suggestion));
            }
            Channel::Email if !is_plausible_address(to) => {
                self.say(format!("{path}.to"), format!("{to:?} is no e-mail address"), Some("write it like ada@example.com".to_owned()));
            }
            Channel::LastResort => {
                let suggestion = "write sms or email; the last resort is set when Tocsin is deployed".to_owned();
                self.say(format!("{path}.kind"), "nobody owns the last-resort contact", Some(suggestion));
            }
            Channel::Sms | Channel::Email => {}
        }
    }

    fn rule(&mut self, path: &str, rule: &Rule, user: &User) {
        self.seconds(format!("{path}.after_s"), rule.after_s, 0, MOST_RULE_DELAY_S);
        if user.contact_methods.iter().any(|c| c.id == rule.via) {
            return;
        }
        let own: Vec<&str> = user.contact_methods.iter().map(|c| c.id.as_str()).collect();
        let message = match self.configuration.contact(&rule.via) {
            Some((owner, _)) => format!("contact method {:?} belongs to {}, not to {}", rule.via.as_str(), owner.id, user.id),
            None => format!("{} has no contact method {:?}", user.id, rule.via.as_str()),
        };
        self.say(format!("{path}.via"), message, Some(suggest::among(rule.via.as_str(), &own)));
    }
}

fn is_e164(to: &str) -> bool {
    let Some(digits) = to.strip_prefix('+') else { return false };
    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

/// The number without what people put between its digits, if that is what was wrong with it.
fn repaired_number(to: &str) -> Option<String> {
    let mut digits: String = to.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}')).collect();
    if let Some(rest) = digits.strip_prefix("00") {
        digits = format!("+{rest}");
    }
    is_e164(&digits).then_some(digits)
}

/// Whether something could be an address. Whether it is one, its owner says by confirming.
fn is_plausible_address(to: &str) -> bool {
    let Some((local, domain)) = to.rsplit_once('@') else { return false };
    let no_odd = |s: &str| !s.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '@' | ',' | ';' | '<' | '>' | '"' | '\\'));
    let label = |l: &str| !l.is_empty() && !l.starts_with('-') && !l.ends_with('-') && l.chars().all(|c| c.is_alphanumeric() || c == '-');
    to.chars().count() <= MOST_ADDRESS_CHARS && !local.is_empty() && no_odd(local) && domain.contains('.') && domain.split('.').all(label)
}
