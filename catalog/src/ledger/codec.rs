//! How a record becomes text and text a record.
//!
//! Reading never trusts: a text whose digest is wrong, or that two readers could read differently,
//! is no record. It never refuses the future either: unknown members are covered by the digest, and
//! a kind or value of a newer version gives a record whose contents are unknown.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Map, Value};
use thiserror::Error;

use super::{Draft, RECORD_BYTES_MAX, Record, canonical};
use crate::model::SourceName;

/// The version of the record that this program writes.
const SCHEMA: u64 = 1;

/// Why a text is no record, or a draft cannot become one.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The text is torn, not JSON, not an object, or a member occurs twice.
    #[error("not one JSON object with every member once")]
    Json(#[source] serde_json::Error),
    /// `schema`, `kind`, `sequence`, `previous`, `digest` or `source` is missing or mistyped.
    #[error("its place in the chain cannot be read")]
    Envelope(#[source] serde_json::Error),
    /// The record was changed after it was written.
    #[error("its digest says {written}, its contents are {computed}")]
    Digest {
        /// Digest that the record names.
        written: String,
        /// Digest of its contents.
        computed: String,
    },
    /// Records carry no fractions and no integers beyond 2^53: not every reader keeps them.
    #[error("{0} is no integer within 2^53")]
    Number(serde_json::Number),
    /// The record is larger than a reader would accept.
    #[error("{bytes} bytes are more than the {RECORD_BYTES_MAX} a record may have")]
    TooLarge {
        /// Size of the record in bytes.
        bytes: usize,
    },
    /// Only records of a newer version are of unknown kinds; nobody writes one.
    #[error("a record of unknown kind {0:?} cannot be written")]
    UnknownKind(String),
}

impl Record {
    /// Writes the draft at its place in the chain, with its digest, as one JSON object that people
    /// can read. Errs if the draft is of an unknown kind, holds a number that records must not
    /// carry, or is larger than [`RECORD_BYTES_MAX`].
    pub fn seal(
        draft: Draft,
        sequence: u64,
        previous: Option<&str>,
    ) -> Result<String, RecordError> {
        if let Draft::Unknown { kind, .. } = draft {
            return Err(RecordError::UnknownKind(kind));
        }
        let previous = previous.map(Into::into);
        let mut record = Self {
            sequence,
            previous,
            digest: Arc::default(),
            draft,
        };
        // The digest is over what a reader will parse, so it is taken from there.
        let members = canonical::parse(&record.to_text()?).map_err(RecordError::Json)?;
        if let Some(number) = members.values().find_map(canonical::refused_number) {
            return Err(RecordError::Number(number.clone()));
        }
        record.digest = canonical::record_digest(&members).into();
        let text = record.to_text()?;
        if text.len() as u64 > RECORD_BYTES_MAX {
            return Err(RecordError::TooLarge { bytes: text.len() });
        }
        Ok(text)
    }

    /// Reads a record and recomputes its digest; errs if the text is no record or the digest is
    /// wrong.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        let members = canonical::parse(text).map_err(RecordError::Json)?;
        let place: Place = typed(&members).map_err(RecordError::Envelope)?;
        let computed = canonical::record_digest(&members);
        if computed != place.digest {
            return Err(RecordError::Digest {
                written: place.digest,
                computed,
            });
        }
        let draft = draft(place.kind, &members);
        let Place {
            sequence,
            previous,
            digest,
            ..
        } = place;
        Ok(Self {
            sequence,
            previous: previous.map(Into::into),
            digest: digest.into(),
            draft,
        })
    }

    fn to_text(&self) -> Result<String, RecordError> {
        let mut text = serde_json::to_string_pretty(self).map_err(RecordError::Json)?;
        text.push('\n');
        Ok(text)
    }
}

impl Draft {
    /// Returns the source whose chain the record belongs to; `None` for a record of a newer
    /// version.
    pub fn source(&self) -> Option<&SourceName> {
        match self {
            Self::Verification(verification) => Some(&verification.source),
            Self::Acceptance(acceptance) => Some(&acceptance.source),
            Self::Checkpoint(checkpoint) => Some(&checkpoint.source),
            Self::Repair(repair) => Some(&repair.source),
            Self::Unknown { .. } => None,
        }
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.draft {
            Draft::Verification(body) => self.written("verification", body, serializer),
            Draft::Acceptance(body) => self.written("acceptance", body, serializer),
            Draft::Checkpoint(body) => self.written("checkpoint", body, serializer),
            Draft::Repair(body) => self.written("repair", body, serializer),
            Draft::Unknown { kind, .. } => self.written(kind, &Map::new(), serializer),
        }
    }
}

impl Record {
    fn written<B: Serialize, S: Serializer>(
        &self,
        kind: &str,
        body: &B,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let Self {
            sequence,
            previous,
            digest,
            ..
        } = self;
        let (schema, sequence) = (SCHEMA, *sequence);
        Written {
            schema,
            kind,
            sequence,
            previous: previous.as_deref(),
            digest,
            body,
        }
        .serialize(serializer)
    }
}

/// A record as it is serialized. The order of members is that of design §6, for people; it has no
/// meaning.
#[derive(Serialize)]
struct Written<'a, B> {
    schema: u64,
    kind: &'a str,
    sequence: u64,
    previous: Option<&'a str>,
    digest: &'a str,
    #[serde(flatten)]
    body: &'a B,
}

/// Members that every version of a record has.
#[derive(Deserialize)]
struct Place {
    #[serde(rename = "schema")]
    _schema: u64,
    kind: String,
    sequence: u64,
    previous: Option<String>,
    digest: String,
}

fn draft(kind: String, members: &Map<String, Value>) -> Draft {
    let understood = match kind.as_str() {
        "verification" => typed(members).map(|body| Draft::Verification(Box::new(body))),
        "acceptance" => typed(members).map(|body| Draft::Acceptance(Box::new(body))),
        "checkpoint" => typed(members).map(|body| Draft::Checkpoint(Box::new(body))),
        "repair" => typed(members).map(|body| Draft::Repair(Box::new(body))),
        _ => {
            return Draft::Unknown {
                kind,
                why: "a kind of a newer version".into(),
            };
        }
    };
    understood.unwrap_or_else(|error| Draft::Unknown {
        kind,
        why: error.to_string(),
    })
}

fn typed<T: DeserializeOwned>(members: &Map<String, Value>) -> Result<T, serde_json::Error> {
    serde_json::from_value(Value::Object(members.clone()))
}

#[cfg(test)]
mod tests;
