//! The way of a place and a section to their types, as serde's data model has no room for them.

use std::cell::Cell;

use crate::node::Node;

/// Names of newtypes that ask for more than serde's data model holds.
pub(crate) const LOCATED: &str = "$settings::Located";
pub(crate) const SECTION: &str = "$settings::Section";
pub(crate) const SWITCH: &str = "$settings::Switch";
pub(crate) const ONE_OR_MANY: &str = "$settings::OneOrMany";

thread_local! {
    /// Node and path on their way to the `Deserialize` of [`Located`](crate::Located) or
    /// [`Section`](crate::Section). Filled and emptied within one call.
    pub(crate) static HANDED: Cell<Option<Handed>> = const { Cell::new(None) };
}

#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) node: Node,
    pub(crate) path: String,
}
