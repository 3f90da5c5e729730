//! YAML as a tree of which every node knows its place.
//!
//! Refuses what would make a configuration mean something else than it says: keys that stand twice, several documents in one file, tags, and nesting or
//! aliases without bounds.

use super::Finding;
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, SpannedEventReceiver};
use std::collections::HashMap;
use std::fmt;

/// Deeper than any configuration.
const MOST_DEPTH: usize = 64;
/// Nodes, those that aliases stand for included.
const MOST_NODES: usize = 500_000;

/// Which file of those that make one document, counted from 0; line and column, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: usize,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    fn of(file: usize, mark: &saphyr_parser::Marker) -> Self {
        Self { file, line: mark.line(), column: mark.col() + 1 }
    }
}

/// Positions in the lists of one file lie below this; those of the next file, in lists that are put together, above it.
const OF_ONE_FILE: usize = 1_000_000;

/// One step of the way to a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Key(String),
    /// Position in its file, counted from 0, and [`OF_ONE_FILE`] more for each file before it.
    Index(usize),
}

/// `policies[0].levels`.
pub(crate) struct Path<'a>(pub(crate) &'a [Step]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if i == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{}]", index % OF_ONE_FILE)?,
            }
        }
        Ok(())
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// `plain`: without quotes, so that it may be a number, a truth value or nothing.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Item>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Position in the file: stays what it is when items before this one are taken out.
    pub(crate) index: usize,
    pub(crate) node: Node,
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) node: Node,
}

impl Node {
    fn null(place: Place) -> Self {
        Self { place, value: Value::Scalar { text: String::new(), plain: true } }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    pub(crate) fn child(&self, step: &Step) -> Option<&Node> {
        match (&self.value, step) {
            (Value::List(items), Step::Index(index)) => items.iter().find(|i| i.index == *index).map(|i| &i.node),
            (Value::Map(entries), Step::Key(key)) => entries.iter().find(|e| e.key == *key).map(|e| &e.node),
            (Value::Scalar { .. } | Value::List(_) | Value::Map(_), _) => None,
        }
    }

    pub(crate) fn child_mut(&mut self, step: &Step) -> Option<&mut Node> {
        match (&mut self.value, step) {
            (Value::List(items), Step::Index(index)) => items.iter_mut().find(|i| i.index == *index).map(|i| &mut i.node),
            (Value::Map(entries), Step::Key(key)) => entries.iter_mut().find(|e| e.key == *key).map(|e| &mut e.node),
            (Value::Scalar { .. } | Value::List(_) | Value::Map(_), _) => None,
        }
    }

    /// Every scalar called `id` in it.
    pub(crate) fn ids(&self, into: &mut Vec<String>) {
        match &self.value {
            Value::Scalar { .. } => {}
            Value::List(items) => items.iter().for_each(|i| i.node.ids(into)),
            Value::Map(entries) => {
                for entry in entries {
                    match &entry.node.value {
                        Value::Scalar { text, .. } if entry.key == "id" => into.push(text.clone()),
                        Value::Scalar { .. } | Value::List(_) | Value::Map(_) => entry.node.ids(into),
                    }
                }
            }
        }
    }
}

/// Reads a file. The tree holds what could be read; the findings say what could not.
pub(super) fn parse(file: usize, source: &str) -> (Option<Node>, Vec<Finding>) {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let mut builder = Builder { file, ..Builder::default() };
    if let Err(error) = Parser::new_from_str(source).load(&mut builder, true) {
        builder.find(Place::of(file, error.marker()), format!("this is not YAML: {}", error.info()), Some(hint(&error, source)));
        return (None, builder.findings);
    }
    (builder.root, builder.findings)
}

/// Puts several files together: their lists one behind the other. Anything else may stand in one of them only, but for the same `version`.
/// `names` are the files, in the same order.
pub(super) fn put_together(trees: Vec<Node>, names: &[String]) -> (Option<Node>, Vec<Finding>) {
    let mut trees = trees.into_iter().filter(|t| !t.is_null());
    let mut findings = Vec::new();
    let Some(mut whole) = trees.next() else { return (None, findings) };
    for tree in trees {
        let (Value::Map(entries), Value::Map(more)) = (&mut whole.value, tree.value) else {
            let message = "a file of a folder has to begin with fields like version and users".to_owned();
            findings.push(Finding { place: tree.place, path: String::new(), message, suggestion: None });
            continue;
        };
        for mut entry in more {
            let Some(known) = entries.iter_mut().find(|e| e.key == entry.key) else {
                entries.push(entry);
                continue;
            };
            if entry.node.is_null() {
                continue;
            }
            if known.node.is_null() {
                *known = entry;
                continue;
            }
            match (&mut known.node.value, &mut entry.node.value) {
                (Value::List(items), Value::List(new)) => {
                    items.extend(new.drain(..).map(|i| Item { index: i.index + i.node.place.file * OF_ONE_FILE, node: i.node }));
                }
                (Value::Scalar { text: a, .. }, Value::Scalar { text: b, .. }) if a == b => {}
                _ => {
                    let before = names.get(known.key_place.file).map_or("another file", String::as_str);
                    let message = format!("{:?} stands in two files", entry.key);
                    let suggestion = Some(format!("it is on line {} of {before} already: remove one of them", known.key_place.line));
                    findings.push(Finding { place: entry.key_place, path: entry.key.clone(), message, suggestion });
                }
            }
        }
    }
    (Some(whole), findings)
}

/// What usually is the matter.
fn hint(error: &ScanError, source: &str) -> String {
    let near = source.lines().skip(error.marker().line().saturating_sub(2)).take(3);
    let indented_by_tab = |l: &str| l.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t');
    if near.into_iter().any(indented_by_tab) {
        return "indent with spaces, not with tabs".to_owned();
    }
    if error.info().contains("mapping values") {
        return "put text that contains ': ' into quotes, and check the indentation".to_owned();
    }
    "check the indentation here and above, and that every [, { and quote has its end".to_owned()
}

#[derive(Default)]
struct Builder {
    file: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
    too_much: bool,
    findings: Vec<Finding>,
}

/// A list or a map that is being read.
struct Open {
    node: Node,
    anchor: usize,
    /// The key whose value comes next.
    key: Option<(String, Place)>,
}

impl Builder {
    fn find(&mut self, place: Place, message: String, suggestion: Option<String>) {
        self.findings.push(Finding { place, path: String::new(), message, suggestion });
    }

    fn open(&mut self, place: Place, value: Value, anchor: usize) {
        self.open.push(Open { node: Node { place, value }, anchor, key: None });
    }

    fn close(&mut self) {
        let Some(open) = self.open.pop() else { return };
        if open.anchor > 0 {
            self.anchors.insert(open.anchor, open.node.clone());
        }
        if self.open.len() < MOST_DEPTH {
            self.put(open.node);
        } else if self.open.len() == MOST_DEPTH {
            self.find(open.node.place, format!("nested more than {MOST_DEPTH} deep"), None);
        }
    }

    fn put(&mut self, node: Node) {
        self.nodes += 1;
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match (&mut parent.node.value, parent.key.take()) {
            (Value::List(items), _) => items.push(Item { index: items.len(), node }),
            (Value::Map(entries), Some((key, key_place))) => match entries.iter().find(|e| e.key == key) {
                Some(before) => {
                    let message = format!("{key:?} stands twice here");
                    let suggestion = Some(format!("it is on line {} already: remove one of them", before.key_place.line));
                    self.find(key_place, message, suggestion);
                }
                None => entries.push(Entry { key, key_place, node }),
            },
            (Value::Map(_), None) => match node.value {
                Value::Scalar { text, .. } => parent.key = Some((text, node.place)),
                Value::List(_) | Value::Map(_) => {
                    parent.key = Some((String::new(), node.place));
                    self.find(node.place, "a key has to be one word".to_owned(), Some("put texts that begin with [ or { into quotes".to_owned()));
                }
            },
            (Value::Scalar { .. }, _) => {}
        }
    }
}

impl<'input> SpannedEventReceiver<'input> for Builder {
    fn on_event(&mut self, event: Event<'input>, span: Span) {
        let place = Place::of(self.file, &span.start);
        if self.nodes > MOST_NODES {
            if !std::mem::replace(&mut self.too_much, true) {
                self.find(place, format!("more than {MOST_NODES} values"), Some("split it, or use fewer aliases".to_owned()));
            }
            return;
        }
        let tag = match &event {
            Event::Scalar(_, _, _, tag) | Event::SequenceStart(_, tag) | Event::MappingStart(_, tag) => tag.as_ref().map(ToString::to_string),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => None,
            Event::Alias(_) | Event::SequenceEnd | Event::MappingEnd => None,
        };
        if let Some(tag) = tag {
            self.find(place, format!("tags like {tag} are not understood"), Some("remove it".to_owned()));
        }
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents == 2 {
                    self.find(place, "a second document begins here".to_owned(), Some("write one document: remove the line ---".to_owned()));
                }
            }
            Event::Scalar(text, style, anchor, _) => {
                let node = Node { place, value: Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain } };
                if anchor > 0 {
                    self.anchors.insert(anchor, node.clone());
                }
                self.put(node);
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned().unwrap_or_else(|| Node::null(place));
                self.nodes += size(&node);
                self.put(Node { place, ..node });
            }
            Event::SequenceStart(anchor, _) => self.open(place, Value::List(Vec::new()), anchor),
            Event::MappingStart(anchor, _) => self.open(place, Value::Map(Vec::new()), anchor),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::Scalar { .. } => 1,
        Value::List(items) => 1 + items.iter().map(|i| size(&i.node)).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|e| size(&e.node)).sum::<usize>(),
    }
}
