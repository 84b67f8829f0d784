//! A store that speaks S3, in this process and in memory, with faults.
//!
//! Routing, XML and signatures are the crate `s3s`'s, so that the client's reading of S3 is held
//! against another's. What no answer of S3 can express is done in front of it, to the bytes.

mod api;
mod door;
mod fault;
mod front;
mod world;

use std::{
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use catalog::storage::S3;
use s3s::service::S3ServiceBuilder;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

pub use door::{DOMAIN, Keys};
pub use fault::{Call, Effect, Fault};
pub use front::Identity;
pub(crate) use front::decoded;
pub use world::{Ignored, Object, World};

/// The one bucket.
pub const BUCKET: &str = "backups";

/// Whom it lets in; the secret must appear nowhere else.
pub const ACCESS_KEY_ID: &str = "AKIATESTTESTTESTTEST";
/// The secret of [`ACCESS_KEY_ID`].
pub const SECRET_ACCESS_KEY: &str = "never-to-be-seen-in-any-message-0000000";

/// Serves until it is dropped.
#[derive(Debug)]
pub struct S3Server {
    address: SocketAddr,
    scheme: &'static str,
    world: Arc<World>,
    keys: TempDir,
    serving: JoinHandle<()>,
}

impl S3Server {
    /// On a free port of the loopback, with an empty bucket.
    ///
    /// # Panics
    /// If the machine allows no listener.
    pub async fn start() -> Self {
        Self::listen(None).await
    }

    /// The same, over TLS with a certificate nobody knows.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub async fn start_tls(identity: &Identity) -> Self {
        Self::listen(Some(identity)).await
    }

    async fn listen(identity: Option<&Identity>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let world = Arc::new(World::default());
        let mut service = S3ServiceBuilder::new(api::Api(world.clone()));
        service.set_auth(door::Door(world.clone()));
        service.set_host(door::Names);
        let front = front::Front::new(service.build(), world.clone());
        let serving = tokio::spawn(front::serve(
            listener,
            front,
            identity.map(Identity::acceptor),
        ));
        let keys = tempfile::tempdir().expect("a directory for the keys");
        let server = Self {
            address,
            scheme: if identity.is_some() { "https" } else { "http" },
            world,
            keys,
            serving,
        };
        server.write_keys(ACCESS_KEY_ID, SECRET_ACCESS_KEY);
        server
    }

    /// What it holds, and how it fails.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it is.
    pub fn endpoint(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// How a repository in it is configured.
    pub fn config(&self, prefix: &str) -> S3 {
        S3 {
            bucket: BUCKET.into(),
            prefix: prefix.into(),
            region: None,
            endpoint: Some(self.endpoint()),
            path_style: None,
            ca_file: None,
            profile: None,
            role_arn: None,
            external_id: None,
            access_key_id_file: Some(self.key_file("id")),
            secret_access_key_file: Some(self.key_file("secret")),
        }
    }

    /// The same as the value of a repository's `s3` key.
    pub fn yaml(&self, prefix: &str) -> String {
        format!(
            "{{ bucket: {BUCKET}, prefix: \"{prefix}\", endpoint: \"{}\", \
             access_key_id_file: {}, secret_access_key_file: {} }}",
            self.endpoint(),
            self.key_file("id").display(),
            self.key_file("secret").display()
        )
    }

    /// Where the key files lie.
    pub fn key_directory(&self) -> &Path {
        self.keys.path()
    }

    /// Rotates the key files; the server still knows only the first pair.
    ///
    /// # Panics
    /// If they cannot be written.
    pub fn write_keys(&self, id: &str, secret: &str) {
        for (name, key) in [("id", id), ("secret", secret)] {
            let mut file = std::fs::File::create(self.key_file(name)).expect("a key file");
            writeln!(file, "{key}").expect("a key");
        }
    }

    fn key_file(&self, name: &str) -> PathBuf {
        self.keys.path().join(name)
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
