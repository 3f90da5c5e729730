//! A query's text, read from the left to the right.

use super::{Compare, Field, Misunderstood, Query};

/// Parentheses within parentheses.
const MOST_DEPTH: usize = 32;

/// Where in the text it is.
pub(super) struct Reader {
    chars: Vec<char>,
    at: usize,
    depth: usize,
}

impl Reader {
    pub(super) fn new(chars: Vec<char>) -> Self {
        Self { chars, at: 0, depth: 0 }
    }

    /// The whole text.
    pub(super) fn whole(mut self) -> Result<Query, Misunderstood> {
        self.blanks();
        if self.at == self.chars.len() {
            return Ok(Query::All);
        }
        let query = self.or()?;
        if self.at < self.chars.len() { Err(self.wrong("a parenthesis was never opened")) } else { Ok(query) }
    }

    fn wrong(&self, why: &str) -> Misunderstood {
        Misunderstood { at: self.at + 1, why: why.to_owned() }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// AND, OR or NOT, where it stands alone.
    fn keyword(&mut self, word: &str) -> bool {
        let end = self.at + word.len();
        let is = self.chars.get(self.at..end).is_some_and(|c| c.iter().collect::<String>().eq_ignore_ascii_case(word));
        let alone = self.chars.get(end).is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')'));
        if is && alone {
            self.at = end;
            self.blanks();
        }
        is && alone
    }

    fn or(&mut self) -> Result<Query, Misunderstood> {
        let mut some = vec![self.and()?];
        while self.keyword("OR") {
            some.push(self.and()?);
        }
        Ok(if some.len() == 1 { some.remove(0) } else { Query::Or(some) })
    }

    fn and(&mut self) -> Result<Query, Misunderstood> {
        let mut all = vec![self.not()?];
        loop {
            let joined = self.keyword("AND");
            let before = self.at;
            let ends = self.at == self.chars.len() || self.peek() == Some(')') || self.keyword("OR");
            self.at = before;
            if ends && joined {
                return Err(self.wrong("something is missing behind AND"));
            }
            if ends {
                break;
            }
            all.push(self.not()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Query::And(all) })
    }

    fn not(&mut self) -> Result<Query, Misunderstood> {
        let mut negated = false;
        while self.keyword("NOT") {
            negated = !negated;
        }
        let query = self.primary()?;
        Ok(if negated { Query::Not(Box::new(query)) } else { query })
    }

    fn primary(&mut self) -> Result<Query, Misunderstood> {
        if self.peek() == Some('(') {
            self.depth += 1;
            if self.depth > MOST_DEPTH {
                return Err(self.wrong("too many parentheses"));
            }
            self.at += 1;
            self.blanks();
            let inner = self.or()?;
            if self.peek() != Some(')') {
                return Err(self.wrong("a parenthesis is not closed"));
            }
            self.at += 1;
            self.depth -= 1;
            self.blanks();
            return Ok(inner);
        }
        let begin = self.at;
        let quoted = self.peek() == Some('"');
        let word = self.word(true)?;
        if !quoted && ["AND", "OR"].iter().any(|k| k.eq_ignore_ascii_case(&word)) {
            return Err(Misunderstood { at: begin + 1, why: format!("something is missing before {word}") });
        }
        self.blanks();
        let Some(compare) = self.compare() else { return Ok(Query::Term(Field::Any, Compare::Has, word)) };
        let field = field(&word).filter(|_| !quoted).ok_or_else(|| Misunderstood { at: begin + 1, why: format!("there is no field {word:?}") })?;
        self.blanks();
        // `field: (one OR other)`
        if self.peek() == Some('(') {
            self.at += 1;
            self.blanks();
            let mut some = Vec::new();
            loop {
                some.push(Query::Term(field.clone(), compare, self.word(false)?));
                self.blanks();
                if self.peek() == Some(')') {
                    break;
                }
                let _ = self.keyword("OR");
            }
            self.at += 1;
            self.blanks();
            return Ok(Query::Or(some));
        }
        let value = self.word(false)?;
        self.blanks();
        Ok(Query::Term(field, compare, value))
    }

    fn compare(&mut self) -> Option<Compare> {
        let next = self.chars.get(self.at + 1).copied();
        let (compare, length) = match (self.peek()?, next) {
            (':', Some('=')) => (Compare::Is, 2),
            (':', _) => (Compare::Has, 1),
            ('=', Some('=')) => (Compare::Is, 2),
            ('=', _) => (Compare::Is, 1),
            ('!', Some('=')) => (Compare::IsNot, 2),
            ('<', Some('=')) => (Compare::AtMost, 2),
            ('<', Some('>')) => (Compare::IsNot, 2),
            ('<', _) => (Compare::Less, 1),
            ('>', Some('=')) => (Compare::AtLeast, 2),
            ('>', _) => (Compare::More, 1),
            _ => return None,
        };
        self.at += length;
        Some(compare)
    }

    /// A word or a text in quotes; a name of a field ends where a comparison begins.
    fn word(&mut self, name: bool) -> Result<String, Misunderstood> {
        if let Some(quote @ ('"' | '\'')) = self.peek() {
            self.at += 1;
            let mut text = String::new();
            loop {
                match self.peek() {
                    None => return Err(self.wrong("a quotation mark is not closed")),
                    Some('\\') if self.chars.get(self.at + 1).is_some_and(|c| *c == quote || *c == '\\') => {
                        text.extend(self.chars.get(self.at + 1));
                        self.at += 2;
                    }
                    Some(c) if c == quote => {
                        self.at += 1;
                        return Ok(text);
                    }
                    Some(c) => {
                        text.push(c);
                        self.at += 1;
                    }
                }
            }
        }
        let begin = self.at;
        let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"') || (name && matches!(c, ':' | '=' | '<' | '>' | '!'));
        while self.peek().is_some_and(|c| !ends(c)) {
            self.at += 1;
        }
        if self.at == begin {
            return Err(self.wrong("a word is missing"));
        }
        Ok(self.chars[begin..self.at].iter().collect())
    }
}

fn field(name: &str) -> Option<Field> {
    if let Some(detail) = name.strip_prefix("details.") {
        return Some(Field::Detail(detail.to_owned()));
    }
    Some(match name.to_ascii_lowercase().as_str() {
        "status" => Field::Status,
        "acknowledged" | "acked" => Field::Acknowledged,
        "isseen" => Field::Acknowledged,
        "snoozed" | "issnoozed" => Field::Snoozed,
        "priority" => Field::Priority,
        "tag" | "tags" => Field::Tag,
        "alias" => Field::Alias,
        "message" => Field::Message,
        "description" => Field::Description,
        "entity" => Field::Entity,
        "source" => Field::Source,
        "owner" => Field::Owner,
        "integration" | "integration.name" | "integration.id" => Field::Integration,
        "team" | "teams" | "responders" | "ownerteam" => Field::Team,
        "id" | "alertid" => Field::AlertId,
        "tinyid" => Field::TinyId,
        "count" => Field::Count,
        "createdat" => Field::CreatedAt,
        "updatedat" => Field::UpdatedAt,
        "lastoccurredat" | "lastoccuredat" => Field::LastOccurredAt,
        "details" | "detailspair" => Field::Detail(String::new()),
        _ => return None,
    })
}
