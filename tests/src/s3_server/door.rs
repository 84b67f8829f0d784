//! Who is let in, and by which name the store is called.

use std::sync::Arc;

use hyper::{Request, body::Incoming};
use s3s::{
    S3Result,
    auth::{S3Auth, SecretKey},
    host::{S3Host, VirtualHost},
    s3_error,
};

use super::{
    fault::{Call, Effect, Fault},
    world::World,
};

/// Buckets are called `BUCKET.` and this, besides in the path: a name that no resolver knows.
pub const DOMAIN: &str = "store.test";

/// A pair of keys, and the token of the session they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Access key id.
    pub id: &'static str,
    /// Secret access key.
    pub secret: &'static str,
    /// `x-amz-security-token`, without which they are nothing.
    pub token: Option<&'static str>,
}

/// Knows one pair.
pub(super) struct Door(pub(super) Arc<World>);

#[async_trait::async_trait]
impl S3Auth for Door {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        let keys = self.0.admitted();
        if access_key == keys.id {
            Ok(SecretKey::from(keys.secret))
        } else {
            Err(s3_error!(InvalidAccessKeyId, "No such id."))
        }
    }
}

/// The refusal of a request that does not show the token of its session.
pub(super) fn refusal(world: &World, request: &Request<Incoming>, call: Call) -> Option<Fault> {
    let shown = request.headers().get("x-amz-security-token");
    let shown = shown.and_then(|token| token.to_str().ok());
    (shown != world.admitted().token).then(|| {
        let error = Effect::error(400, "InvalidToken", "The provided token is not valid.");
        Fault::always(call, error)
    })
}

/// In any other host's name there is no bucket.
pub(super) struct Names;

impl S3Host for Names {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let name = host.split(':').next().unwrap_or_default();
        let bucket = name.strip_suffix(DOMAIN);
        let bucket = bucket.and_then(|name| name.strip_suffix('.'));
        let of = VirtualHost::new(host);
        Ok(match bucket {
            Some(bucket) => of.with_bucket(bucket),
            None => of,
        })
    }
}
