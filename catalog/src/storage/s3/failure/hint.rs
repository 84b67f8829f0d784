//! Hints: what to do about a failure, as a sentence for whoever runs the programs.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;

use super::{
    super::key_files::KeyFileError,
    Asked,
    words::{Answer, all, chain},
};
use crate::storage::{Operation, StorageReason};

/// Returns what to do after an answer, and what the store said; empty for a missing object.
pub(super) fn of_answer(asked: &Asked<'_>, reason: StorageReason, answer: &Answer) -> String {
    let todo = match reason {
        _ if answer.is_page => page(asked),
        StorageReason::NotFound if answer.code() == "NoSuchBucket" => no_bucket(asked),
        StorageReason::NotFound if asked.operation == Operation::List => {
            "The store lists no names that begin so; correct prefix or path.".into()
        }
        StorageReason::NotFound => return String::new(),
        StorageReason::Replaced => "Select the snapshot again.".into(),
        StorageReason::Archived => thaw(asked, answer),
        StorageReason::KeyDenied => {
            "Allow kms:Decrypt with the key that the object was encrypted with; objects encrypted \
             with a key of the customer (SSE-C) cannot be read."
                .into()
        }
        StorageReason::Credentials => credentials(answer.code()).into(),
        StorageReason::AccessDenied => permission(asked),
        StorageReason::Protocol => elsewhere(asked, answer),
        StorageReason::Throttled => {
            "It went on for all attempts; ask less often (exporter.refresh, \
                                     verifier.parallel) or give the store more room."
                .into()
        }
        StorageReason::Unreachable if answer.status == 407 => {
            "The proxy wants credentials; write them into HTTPS_PROXY.".into()
        }
        _ => "Look at the store's own log.".into(),
    };
    format!("{todo} ({answer}.)")
}

/// Returns what to do where the store said nothing.
pub(super) fn of_silence(
    asked: &Asked<'_>,
    reason: StorageReason,
    error: &(dyn Error + 'static),
) -> String {
    let said = all(error);
    let is_of_role = chain(error).any(<dyn Error>::is::<CredentialsError>);
    let place = if is_of_role {
        "STS".into()
    } else {
        place(asked)
    };
    let mut errors = chain(error);
    if let Some(file) = errors.find_map(|error| error.downcast_ref::<KeyFileError>()) {
        return format!("Write the key into the file, for our user to read: {file}.");
    }
    let todo = match reason {
        StorageReason::Credentials => unidentified(asked, &said),
        StorageReason::Timeout => format!("{place} does not answer in time; look at it."),
        StorageReason::Protocol => format!("Look at what answers at {place}."),
        _ if said.contains("certificate") || said.contains("TLS") || said.contains("tls") => {
            format!("Name the certificate that {place} is signed with in ca_file, or mend it.")
        }
        _ if said.contains("dns") || said.contains("lookup") => {
            format!("The name of {place} is not known; correct endpoint, region or the resolver.")
        }
        _ => format!("Make {place} reachable from here, also through HTTPS_PROXY and firewalls."),
    };
    let cause = errors_last(error);
    format!("{todo} ({cause}.)")
}

/// Returns what to do without credentials: nobody gave any, or the service that makes them of
/// others (STS) refused to.
fn unidentified(asked: &Asked<'_>, said: &str) -> String {
    let refused = [
        "ExpiredToken",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
    ];
    if let Some(code) = refused.into_iter().find(|code| said.contains(code)) {
        return credentials(code).into();
    }
    if said.contains("AccessDenied") {
        let role = asked.bucket.role_arn.as_deref().unwrap_or("the role");
        return format!(
            "Let these credentials assume {role}: allow them sts:AssumeRole, and let the role \
             trust them, with the external id if it wants one."
        );
    }
    "Give credentials: access_key_id_file and secret_access_key_file, profile, the environment \
     (AWS_ACCESS_KEY_ID, …), or a role of the machine."
        .into()
}

fn errors_last(error: &(dyn Error + 'static)) -> String {
    let last = chain(error).last().unwrap_or(error);
    last.to_string()
        .chars()
        .filter(|it| !it.is_control())
        .take(200)
        .collect()
}

fn place(asked: &Asked<'_>) -> String {
    match (&asked.bucket.endpoint, &asked.bucket.region) {
        (Some(endpoint), _) => endpoint.clone(),
        (None, Some(region)) => format!("S3 in {region}"),
        (None, None) => "S3".into(),
    }
}

fn page(asked: &Asked<'_>) -> String {
    format!(
        "What answers at {} is a web page; correct endpoint: a console has another port than the \
         API, and a proxy may have answered instead.",
        place(asked)
    )
}

fn no_bucket(asked: &Asked<'_>) -> String {
    let bucket = &asked.bucket.bucket;
    format!(
        "There is no bucket {bucket:?} at {}; correct bucket or endpoint.",
        place(asked)
    )
}

fn credentials(code: &str) -> &'static str {
    match code {
        "RequestTimeTooSkewed" | "RequestExpired" => {
            "Set the clock of this machine (NTP): it and the store's are too far apart."
        }
        "SignatureDoesNotMatch" => "Correct the secret access key: it is not that of the id.",
        "InvalidAccessKeyId" | "InvalidClientTokenId" => {
            "Correct the access key id: the store does not know it."
        }
        _ => "Renew the credentials: they have expired.",
    }
}

/// Returns the permission that a call needs (AWS: "Actions, resources, and condition keys for
/// Amazon S3").
fn permission(asked: &Asked<'_>) -> String {
    let bucket = &asked.bucket.bucket;
    let versioned = asked.version.is_some();
    let (list, get) = if versioned {
        ("s3:ListBucketVersions", "s3:GetObjectVersion")
    } else {
        ("s3:ListBucket", "s3:GetObject")
    };
    if asked.operation == Operation::List {
        format!("Allow {list} on {bucket} for the prefix {:?}.", asked.key)
    } else {
        format!("Allow {get} on {bucket}/{}*.", asked.bucket.prefix)
    }
}

fn elsewhere(asked: &Asked<'_>, answer: &Answer) -> String {
    let bucket = &asked.bucket.bucket;
    match &answer.region {
        Some(region) if asked.bucket.region.as_deref() != Some(region) => {
            format!("Write region: {region}, where the bucket {bucket} is.")
        }
        _ if matches!(answer.status, 301 | 307 | 308) => {
            format!("Correct region or endpoint: the bucket {bucket} is elsewhere.")
        }
        _ => format!("Look at what answers at {}.", place(asked)),
    }
}

/// Returns the command that brings an archived object back for three days. Objects that a store
/// archived by itself (`INTELLIGENT_TIERING`) come back for good, and no days may be named.
fn thaw(asked: &Asked<'_>, answer: &Answer) -> String {
    let bucket = asked.bucket;
    let mut command = format!(
        "aws s3api restore-object --bucket {} --key {}",
        quoted(&bucket.bucket),
        quoted(asked.key)
    );
    let days = if answer.tier.is_some() {
        ""
    } else {
        "\"Days\":3,"
    };
    let request = format!("{{{days}\"GlacierJobParameters\":{{\"Tier\":\"Standard\"}}}}");
    let options = [
        ("--version-id", asked.version),
        ("--restore-request", Some(request.as_str())),
        ("--region", bucket.region.as_deref()),
        ("--endpoint-url", bucket.endpoint.as_deref()),
        ("--profile", bucket.profile.as_deref()),
    ];
    for (option, value) in options {
        if let Some(value) = value {
            command.extend([" ", option, " ", &quoted(value)]);
        }
    }
    format!("Thaw it, which takes hours: {command}")
}

/// Quotes a word for a POSIX shell.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.into();
    }
    if text.contains(char::is_control) {
        // The result holds nothing that a terminal would obey; `$'…'` is of POSIX.1-2024.
        let escaped = text.bytes().map(|byte| format!("\\x{byte:02x}"));
        return format!("$'{}'", escaped.collect::<String>());
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_key_in_a_command_is_one_word_and_moves_no_cursor() {
        let check = |text, expected| assert_eq!(quoted(text), expected);
        check("redis/2026-11-22.rdb", "redis/2026-11-22.rdb");
        check("", "''");
        check("it's $HOME", r"'it'\''s $HOME'");
        check("a\u{1b}[2J", r"$'\x61\x1b\x5b\x32\x4a'");
    }
}
