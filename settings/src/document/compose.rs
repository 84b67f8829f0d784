//! Builds a located tree from the events of the YAML parser.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, options};

use crate::node::{Kind, Node};
use crate::{Location, Place, Problems};

const LARGEST: usize = 1 << 20;
/// Most values of a document. Repeated aliases count each time, as they can multiply.
const NODES_MAX: usize = 100_000;
const DEPTH_MAX: usize = 64;

/// Returns the tree, or `None` if the syntax is broken or a limit exceeded. All faults, lesser ones
/// too, are added to `problems`.
pub(super) fn compose(text: &str, problems: &mut Problems) -> Option<Node> {
    if text.len() > LARGEST {
        problems.error(&Place::whole(), "the file is larger than 1 MiB");
        return None;
    }
    let options = options! {
        emit_comments: false,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    };
    let parser = Parser::new_from_str_with_options(text, options);
    let mut composer = Composer {
        events: parser,
        anchors: HashMap::new(),
        nodes: 0,
        problems,
    };
    match composer.document() {
        Ok(node) => Some(node),
        Err(Broken { at, message }) => {
            problems.error(
                &Place {
                    at,
                    path: String::new(),
                },
                message,
            );
            None
        }
    }
}

struct Composer<'a, Events> {
    events: Events,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    problems: &'a mut Problems,
}

/// A fault that ends the composition.
struct Broken {
    at: Location,
    message: String,
}

type Spanned<'a> = (Event<'a>, Span);

impl<'t, Events> Composer<'_, Events>
where
    Events: Iterator<Item = Result<Spanned<'t>, ScanError>>,
{
    fn document(&mut self) -> Result<Node, Broken> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            let at = location(span.start);
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_some() => {
                    let message = "a second document begins here: one file holds one".to_owned();
                    return Err(Broken { at, message });
                }
                Event::DocumentStart(..) => {
                    let first = self.next()?;
                    root = Some(self.node(first)?);
                }
                _ => {
                    return Err(Broken {
                        at,
                        message: "this is not YAML".to_owned(),
                    });
                }
            }
        }
        let empty = Kind::Scalar {
            text: String::new(),
            plain: true,
        };
        Ok(root.unwrap_or(Node {
            at: Location::START,
            kind: empty,
        }))
    }

    fn next(&mut self) -> Result<Spanned<'t>, Broken> {
        match self.events.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                let message = format!("this is not YAML: {}", error.info());
                Err(Broken {
                    at: location(*error.marker()),
                    message,
                })
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, (event, span): Spanned<'t>) -> Result<Node, Broken> {
        let at = location(span.start);
        self.count(1, at)?;
        let (kind, anchor) = match event {
            Event::Alias(id) => return self.alias(id, at),
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = tag
                    .as_ref()
                    .is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                self.refuse_tag(tag.is_some() && !is_text, at);
                let plain = style == ScalarStyle::Plain && !is_text;
                (
                    Kind::Scalar {
                        text: text.into_owned(),
                        plain,
                    },
                    anchor,
                )
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), at);
                (self.list()?, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), at);
                (self.map()?, anchor)
            }
            _ => {
                return Err(Broken {
                    at,
                    message: "this is not YAML".to_owned(),
                });
            }
        };
        let node = Node { at, kind };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, id: usize, at: Location) -> Result<Node, Broken> {
        let Some(node) = self.anchors.get(&id).cloned() else {
            return Err(Broken {
                at,
                message: "an alias within its own anchor".to_owned(),
            });
        };
        self.count(size(&node), at)?;
        Ok(node)
    }

    fn list(&mut self) -> Result<Kind, Broken> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Kind::List(items)),
                event => items.push(self.node(event)?),
            }
        }
    }

    fn map(&mut self) -> Result<Kind, Broken> {
        let mut entries: Vec<(Node, Node)> = Vec::new();
        let mut merged = Vec::new();
        loop {
            let event = self.next()?;
            if event.0 == Event::MappingEnd {
                break;
            }
            let key = self.node(event)?;
            let event = self.next()?;
            let value = self.node(event)?;
            match &key.kind {
                Kind::Scalar { text, plain: true } if text == "<<" => merged.push(value),
                Kind::Scalar { text, .. } => {
                    let same = |(other, _): &&(Node, Node)| other.text() == Some(text);
                    match entries.iter().find(same).map(|(first, _)| first.at.line) {
                        None => entries.push((key, value)),
                        Some(first) => self.duplicate(&key, first),
                    }
                }
                _ => self.fault(key.at, "a key must be a word, not a list or a mapping"),
            }
        }
        for source in merged {
            self.merge(&mut entries, source)?;
        }
        Ok(Kind::Map(entries))
    }

    /// Adds the keys of `source` that `entries` lacks: own keys win, then earlier merges
    /// (yaml.org/type/merge.html).
    fn merge(&mut self, entries: &mut Vec<(Node, Node)>, source: Node) -> Result<(), Broken> {
        match source.kind {
            Kind::Map(others) => {
                for (key, value) in others {
                    if entries.iter().all(|(own, _)| own.text() != key.text()) {
                        entries.push((key, value));
                    }
                }
            }
            Kind::List(sources) if sources.iter().all(|s| matches!(s.kind, Kind::Map(_))) => {
                for source in sources {
                    self.merge(entries, source)?;
                }
            }
            _ => self.fault(source.at, "`<<` takes a mapping or a list of mappings"),
        }
        Ok(())
    }

    fn duplicate(&mut self, key: &Node, first: usize) {
        let key_text = key.text().unwrap_or_default();
        let message = format!("the key {key_text} stands here twice, first in line {first}");
        self.fault(key.at, &message);
    }

    fn refuse_tag(&mut self, found: bool, at: Location) {
        if found {
            self.fault(at, "tags are not supported here, except !!str");
        }
    }

    fn fault(&mut self, at: Location, message: &str) {
        self.problems.error(
            &Place {
                at,
                path: String::new(),
            },
            message,
        );
    }

    fn count(&mut self, nodes: usize, at: Location) -> Result<(), Broken> {
        self.nodes += nodes;
        if self.nodes <= NODES_MAX {
            return Ok(());
        }
        let message = format!("more than {NODES_MAX} values, those of repeated aliases counted");
        Err(Broken { at, message })
    }
}

fn size(node: &Node) -> usize {
    let below: usize = node.items().iter().map(size).sum();
    1 + below
        + node
            .entries()
            .map(|(key, value)| size(key) + size(value))
            .sum::<usize>()
}

/// Converts a position of the parser, which counts columns from 0.
fn location(marker: Marker) -> Location {
    Location {
        line: marker.line().max(1),
        column: marker.col() + 1,
    }
}
