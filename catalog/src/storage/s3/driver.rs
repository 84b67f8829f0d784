//! A bucket in the configuration: what may be written, and what follows from it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use settings::{Place, Problems};

use super::{Bucket, S3};
use crate::storage::{DriverConfig, Storage, driver::absolute};

impl DriverConfig for S3 {
    const KEY: &'static str = "s3";
    const ABOUT: &'static str = "A bucket.";
    const EXAMPLE: &'static str = "s3: { bucket: … }";

    /// Makes the prefix a directory; it is no longer the beginning of a name.
    fn for_records(mut self) -> Self {
        if !self.prefix.is_empty() && !self.prefix.ends_with('/') {
            self.prefix.push('/');
        }
        self
    }

    fn checked(self, place: &Place, base: &Path, problems: &mut Problems) -> Self {
        check(&self, place, problems);
        let absolute = |path: Option<PathBuf>| path.map(|path| absolute(base, &path));
        Self {
            ca_file: absolute(self.ca_file),
            access_key_id_file: absolute(self.access_key_id_file),
            secret_access_key_file: absolute(self.secret_access_key_file),
            ..self
        }
    }

    fn open(&self) -> Arc<dyn Storage> {
        Arc::new(Bucket::new(self.clone()))
    }

    fn object(&self, key: &str, version: Option<&str>) -> String {
        let query = version.map_or_else(String::new, |version| format!("?versionId={version}"));
        format!("{self}{key}{query}")
    }

    fn key_in(&self, repository: &Self, name: &str) -> Option<String> {
        let same = (&self.bucket, &self.endpoint) == (&repository.bucket, &repository.endpoint);
        let whole = format!("{}{name}", self.prefix);
        let within = whole.strip_prefix(&repository.prefix).filter(|_| same)?;
        Some(within.into())
    }
}

/// Adds the problems of a bucket that can be found without asking it.
fn check(s3: &S3, place: &Place, problems: &mut Problems) {
    if s3.bucket.is_empty() || s3.bucket.contains('/') {
        let message = format!("{:?} is not the name of a bucket", s3.bucket);
        let hint = "What stands before all keys is the prefix.";
        problems.error(place, message).hint(hint);
    }
    if !s3.prefix.is_empty() && !s3.prefix.ends_with('/') {
        let message = format!(
            "the prefix {:?} does not end with /: paths begin with what follows it",
            s3.prefix
        );
        problems.warning(place, message);
    }
    let endpoint = s3.endpoint.as_deref().unwrap_or("https://");
    let (_, rest) = endpoint.split_once("://").unwrap_or(("", endpoint));
    let authority = rest.split(['?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        // The endpoint is not quoted. A password may hold a slash, so an `@` in a path is refused
        // as well.
        let hint = "Write https://host; keys go to access_key_id_file and secret_access_key_file.";
        problems
            .error(place, "the endpoint names a user, who is not asked for")
            .hint(hint);
    } else if !endpoint.starts_with("https://") && !endpoint.starts_with("http://") {
        let message = format!("the endpoint {endpoint:?} is not a URL");
        let hint = "Write https://host, or http://host:port.";
        problems.error(place, message).hint(hint);
    }
    let keys = [&s3.access_key_id_file, &s3.secret_access_key_file];
    match keys.map(Option::is_some) {
        [true, true] if s3.profile.is_some() => {
            let message = "both a profile and key files are written; credentials come from one";
            problems.error(place, message);
        }
        [true, false] | [false, true] => {
            let message = "access_key_id_file and secret_access_key_file belong together";
            problems.error(place, message);
        }
        _ => {}
    }
    if s3.external_id.is_some() && s3.role_arn.is_none() {
        problems.error(
            place,
            "an external_id is given with a role_arn, and none is written",
        );
    }
}
