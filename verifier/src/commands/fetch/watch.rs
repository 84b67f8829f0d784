//! Who is told of progress, and who may end it.

use tokio_util::sync::CancellationToken;

use crate::stream::OnBytes;

/// Told how far the reading of a file is, and asked whether to stop.
#[derive(Clone)]
pub(super) struct Watch {
    pub(super) cancelled: CancellationToken,
    pub(super) on_bytes: OnBytes,
}
