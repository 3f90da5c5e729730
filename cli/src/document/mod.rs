//! A configuration file, or several as one: read, checked, and every mistake in it said with its line.
//!
//! Three stages: [`tree`] (YAML with places), [`deserialize`] (types), and the domain's own validation. serde stops at the first value that does not fit, so
//! [`read`] notes it, takes the smallest part that holds it out of the tree, and tries again: later mistakes are found as well, and none that only follows
//! from a part that was taken out is reported.

mod deserialize;
#[cfg(test)]
mod tests;
mod tree;
pub(crate) mod yaml;

use deserialize::{Fault, Kind};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fmt;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::configuration::validate::Problem;
use tocsin_domain::id::IdError;
use tree::{Node, Path, Place, Step, Value};

/// More are not shown.
const MOST_FAULTS: usize = 200;

/// Something wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    place: Place,
    path: String,
    message: String,
    suggestion: Option<String>,
}

/// All that is wrong with a file.
#[derive(Debug)]
pub(crate) struct Findings {
    files: Vec<String>,
    list: Vec<Finding>,
}

/// A finding as machines read it.
#[derive(Serialize)]
pub(crate) struct Row<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    field: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<&'a str>,
}

impl Findings {
    fn file(&self, finding: &Finding) -> &str {
        self.files.get(finding.place.file).map_or("", String::as_str)
    }

    pub(crate) fn rows(&self) -> Vec<Row<'_>> {
        let rows = self.list.iter().map(|f| Row {
            file: self.file(f),
            line: f.place.line,
            column: f.place.column,
            field: &f.path,
            message: &f.message,
            suggestion: f.suggestion.as_deref(),
        });
        rows.collect()
    }
}

/// `file:line: field: message (suggestion)`, a line each.
impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, finding) in self.list.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}:{}: ", self.file(finding), finding.place.line)?;
            if !finding.path.is_empty() {
                write!(f, "{}: ", finding.path)?;
            }
            f.write_str(&finding.message)?;
            if let Some(suggestion) = &finding.suggestion {
                write!(f, " ({suggestion})")?;
            }
        }
        Ok(())
    }
}

/// Reads a configuration; `file` is what the findings call it.
#[cfg(test)]
pub(crate) fn read(file: &str, source: &str) -> Result<Configuration, Findings> {
    read_all(&[(file.to_owned(), source.to_owned())])
}

/// What a file says, as other readers of YAML 1.2 see it: by its looks.
#[cfg(test)]
pub(crate) fn value(source: &str) -> serde_json::Value {
    let (tree, findings) = tree::parse(0, source);
    assert!(findings.is_empty(), "{findings:?}");
    by_looks(&tree.unwrap())
}

#[cfg(test)]
fn by_looks(node: &Node) -> serde_json::Value {
    match &node.value {
        _ if node.is_null() => serde_json::Value::Null,
        Value::Scalar { text, plain: true } => {
            let number = text.parse::<serde_json::Number>().ok().map(serde_json::Value::Number);
            number.or_else(|| text.to_lowercase().parse().ok().map(serde_json::Value::Bool)).unwrap_or_else(|| text.as_str().into())
        }
        Value::Scalar { text, plain: false } => text.as_str().into(),
        Value::List(items) => items.iter().map(|i| by_looks(&i.node)).collect(),
        Value::Map(entries) => entries.iter().map(|e| (e.key.clone(), by_looks(&e.node))).collect::<serde_json::Map<_, _>>().into(),
    }
}

/// Reads the types alone, without the domain's validation.
#[cfg(test)]
pub(crate) fn types(sources: &[(String, String)]) -> Result<Configuration, String> {
    let (trees, findings): (Vec<_>, Vec<_>) = sources.iter().enumerate().map(|(file, (_, source))| tree::parse(file, source)).unzip();
    assert!(findings.iter().all(Vec::is_empty), "{findings:?}");
    let (tree, findings) = tree::put_together(trees.into_iter().flatten().collect(), &[]);
    assert!(findings.is_empty(), "{findings:?}");
    Configuration::deserialize(&tree.ok_or("nothing")?).map_err(|f| f.to_string())
}

/// Reads a configuration that stands in one file or in several; each with the name that the findings call it by.
#[cfg(test)]
pub(crate) fn read_all(sources: &[(String, String)]) -> Result<Configuration, Findings> {
    read_judged(sources, &tocsin_domain::configuration::validate::validate)
}

/// The same, judged by whoever knows what the document is: the domain's validation of a whole, or that of a team's part.
pub(crate) fn read_judged(sources: &[(String, String)], judge: &dyn Fn(&Configuration) -> Vec<Problem>) -> Result<Configuration, Findings> {
    let files: Vec<String> = sources.iter().map(|(name, _)| name.clone()).collect();
    let (mut trees, mut list) = (Vec::new(), Vec::new());
    for (file, (_, source)) in sources.iter().enumerate() {
        let (tree, mut found) = tree::parse(file, source);
        trees.extend(tree);
        list.append(&mut found);
    }
    let unread = !list.is_empty() && trees.len() < sources.len();
    let (tree, mut found) = tree::put_together(trees, &files);
    list.append(&mut found);
    let mut configuration = None;
    match tree {
        // What a file that is no YAML would have held is not known: what is missing then is no news.
        Some(_) if unread => {}
        Some(tree) => {
            let mut repair =
                Repair { tree, files: files.clone(), list: Vec::new(), gone: HashSet::new(), lost: HashSet::new(), ids: Vec::new(), mended: HashSet::new() };
            configuration = repair.deserialize();
            if let Some(configuration) = &configuration {
                repair.check(judge(configuration));
            }
            list.append(&mut repair.list);
        }
        None if list.is_empty() => list.push(empty(Place { file: 0, line: 1, column: 1 })),
        None => {}
    }
    list.sort_by_key(|f| f.place);
    match configuration {
        Some(configuration) if list.is_empty() => Ok(configuration),
        Some(_) | None => Err(Findings { files, list }),
    }
}

fn empty(place: Place) -> Finding {
    Finding { place, path: String::new(), message: "the file is empty".to_owned(), suggestion: Some("begin with version: 1".to_owned()) }
}

/// A tree that loses, piece by piece, what does not fit.
struct Repair {
    tree: Node,
    files: Vec<String>,
    list: Vec<Finding>,
    /// Fields that were taken out: that they are missing then is no news.
    gone: HashSet<Vec<Step>>,
    /// Lists that lost members: that they are short then is no news.
    lost: HashSet<Vec<Step>>,
    /// Ids that were in what was taken out: that they are unknown then is no news.
    ids: Vec<String>,
    /// Values that were replaced by what was probably meant.
    mended: HashSet<Vec<Step>>,
}

impl Repair {
    fn deserialize(&mut self) -> Option<Configuration> {
        for _ in 0..MOST_FAULTS {
            match Configuration::deserialize(&self.tree) {
                Ok(configuration) => return Some(configuration),
                Err(fault) => {
                    if !self.handle(fault) {
                        return None;
                    }
                }
            }
        }
        None
    }

    /// Notes a fault and takes it out of the tree; whether something is left.
    fn handle(&mut self, fault: Fault) -> bool {
        let path = fault.path();
        let place = fault.place.unwrap_or(self.tree.place);
        let Fault { kind, message, suggestion, .. } = fault;
        let (message, suggestion) = (String::from(message), suggestion.map(String::from));
        let finding = |suggestion| Finding { place, path: Path(&path).to_string(), message: message.clone(), suggestion };
        match kind {
            Kind::UnknownField(field) => {
                self.list.push(finding(suggestion.clone()));
                self.rename_or_remove(&path, &field, suggestion.as_deref());
                true
            }
            Kind::MissingField(field) => {
                let mut missing = path.clone();
                missing.push(Step::Key(field.clone()));
                let suggestion = if path.is_empty() && field == "version" { Some("write version: 1".to_owned()) } else { suggestion };
                if !self.gone.contains(&missing) {
                    self.list.push(Finding { path: Path(&missing).to_string(), ..finding(suggestion) });
                }
                if path.is_empty() && field == "version" {
                    self.put_version();
                    return true;
                }
                self.drop(&path)
            }
            Kind::Value => {
                let slug = message.contains(&IdError::Slug.to_string()).then(|| self.slug(&path)).flatten();
                match slug {
                    Some(slug) if self.mended.insert(path.clone()) => {
                        self.list.push(finding(Some(format!("write {slug:?}"))));
                        self.replace(&path, slug);
                        true
                    }
                    Some(_) | None => {
                        self.list.push(finding(suggestion));
                        self.drop(&path)
                    }
                }
            }
        }
    }

    fn node(&mut self, path: &[Step]) -> Option<&mut Node> {
        path.iter().try_fold(&mut self.tree, |node, step| node.child_mut(step))
    }

    /// A misspelt field becomes the one that it is close to, so that what it holds is checked too.
    fn rename_or_remove(&mut self, path: &[Step], field: &str, suggestion: Option<&str>) {
        let Some((_, parent)) = path.split_last() else { return };
        let Some(Node { value: Value::Map(entries), .. }) = self.node(parent) else { return };
        let meant = suggestion.and_then(|s| s.strip_prefix("did you mean \"")?.strip_suffix("\"?"));
        match meant {
            Some(meant) if !entries.iter().any(|e| e.key == meant) => {
                entries.iter_mut().filter(|e| e.key == field).for_each(|e| e.key = meant.to_owned());
            }
            Some(_) | None => entries.retain(|e| e.key != field),
        }
    }

    fn put_version(&mut self) {
        if let Value::Map(entries) = &mut self.tree.value {
            let (key_place, value) = (self.tree.place, Value::Scalar { text: "1".to_owned(), plain: true });
            entries.push(tree::Entry { key: "version".to_owned(), key_place, node: Node { place: key_place, value } });
        }
    }

    fn slug(&mut self, path: &[Step]) -> Option<String> {
        let Value::Scalar { text, .. } = &self.node(path)?.value else { return None };
        let words = text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { ' ' }).collect::<String>();
        let slug = words.split_whitespace().collect::<Vec<_>>().join("-");
        (!slug.is_empty() && slug.len() <= 64 && !slug.starts_with('_')).then_some(slug)
    }

    fn replace(&mut self, path: &[Step], with: String) {
        if let Some(node) = self.node(path) {
            node.value = Value::Scalar { text: with, plain: false };
        }
    }

    /// Takes the node out, and what is empty without it; whether something is left.
    fn drop(&mut self, path: &[Step]) -> bool {
        let Some((last, parent)) = path.split_last() else { return false };
        let mut ids = Vec::new();
        if let Some(node) = self.node(path) {
            node.ids(&mut ids);
        }
        self.ids.append(&mut ids);
        match last {
            Step::Key(_) => self.gone.insert(path.to_vec()),
            Step::Index(_) => self.lost.insert(parent.to_vec()),
        };
        let Some(holder) = self.node(parent) else { return false };
        let hollow = match (&mut holder.value, last) {
            (Value::List(items), Step::Index(index)) => {
                items.retain(|i| i.index != *index);
                false
            }
            (Value::Map(entries), Step::Key(key)) => {
                entries.retain(|e| e.key != *key);
                entries.is_empty()
            }
            (Value::Scalar { .. } | Value::List(_) | Value::Map(_), _) => return false,
        };
        if hollow && !parent.is_empty() { self.drop(parent) } else { true }
    }

    /// What the domain says of what is left, with places.
    fn check(&mut self, problems: Vec<Problem>) {
        for problem in problems {
            let Problem { path, message, suggestion } = problem;
            let (steps, place) = self.locate(&path);
            let follows = message.starts_with("there is no") && self.ids.iter().any(|id| message.contains(&format!("{id:?}")));
            if follows || self.lost.contains(&steps) || self.gone.contains(&steps) {
                continue;
            }
            let suggestion = suggestion.map(|s| self.relocate(&s, place));
            self.list.push(Finding { place, path: Path(&steps).to_string(), message, suggestion });
        }
    }

    /// A path of the domain, which counts what is left, as a path in the file, and the place of the innermost part of it that exists.
    fn locate(&self, path: &str) -> (Vec<Step>, Place) {
        let (mut node, mut place, mut steps) = (Some(&self.tree), self.tree.place, Vec::new());
        for part in path.split(['.', '[']).filter(|p| !p.is_empty()) {
            let position = part.strip_suffix(']').and_then(|n| n.parse::<usize>().ok());
            let step = match (position, node.map(|n| &n.value)) {
                (Some(position), Some(Value::List(items))) => Step::Index(items.get(position).map_or(position, |i| i.index)),
                (Some(position), _) => Step::Index(position),
                (None, _) => Step::Key(part.to_owned()),
            };
            if let Some(Value::Map(entries)) = node.map(|n| &n.value)
                && let Step::Key(key) = &step
                && let Some(entry) = entries.iter().find(|e| e.key == *key)
            {
                place = entry.key_place;
            }
            node = node.and_then(|n| n.child(&step));
            match node {
                Some(Node { place: own, value: Value::Scalar { .. } }) => place = *own,
                Some(Node { place: own, .. }) if matches!(step, Step::Index(_)) => place = *own,
                Some(_) | None => {}
            }
            steps.push(step);
        }
        (steps, place)
    }

    /// A suggestion that begins with a path (`users[0].id has it already: ...`) says the line instead, and the file where it is another one.
    fn relocate(&self, suggestion: &str, from: Place) -> String {
        let Some((path, rest)) = suggestion.split_once(" has it already") else { return suggestion.to_owned() };
        let place = self.locate(path).1;
        let file = self.files.get(place.file).filter(|_| place.file != from.file);
        file.map_or_else(|| format!("line {} has it already{rest}", place.line), |file| format!("{file}:{} has it already{rest}", place.line))
    }
}
