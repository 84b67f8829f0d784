//! Knowledge that one reading of a tree passes on to the next.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::error::{Error, Fault, NodeId};
use super::placeholder::{Placeholder, TEXTS};
use crate::Place;
use crate::node::Node;
use crate::suggest::did_you_mean;

/// Knowledge from the readings so far. Nodes are known by their address: the tree does not change
/// while it is read.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Nodes found wrong, which are not offered to serde again.
    pub(super) pruned: RefCell<HashSet<NodeId>>,
    /// Values of unknown keys that are only worth a warning; not offered to serde either.
    pub(super) tolerated: RefCell<HashSet<NodeId>>,
    pub(super) tolerant: bool,
    /// The root, and the keys of the root that another type reads.
    pub(super) beside: Option<(NodeId, Vec<&'static str>)>,
    /// Missing keys of each mapping, which serde asked for in vain. They are offered with invented
    /// values, so that the next missing key is found too.
    pub(super) missing: RefCell<HashMap<NodeId, Vec<Placeholder>>>,
    pub(super) unknown: RefCell<Vec<Unknown>>,
}

impl State {
    pub(super) fn is_pruned(&self, node: &Node) -> bool {
        self.pruned.borrow().contains(&NodeId::of(node))
    }

    pub(super) fn is_left_out(&self, node: &Node) -> bool {
        self.is_pruned(node) || self.tolerated.borrow().contains(&NodeId::of(node))
    }

    pub(super) fn leave_out_unknown(&self, node: &Node) {
        let set = if self.tolerant {
            &self.tolerated
        } else {
            &self.pruned
        };
        set.borrow_mut().insert(NodeId::of(node));
    }

    /// Keys of this mapping that another type reads; none unless it is the root.
    pub(super) fn beside(&self, node: &Node) -> &[&'static str] {
        match &self.beside {
            Some((root, keys)) if *root == NodeId::of(node) => keys,
            _ => &[],
        }
    }

    /// Prepares the next reading. Returns the nodes to leave out in it, none if another invented
    /// value is tried; `known` is true if earlier omissions explain the error.
    pub(super) fn learn(&self, error: &Error, known: bool) -> Vec<NodeId> {
        let mut missing = self.missing.borrow_mut();
        let invented = missing.entry(error.node).or_default();
        match error.fault {
            Fault::Missing(key) if !known => {
                invented.push(Placeholder { key, attempt: 0 });
                return Vec::new();
            }
            Fault::Invented(key) => {
                let next = |p: &&mut Placeholder| p.key == key && p.attempt + 1 < TEXTS.len();
                if let Some(placeholder) = invented.iter_mut().find(next) {
                    placeholder.attempt += 1;
                    return Vec::new();
                }
            }
            _ => {}
        }
        missing.remove(&error.node);
        vec![error.node]
    }

    /// True if the error only follows from values pruned or invented before.
    pub(super) fn explains(&self, root: &Node, error: &Error) -> bool {
        if matches!(error.fault, Fault::Invented(_)) {
            return true;
        }
        let Some(node) = find(root, error.node) else {
            return false;
        };
        let pruned = |node: &Node| self.is_pruned(node);
        match error.fault {
            Fault::Missing(wanted) => node.entries().any(|(key, value)| {
                let key = key.text().unwrap_or_default();
                pruned(value) && (key == wanted || did_you_mean(key, [wanted]).is_some())
            }),
            _ => node.any(&pruned),
        }
    }
}

/// A key that a struct does not have.
#[derive(Debug)]
pub(super) struct Unknown {
    pub(super) place: Place,
    pub(super) key: String,
    pub(super) known: Vec<&'static str>,
}

fn find(node: &Node, id: NodeId) -> Option<&Node> {
    if NodeId::of(node) == id {
        return Some(node);
    }
    let values = node.entries().map(|(_, value)| value);
    node.items()
        .iter()
        .chain(values)
        .find_map(|below| find(below, id))
}
