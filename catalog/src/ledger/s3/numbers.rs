//! Sequence numbers of a source in a bucket: a page of them, or the greatest in few pages.
//!
//! A listing begins wherever we say, so "is there a record behind this number?" is one request, and
//! its answer changes only once along the chain. So the greatest number is found in logarithmic
//! time, whatever is missing before it. No order is asked of a store: where a page is not in order,
//! or names a key twice, the listing is read to its end.

use std::collections::BTreeSet;

use futures::TryStreamExt as _;

use crate::{
    ledger::{
        SEQUENCE_MAX,
        name::{file_name, sequence_of},
    },
    model::{Key, SourceName},
    storage::{ListFrom, PAGE_MAX, Storage as _, StorageError, s3::Bucket},
};

/// Sequence numbers behind a given one: all of them, or the first.
pub(super) struct SequencePart {
    /// The next sequence numbers, ascending.
    pub(super) sequences: Vec<u64>,
    /// True if there are no more.
    is_all: bool,
}

/// Lists the sequence numbers behind `after` that come at once; none only if there are none.
pub(super) async fn behind(
    bucket: &Bucket,
    source: &SourceName,
    after: u64,
) -> Result<SequencePart, StorageError> {
    let prefix = format!("{source}/");
    let end = file_name(SEQUENCE_MAX);
    let mut pages = bucket.list(ListFrom {
        after: Some(Key::new(format!("{prefix}{}", file_name(after)))),
        prefix: prefix.clone(),
        ..ListFrom::default()
    });
    let mut sequences = BTreeSet::new();
    let (mut is_ascending, mut is_beyond) = (true, false);
    while let Some(page) = pages.try_next().await? {
        is_ascending &= page.objects.is_sorted_by(|one, next| one.key < next.key);
        let names = page.objects.iter();
        for name in names.filter_map(|it| it.key.as_str().strip_prefix(&prefix)) {
            is_beyond |= name > end.as_str();
            sequences.extend(sequence_of(name));
        }
        if is_ascending && is_beyond {
            // Whatever else lies there sorts behind all records.
            break;
        }
        // Behind a page that is not full, finding the end costs no further request.
        if is_ascending && page.objects.len() >= PAGE_MAX && !sequences.is_empty() {
            return Ok(SequencePart {
                sequences: sequences.into_iter().collect(),
                is_all: false,
            });
        }
    }
    Ok(SequencePart {
        sequences: sequences.into_iter().collect(),
        is_all: true,
    })
}

/// Finds the greatest sequence number: first in ever longer steps, then by halves.
pub(super) async fn newest(
    bucket: &Bucket,
    source: &SourceName,
) -> Result<Option<u64>, StorageError> {
    const PAGE: u64 = PAGE_MAX as u64;
    let first = behind(bucket, source, 0).await?;
    let Some(mut known) = first.sequences.last().copied().filter(|_| !first.is_all) else {
        return Ok(first.sequences.last().copied());
    };
    let (mut step, mut end) = (PAGE, SEQUENCE_MAX);
    // There is a record at `known`, and none behind `end`.
    while known < end {
        let from = match end - known {
            // One page tells all that is left.
            ..=PAGE => known,
            left => known + step.min(left / 2),
        };
        let part = behind(bucket, source, from).await?;
        match part.sequences.last() {
            Some(&last) if part.is_all => return Ok(Some(last)),
            Some(&last) => known = last,
            None => end = from,
        }
        step = step.saturating_mul(2);
    }
    Ok(Some(known))
}
