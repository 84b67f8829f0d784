//! One element of a list that is too large to stand among others
//! (`QUICKLIST_NODE_CONTAINER_PLAIN`).

use super::PackedLayout;
use crate::format::redis::{input::RdbResult, repeats::Repeats, slice::Bytes};

/// Makes sure that the element has at least one byte.
pub(crate) struct Element;

impl PackedLayout for Element {
    type Found = ();

    fn walk<B: Bytes>(self, bytes: &mut B, _: &mut Repeats) -> RdbResult<()> {
        if bytes.left() == 0 {
            return bytes.refused("a large element of a list is empty");
        }
        Ok(())
    }
}
