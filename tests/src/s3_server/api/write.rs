//! The calls of S3 that a writer makes.

use aws_smithy_types::base64;
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt as _;
use md5::{Digest as _, Md5};
use s3s::{
    S3Result,
    dto::{ETag, ETagCondition, PutObjectInput, PutObjectOutput, StreamingBlob},
    s3_error,
};
use toolkit::clock::Clock;

use crate::s3_server::world::{Ignored, World};

/// How long a writer who looked waits for another one, in turns of the scheduler.
const TURNS: usize = 20_000;

/// A new object; whether the condition holds is looked at and done in one step.
pub(super) async fn put(world: &World, input: PutObjectInput) -> S3Result<PutObjectOutput> {
    let body = collected(input.body).await?;
    if let Some(sum) = input.content_md5
        && sum != base64::encode(Md5::digest(&body))
    {
        return Err(s3_error!(BadDigest));
    }
    let only_new = matches!(input.if_none_match, Some(ETagCondition::Any));
    let only_new = only_new && !world.lock().ignores(Ignored::Conditions);
    let races = only_new && world.lock().ignores(Ignored::Races);
    if races {
        look_first(world, &input.key).await?;
    }
    let mut state = world.lock();
    if only_new && !races && state.has(&input.key) {
        return Err(s3_error!(PreconditionFailed));
    }
    let mut object = state.next(Some(body));
    object.modified_at = Clock::system().now();
    let tag = ETag::Strong(object.etag.clone());
    state.add(&input.key, object);
    Ok(PutObjectOutput {
        e_tag: Some(tag),
        ..Default::default()
    })
}

/// Looks whether the key is free, and lets another writer look too before it is written.
async fn look_first(world: &World, key: &str) -> S3Result<()> {
    {
        let mut state = world.lock();
        if state.has(key) {
            return Err(s3_error!(PreconditionFailed));
        }
        *state.looking.entry(key.into()).or_default() += 1;
    }
    for _ in 0..TURNS {
        if world.lock().looking[key] > 1 {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn collected(body: Option<StreamingBlob>) -> S3Result<Bytes> {
    let Some(body) = body else {
        return Ok(Bytes::new());
    };
    let bytes: Result<BytesMut, _> = body.try_collect().await;
    bytes
        .map(BytesMut::freeze)
        .map_err(|_| s3_error!(IncompleteBody))
}
