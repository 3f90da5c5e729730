//! What is wrong with a mapping: every mistake at once, each with its field and what to write.

use super::{MOST_CHARS, MOST_ENTRIES, MOST_RULES, Rule, Texts};

/// Bytes of all rules of one integration, as compact JSON: they are read with its key.
pub const MOST_BYTES: usize = 16 * 1024;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where, within the mapping: `[0].summary[1]`; empty for the whole of it.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub suggestion: String,
}

/// Every mistake of a mapping; empty when it can be used.
///
/// ```
/// # use tocsin_domain::alert::mapping::{Rule, mistakes};
/// let rules: Vec<Rule> = serde_json::from_str(r#"[{"summary": "{{title}}", "actions": {"ok": "resolve"}}]"#).unwrap();
/// let said: Vec<String> = mistakes(&rules).into_iter().map(|m| format!("{}: {} ({})", m.field, m.message, m.suggestion)).collect();
/// assert_eq!(said, [
///     "[0].summary: placeholders of mappings have one brace on each side (write {title})",
///     "[0].actions: there are words, and no action that could be one of them (write where the word stands, like action: \"{status}\")",
/// ]);
/// ```
pub fn mistakes(rules: &[Rule]) -> Vec<Mistake> {
    let mut found = Vec::new();
    let mut say = |field: String, message: &str, suggestion: String| found.push(Mistake { field, message: message.to_owned(), suggestion });
    if rules.len() > MOST_RULES {
        say(String::new(), &format!("{} rules are too many", rules.len()), format!("at most {MOST_RULES}"));
    }
    let bytes = serde_json::to_vec(rules).map_or(0, |json| json.len());
    if bytes > MOST_BYTES {
        say(
            String::new(),
            &format!("the mapping is {bytes} bytes long"),
            format!("at most {MOST_BYTES}: shorten texts, or use an integration for each kind of body"),
        );
    }
    for (i, rule) in rules.iter().enumerate() {
        check(rule, &mut |field, message, suggestion| say(format!("[{i}].{field}"), message, suggestion));
        if let Some(before) = rules.iter().take(i).position(|r| r.when.is_empty() && !r.go_on) {
            say(format!("[{i}]"), "no body comes this far", format!("rule [{before}] reads all of them: give it a `when` or `go_on: true`, or put it last"));
        }
    }
    found
}

fn check(rule: &Rule, say: &mut dyn FnMut(String, &str, String)) {
    let lists = [
        ("action", &rule.action),
        ("key", &rule.key),
        ("summary", &rule.summary),
        ("source", &rule.source),
        ("severity", &rule.severity),
        ("component", &rule.component),
        ("group", &rule.group),
        ("class", &rule.class),
        ("url", &rule.url),
        ("time", &rule.time),
        ("client", &rule.client),
    ];
    for (name, texts) in lists {
        for (i, text) in texts.0.iter().enumerate() {
            // One text is written without a list.
            let field = if texts.0.len() == 1 { name.to_owned() } else { format!("{name}[{i}]") };
            if let Some((message, suggestion)) = in_text(text) {
                say(field, message, suggestion);
            }
        }
        many(name, texts.0.len(), "texts", say);
    }
    for (path, words) in &rule.when {
        if let Some((message, suggestion)) = in_path(path) {
            say("when".to_owned(), &format!("{path:?}: {message}"), suggestion);
        }
        long("when", words, say);
        many("when", words.0.len(), "words", say);
        if words.is_empty() {
            say("when".to_owned(), &format!("{path:?} may have no value at all: no body is read"), "name a word, or \"\" for bodies without it".to_owned());
        }
    }
    if let Some((message, suggestion)) = rule.each.as_deref().and_then(in_path) {
        say("each".to_owned(), message, suggestion);
    }
    for (name, words, count, of) in [
        ("actions", rule.actions.keys().collect::<Vec<_>>(), rule.actions.len(), "action"),
        ("severities", rule.severities.keys().collect(), rule.severities.len(), "severity"),
    ] {
        long(name, &Texts(words.into_iter().cloned().collect()), say);
        many(name, count, "words", say);
        let text = if of == "action" { &rule.action } else { &rule.severity };
        if count > 0 && text.is_empty() {
            let example = if of == "action" { "{status}" } else { "{level}" };
            say(
                name.to_owned(),
                &format!("there are words, and no {of} that could be one of them"),
                format!("write where the word stands, like {of}: {example:?}"),
            );
        }
    }
    many("when", rule.when.len(), "conditions", say);
    if rule.summary.is_empty() && !rule.action.0.iter().any(|a| a == "ignore") {
        say("summary".to_owned(), "a summary is missing: people would not know what is wrong", "write where it stands, like summary: \"{title}\"".to_owned());
    }
}

fn many(name: &str, count: usize, what: &str, say: &mut dyn FnMut(String, &str, String)) {
    if count > MOST_ENTRIES {
        say(name.to_owned(), &format!("{count} {what} are too many"), format!("at most {MOST_ENTRIES}"));
    }
}

fn long(name: &str, words: &Texts, say: &mut dyn FnMut(String, &str, String)) {
    for characters in words.0.iter().map(|w| w.chars().count()).filter(|c| *c > MOST_CHARS) {
        say(name.to_owned(), &format!("a word of {characters} characters is too long"), format!("at most {MOST_CHARS} characters; * stands for anything"));
    }
}

/// Of a text with placeholders.
fn in_text(text: &str) -> Option<(&'static str, String)> {
    if text.chars().count() > MOST_CHARS {
        return Some(("the text is too long", format!("at most {MOST_CHARS} characters")));
    }
    if text.trim().is_empty() {
        return Some(("the text is empty", "leave it out, or write a path like {title}".to_owned()));
    }
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once('{') {
        let Some((path, after)) = behind.split_once('}') else { return Some(("a { has no }", "close it: {path}".to_owned())) };
        if let Some(inner) = path.strip_prefix('{') {
            return Some(("placeholders of mappings have one brace on each side", format!("write {{{}}}", inner.trim())));
        }
        let path = path.strip_prefix('~').unwrap_or(path);
        for one in path.split('|').map(str::trim) {
            let one = one.strip_prefix('^').unwrap_or(one);
            if one.is_empty() {
                return Some(("a placeholder has no path", "write where the value stands, like {host.name}".to_owned()));
            }
            if let Some(plain) = one.strip_prefix("$.") {
                return Some(("paths begin with a name, not with $", format!("write {{{plain}}}")));
            }
        }
        rest = after;
    }
    None
}

/// Of a path that stands without braces.
fn in_path(path: &str) -> Option<(&'static str, String)> {
    let plain = path.trim().trim_start_matches("$.").trim_matches(['{', '}']);
    if path.chars().count() > MOST_CHARS {
        Some(("the path is too long", format!("at most {MOST_CHARS} characters")))
    } else if plain.is_empty() {
        Some(("the path is empty", "write where the value stands, like host.name".to_owned()))
    } else if plain != path {
        Some(("a path stands here, without braces or $", format!("write {plain}")))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use serde_json::json;

    #[test]
    fn every_mistake_is_named_at_once() {
        let rules = json!([
            {"summary": ["{a", "{}", "", "{{title}}"], "key": "x".repeat(501), "when": {"$.kind": "a", "{b}": ["y".repeat(501)], "c": []}, "each": "{list}", "severities": {"bad": "error"}},
            {"action": "{state}", "actions": vec!["w"; 51].iter().enumerate().map(|(i, w)| (format!("{w}{i}"), "trigger")).collect::<std::collections::BTreeMap<_, _>>()},
            {"summary": "{$.title} {host|}", "go_on": true, "actions": {"ok": "resolve"}},
            {"action": "ignore", "each": " "},
        ]);
        let rules: Vec<Rule> = serde_json::from_value(rules).unwrap();
        let said: String = mistakes(&rules).into_iter().map(|m| format!("{}: {} ({})\n", m.field, m.message, m.suggestion)).collect();
        expect![[r#"
            [0].key: the text is too long (at most 500 characters)
            [0].summary[0]: a { has no } (close it: {path})
            [0].summary[1]: a placeholder has no path (write where the value stands, like {host.name})
            [0].summary[2]: the text is empty (leave it out, or write a path like {title})
            [0].summary[3]: placeholders of mappings have one brace on each side (write {title})
            [0].when: "$.kind": a path stands here, without braces or $ (write kind)
            [0].when: "c" may have no value at all: no body is read (name a word, or "" for bodies without it)
            [0].when: "{b}": a path stands here, without braces or $ (write b)
            [0].when: a word of 501 characters is too long (at most 500 characters; * stands for anything)
            [0].each: a path stands here, without braces or $ (write list)
            [0].severities: there are words, and no severity that could be one of them (write where the word stands, like severity: "{level}")
            [1].actions: 51 words are too many (at most 50)
            [1].summary: a summary is missing: people would not know what is wrong (write where it stands, like summary: "{title}")
            [2].summary: paths begin with a name, not with $ (write {title})
            [2].actions: there are words, and no action that could be one of them (write where the word stands, like action: "{status}")
            [2]: no body comes this far (rule [1] reads all of them: give it a `when` or `go_on: true`, or put it last)
            [3].each: the path is empty (write where the value stands, like host.name)
            [3]: no body comes this far (rule [1] reads all of them: give it a `when` or `go_on: true`, or put it last)
        "#]]
        .assert_eq(&said);
    }

    #[test]
    fn a_mapping_has_bounds() {
        let rule = |n: usize| Rule { summary: Texts(vec!["s".repeat(n)]), when: [("a".to_owned(), Texts(vec!["b".to_owned()]))].into(), ..Rule::default() };
        assert_eq!(mistakes(&vec![rule(400); MOST_RULES]), []);
        let said: Vec<String> = mistakes(&vec![rule(500); 40]).into_iter().map(|m| m.message).collect();
        assert_eq!(said, ["40 rules are too many", "the mapping is 21281 bytes long"]);
    }
}
