//! Errors of a store: its code, its status or the broken connection, as one of the closed reasons
//! with what to do about it.
//!
//! A message must not show what only the store and we should know: of an answer, only code and
//! message are passed on.

mod hint;
mod words;

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use self::words::{Answer, chain};
use super::super::{Operation, StorageError, StorageReason};
use crate::storage::S3;

/// A request, to say in an error what was asked and what would have been needed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The bucket that was asked.
    pub(crate) bucket: &'a S3,
    /// Operation, which is a label and decides which permission is needed.
    pub(crate) operation: Operation,
    /// The whole key, or the whole prefix of a listing.
    pub(crate) key: &'a str,
    /// Version that was asked for; in a listing, `Some` if versions are listed.
    pub(crate) version: Option<&'a str>,
}

impl Asked<'_> {
    /// Makes the error of a request that failed, from what the SDK says.
    pub(crate) fn failed<E>(self, error: SdkError<E, HttpResponse>) -> StorageError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let Some(answer) = Answer::of(&error) else {
            return self.unanswered(error);
        };
        let reason = reason(&answer);
        let hint = hint::of_answer(&self, reason, &answer);
        self.refused(reason, hint)
    }

    /// Makes the error of our own judgement of an answer that the SDK took for a good one.
    pub(crate) fn refused(self, reason: StorageReason, hint: impl Into<String>) -> StorageError {
        StorageError {
            operation: self.operation,
            subject: self.subject(),
            reason,
            hint: hint.into(),
            source: None,
        }
    }

    /// Makes the error of a request without an answer: not sent, not received, or not understood.
    pub(crate) fn unanswered(self, error: impl Error + Send + Sync + 'static) -> StorageError {
        let reason = silence(&error, self.bucket.role_arn.is_some());
        let hint = hint::of_silence(&self, reason, &error);
        StorageError {
            source: Some(Box::new(error)),
            ..self.refused(reason, hint)
        }
    }

    /// Returns the object or prefix as people write it.
    pub(crate) fn subject(&self) -> String {
        format!("s3://{}/{}", self.bucket.bucket, self.key)
    }
}

/// Returns the reason that a code means: codes of the S3 API ("Error responses" of its reference),
/// of STS and of `MinIO`. Where a store sends none, the status decides.
fn reason(answer: &Answer) -> StorageReason {
    if answer.is_page {
        return StorageReason::Protocol;
    }
    match answer.code() {
        "NoSuchBucket" | "NoSuchKey" | "NoSuchVersion" | "NotFound" | "KeyTooLongError" => {
            StorageReason::NotFound
        }
        code if is_unnameable(code) => StorageReason::NotFound,
        "PreconditionFailed" | "InvalidRange" => StorageReason::Replaced,
        "InvalidObjectState" => StorageReason::Archived,
        code if code.starts_with("KMS.") || answer.speaks_of_a_key() => StorageReason::KeyDenied,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidToken"
        | "TokenRefreshRequired"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "SignatureDoesNotMatch"
        | "NotSignedUp"
        | "RequestTimeTooSkewed"
        | "RequestExpired" => StorageReason::Credentials,
        "PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed" => {
            StorageReason::Protocol
        }
        "SlowDown"
        | "ServiceUnavailable"
        | "Throttling"
        | "ThrottlingException"
        | "RequestLimitExceeded"
        | "TooManyRequests"
        | "BandwidthLimitExceeded" => StorageReason::Throttled,
        "RequestTimeout" | "RequestTimeoutException" => StorageReason::Timeout,
        _ => of_status(answer.status),
    }
}

/// True for the codes of `MinIO` that say that no object can be called so.
pub(super) fn is_unnameable(code: &str) -> bool {
    matches!(
        code,
        "XMinioInvalidObjectName" | "XMinioInvalidResourceName"
    )
}

/// Returns the reason by the status alone (RFC 9110 §15).
fn of_status(status: u16) -> StorageReason {
    match status {
        401 | 403 => StorageReason::AccessDenied,
        404 => StorageReason::NotFound,
        407 | 500 | 502 => StorageReason::Unreachable,
        408 | 504 => StorageReason::Timeout,
        412 | 416 => StorageReason::Replaced,
        429 | 503 => StorageReason::Throttled,
        _ => StorageReason::Protocol,
    }
}

/// Returns the reason of a failure before or behind an answer.
fn silence(error: &(dyn Error + 'static), is_of_role: bool) -> StorageReason {
    let mut without = chain(error).filter_map(<dyn Error>::downcast_ref::<CredentialsError>);
    if let Some(without) = without.next() {
        // For a role, the service that makes its credentials may not be reached. Anywhere else that
        // says only that there are no credentials, as where no cloud's metadata service is.
        let is_unanswered = is_of_role
            && matches!(without, CredentialsError::ProviderError(_))
            && words::all(without).contains("dispatch failure");
        if !is_unanswered {
            return StorageReason::Credentials;
        }
    }
    let said = words::all(error);
    if said.contains("timeout") || said.contains("timed out") {
        StorageReason::Timeout
    } else if said.contains("XML") || said.contains("failed to construct request") {
        StorageReason::Protocol
    } else {
        StorageReason::Unreachable
    }
}
