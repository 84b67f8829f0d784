//! The pipes of a child in the form that the pump uses.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    process::{Child, ChildStdin},
};
use tokio_util::io::ReaderStream;

use crate::runtime::pump::{Input, Output};

/// Largest piece of output in bytes: a pipe holds as much.
const PIECE_BYTES: usize = 64 * 1024;

/// The standard input of a child.
pub(super) fn input(child: &mut Child) -> Input {
    Box::pin(ClosingStdin(child.stdin.take()))
}

/// Both outputs of a child, in the order in which they come.
pub(super) fn outputs(
    child: &mut Child,
) -> impl Stream<Item = io::Result<Output>> + Send + Unpin + use<> {
    let stdout = pieces(child.stdout.take()).map(|piece| piece.map(Output::Stdout));
    let stderr = pieces(child.stderr.take()).map(|piece| piece.map(Output::Stderr));
    stream::select(stdout, stderr)
}

fn pieces<R>(reader: Option<R>) -> impl Stream<Item = io::Result<Bytes>> + Send + Unpin
where
    R: AsyncRead + Send + Unpin,
{
    let stream = |reader| ReaderStream::with_capacity(reader, PIECE_BYTES);
    stream::iter(reader.map(stream)).flatten()
}

/// A standard input that `shutdown` closes: a pipe ends by being closed, and tokio's shutdown of
/// one does nothing.
struct ClosingStdin(Option<ChildStdin>);

impl AsyncWrite for ClosingStdin {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Some(stdin) => Pin::new(stdin).poll_write(context, bytes),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Some(stdin) => Pin::new(stdin).poll_flush(context),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0 = None;
        Poll::Ready(Ok(()))
    }
}
