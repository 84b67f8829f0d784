//! Work on files, beside the tasks that read storage.

use tokio::task::{JoinHandle, spawn_blocking};

use super::error::FetchError;

/// Runs what waits for a disk where it holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FetchError> + Send + 'static,
) -> Result<T, FetchError> {
    joined(spawn_blocking(work)).await
}

/// What a task came to; its panic is ours.
pub(super) async fn joined<T>(task: JoinHandle<Result<T, FetchError>>) -> Result<T, FetchError> {
    match task.await {
        Ok(done) => done,
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_cancelled) => Err(FetchError::Interrupted),
        },
    }
}
