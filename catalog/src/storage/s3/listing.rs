//! Keys of a bucket, page by page, and no end that the store did not say.
//!
//! A page that cannot be the next one is an error: without a token although more is promised, with
//! a token that was used before, with keys out of order or of another prefix.

mod entry;
mod versions;

use aws_sdk_s3::{
    error::ProvideErrorMetadata as _, operation::list_objects_v2::ListObjectsV2Output,
    types::EncodingType,
};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};

use self::entry::Entry;
use super::{Asked, Bucket, failure::is_unnameable};
use crate::{
    model::{Key, ObjectMeta},
    storage::{ListFrom, Operation, PAGE_MAX, Page, StorageError, StorageReason},
};

/// Pages without a key that may follow each other, as S3 gives behind many delete markers.
const EMPTY_PAGES_MAX: u32 = 1000;

/// All there is where no object can be.
const NOTHING: (Page, Next) = (
    Page {
        objects: Vec::new(),
        noncurrent: Vec::new(),
        skipped: 0,
    },
    Next::End,
);

/// Lists as asked; a store that knows no versions lists the single ones.
pub(super) fn pages(bucket: &Bucket, from: ListFrom) -> BoxStream<'_, Result<Page, StorageError>> {
    let cursor = Cursor {
        bucket,
        whole_prefix: bucket.whole(&from.prefix),
        versions: from.versions,
        from,
        next: Next::First,
        last: None,
        empty_pages: 0,
    };
    stream::try_unfold(cursor, |mut cursor| async {
        let page = cursor.next_page().await?;
        Ok(page.map(|page| (page, cursor)))
    })
    .boxed()
}

/// Where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Next {
    First,
    Token(String),
    /// Key and version of the last entry.
    Marker(String, Option<String>),
    End,
}

struct Cursor<'a> {
    bucket: &'a Bucket,
    from: ListFrom,
    whole_prefix: String,
    versions: bool,
    next: Next,
    last: Option<Key>,
    empty_pages: u32,
}

impl Cursor<'_> {
    /// `None` at the end.
    async fn next_page(&mut self) -> Result<Option<Page>, StorageError> {
        while self.next != Next::End {
            let (page, next) = if self.versions {
                self.versions_page().await?
            } else {
                self.plain_page().await?
            };
            self.step(next)?;
            if page == Page::default() {
                continue;
            }
            self.empty_pages = 0;
            return Ok(Some(page));
        }
        Ok(None)
    }

    fn step(&mut self, next: Next) -> Result<(), StorageError> {
        if next == self.next && next != Next::First {
            return Err(self.nonsense("It says that the listing goes on where it was."));
        }
        self.empty_pages += 1;
        if self.empty_pages > EMPTY_PAGES_MAX {
            return Err(self.nonsense("It promises more and more, and lists nothing."));
        }
        self.next = next;
        Ok(())
    }

    async fn plain_page(&mut self) -> Result<(Page, Next), StorageError> {
        let asked = self.asked();
        let token = match &self.next {
            Next::Token(token) => Some(token.clone()),
            _ => None,
        };
        let after = self.from.after.as_ref();
        let client = self.bucket.client(asked).await?;
        let request = client
            .list_objects_v2()
            .bucket(&asked.bucket.bucket)
            .prefix(&self.whole_prefix)
            .encoding_type(EncodingType::Url)
            .max_keys(i32::try_from(PAGE_MAX).unwrap_or(i32::MAX))
            .set_start_after(after.map(|key| self.bucket.whole(key.as_str())))
            .set_continuation_token(token);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if self.is_nowhere(error.code()) => return Ok(NOTHING),
            Err(error) => return Err(asked.failed(error)),
        };
        let next = self.behind(&answer)?;
        let encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let mut page = Page::default();
        for object in answer.contents() {
            let entry = Entry::of(object, encoded);
            self.add(&mut page, entry)?;
        }
        Ok((page, next))
    }

    /// Whether the store refuses to list because nothing can lie there: some hold no key with an
    /// empty, `.` or `..` segment, which is no failure. The last one may be but a segment's
    /// beginning, and then the refusal is one.
    fn is_nowhere(&self, code: Option<&str>) -> bool {
        let directories = self.whole_prefix.rsplit_once('/').map(|(them, _)| them);
        self.next == Next::First
            && code.is_some_and(is_unnameable)
            && directories.is_some_and(|them| {
                let mut segments = them.split('/');
                segments.any(|segment| matches!(segment, "" | "." | ".."))
            })
    }

    fn behind(&self, answer: &ListObjectsV2Output) -> Result<Next, StorageError> {
        let token = answer.next_continuation_token();
        let next = token.filter(|token| !token.is_empty());
        let next = next.map(|token| Next::Token(token.into()));
        self.follows(answer.is_truncated(), next, answer.contents().len())
    }

    /// What follows a page; where `IsTruncated` is missing, a place to go on says that it is true.
    fn follows(
        &self,
        is_truncated: Option<bool>,
        next: Option<Next>,
        listed: usize,
    ) -> Result<Next, StorageError> {
        match (is_truncated, next) {
            (Some(true) | None, Some(next)) => Ok(next),
            (Some(true), None) => Err(self.nonsense("It promises more and does not say where.")),
            (None, None) if listed >= PAGE_MAX => {
                Err(self.nonsense("It fills a page and does not say whether that is all."))
            }
            (Some(false), _) | (None, None) => Ok(Next::End),
        }
    }

    /// The object, unless it lies before the place where the listing was to begin: some stores do
    /// not know `start-after`.
    fn add(&mut self, page: &mut Page, entry: Option<Entry>) -> Result<(), StorageError> {
        let Some(entry) = entry else {
            return Err(self.nonsense("It lists an object without key, size or time."));
        };
        let Some(object) = self.placed(page, entry)? else {
            return Ok(());
        };
        if self.last.as_ref().is_some_and(|last| *last >= object.key) {
            return Err(self.nonsense("It lists keys out of order, or twice."));
        }
        self.last = Some(object.key.clone());
        page.objects.push(object);
        Ok(())
    }

    /// The entry as an object of this repository, if it is one and was asked for.
    fn placed(&self, page: &mut Page, entry: Entry) -> Result<Option<ObjectMeta>, StorageError> {
        if page.objects.len() + page.noncurrent.len() >= PAGE_MAX {
            return Err(self.nonsense("It lists more at once than it was asked for."));
        }
        let Some(key) = &entry.key else {
            page.skipped += 1;
            return Ok(None);
        };
        let prefix = &self.bucket.0.config.prefix;
        let relative = key
            .strip_prefix(prefix.as_str())
            .filter(|_| key.starts_with(&self.whole_prefix));
        let Some(relative) = relative else {
            return Err(self.nonsense("It lists keys that do not begin with the prefix."));
        };
        let key = Key::new(relative);
        if self.from.after.as_ref().is_some_and(|after| key <= *after) {
            return Ok(None);
        }
        if relative.is_empty() {
            // The marker of a "folder" that the prefix is: no key is left of its name.
            page.skipped += 1;
            return Ok(None);
        }
        Ok(Some(entry.object(key)))
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            version: self.versions.then_some(""),
            ..self.bucket.asked(Operation::List, &self.whole_prefix)
        }
    }

    fn nonsense(&self, what: &str) -> StorageError {
        let hint = format!("{what} Look at what answers there, or at its version.");
        self.asked().refused(StorageReason::Protocol, hint)
    }
}
