//! Makes the client of a configured bucket: region, endpoint, trust, credentials and proxy.
//!
//! No request is sent to the bucket here. Everything that talks S3 is built on this client, so
//! nothing else decides how one is made.

use std::time::Duration;

use aws_config::{
    BehaviorVersion, ConfigLoader, Region, SdkConfig, identity::IdentityCache, retry::RetryConfig,
    stalled_stream_protection::StalledStreamProtectionConfig, sts::AssumeRoleProvider,
    timeout::TimeoutConfig,
};
use aws_sdk_s3::{
    Client,
    config::{
        Builder, RequestChecksumCalculation, ResponseChecksumValidation, retry::RetryPartition,
    },
};

use super::{
    key_files::KeyFiles,
    mend::Mending,
    trust::{self, TrustError},
};
use crate::storage::S3;

/// Region where nobody names one. AWS answers from it for every bucket, naming the right region,
/// and compatible stores take it without looking.
const REGION_DEFAULT: &str = "us-east-1";

/// Name of our sessions in an assumed role, as a store's audit log shows it.
const ROLE_SESSION: &str = "backup-witness";

/// Longest pause between two attempts.
const BACKOFF_MAX: Duration = Duration::from_secs(8);

/// How long a store may take, and how often it is asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// Longest time until a connection stands.
    pub connect: Duration,
    /// Longest time until one attempt is answered; without the body of an object.
    pub answer: Duration,
    /// Longest time until a call is answered, all its attempts together.
    pub call: Duration,
    /// Longest time, while we wait for them, until the next 64 KiB of a body have come, or its
    /// rest. A reader that is slow itself, such as a sandbox that writes to a disk, never uses it
    /// up.
    pub stall: Duration,
    /// Number of attempts of one call, the first included.
    pub attempts: u32,
    /// First pause between two attempts; doubled each time.
    pub backoff: Duration,
}

/// Four attempts within a minute: a survey is repeated anyway, and a verification has resumed
/// bodies besides.
impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            call: Duration::from_mins(1),
            stall: Duration::from_secs(30),
            attempts: 4,
            backoff: Duration::from_millis(500),
        }
    }
}

/// Makes the client of this bucket; errs if `ca_file` cannot be used. Credentials are asked for at
/// the first request, not here.
pub(crate) async fn connect(config: &S3, patience: &Patience) -> Result<Client, TrustError> {
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .retry_config(retries(patience))
        .timeout_config(timeouts(patience));
    if let Some(ca_file) = &config.ca_file {
        loader = loader.http_client(trust::http_client(ca_file).await?);
    }
    let shared = identified(loader, config).load().await;
    let shared = match shared.region() {
        Some(_) => shared,
        None => shared
            .into_builder()
            .region(Region::from_static(REGION_DEFAULT))
            .build(),
    };
    let plain = shared.http_client().unwrap_or_else(trust::default_client);
    let mut builder = addressed(Builder::from(&shared), config)
        .http_client(Mending(plain))
        // Our own limit is `Patience::stall`, which a slow reader does not use up.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        // The retry budget is not shared with other buckets: a store that fails must not use up
        // theirs.
        .retry_partition(RetryPartition::custom(config.bucket.clone()).build());
    if let Some(role) = &config.role_arn {
        builder = builder
            .credentials_provider(assumed(role, config.external_id.as_deref(), &shared).await)
            .identity_cache(IdentityCache::lazy().build());
    }
    Ok(Client::from_conf(builder.build()))
}

fn identified(loader: ConfigLoader, config: &S3) -> ConfigLoader {
    let mut loader = loader;
    if let Some(region) = &config.region {
        loader = loader.region(Region::new(region.clone()));
    } else if config.endpoint.is_some() {
        // Otherwise the SDK would look for a region at the metadata service of a cloud we are not
        // in.
        loader = loader.region(Region::from_static(REGION_DEFAULT));
    }
    if let Some(profile) = &config.profile {
        loader = loader.profile_name(profile);
    }
    match KeyFiles::of(config) {
        // Read at every use, so that rotated keys are used at once.
        Some(files) => loader
            .credentials_provider(files)
            .identity_cache(IdentityCache::no_cache()),
        None => loader,
    }
}

fn addressed(builder: Builder, config: &S3) -> Builder {
    let mut builder = builder
        .force_path_style(config.path_style.unwrap_or(config.endpoint.is_some()))
        // Whatever is read is judged by our own pass over all of it, resumed or not.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    if let Some(endpoint) = &config.endpoint {
        builder = builder
            .endpoint_url(endpoint)
            // Many compatible stores refuse checksums behind the body (`aws-chunked` trailers).
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    }
    builder
}

async fn assumed(role: &str, external_id: Option<&str>, base: &SdkConfig) -> AssumeRoleProvider {
    let provider = AssumeRoleProvider::builder(role)
        .session_name(ROLE_SESSION)
        .configure(base);
    match external_id {
        Some(id) => provider.external_id(id).build().await,
        None => provider.build().await,
    }
}

fn retries(patience: &Patience) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(patience.attempts)
        .with_initial_backoff(patience.backoff)
        .with_max_backoff(BACKOFF_MAX.max(patience.backoff))
}

fn timeouts(patience: &Patience) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(patience.connect)
        .read_timeout(patience.answer)
        .operation_attempt_timeout(patience.answer)
        .operation_timeout(patience.call)
        .build()
}
