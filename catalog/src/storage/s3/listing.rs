//! Keys of a bucket, page by page, to an end that the store itself must tell.
//!
//! No order is asked of a store. A page that cannot be the next one is an error:
//!
//! | the store | result |
//! |---|---|
//! | promises more and does not say where | an error |
//! | goes on at a place where it went on before | an error: a loop |
//! | gives a page that it gave before | an error: a loop, whatever the place |
//! | begins a page with the entry that ended the last one | taken once: Versity's gateway does so |
//! | names a key outside the prefix | counted, and passed over |
//! | tells no size or no time | an entry whose head is to be asked |

mod entry;
mod versions;

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
};

use aws_sdk_s3::{
    error::ProvideErrorMetadata as _, operation::list_objects_v2::ListObjectsV2Output,
    types::EncodingType,
};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};

use self::entry::Entry;
use super::{
    bucket::Bucket,
    failure::{Asked, is_unnameable},
};
use crate::{
    model::Key,
    storage::{ListFrom, Operation, PAGE_MAX, Page, StorageError, StorageReason, Undescribed},
};

/// Most pages without a key that may follow each other: S3 gives such pages behind many delete
/// markers.
const EMPTY_PAGES_MAX: u32 = 1000;

/// Codes by which stores over a file system refuse a prefix that is no path below their root; seen
/// of `S3Proxy` with `../` and `/`.
const REFUSED: [&str; 2] = ["InvalidRequest", "InvalidArgument"];

/// The whole listing of a prefix where no object can be.
const NOTHING: (Page, Next) = (
    Page {
        objects: Vec::new(),
        noncurrent: Vec::new(),
        undescribed: Vec::new(),
        outside: 0,
        skipped: 0,
    },
    Next::End,
);

/// Lists a bucket in pages. A store that knows no versions lists only the objects as they are now.
pub(super) fn pages(bucket: &Bucket, from: ListFrom) -> BoxStream<'_, Result<Page, StorageError>> {
    let cursor = Cursor {
        bucket,
        whole_prefix: bucket.whole(&from.prefix),
        versions: from.versions,
        from,
        next: Next::First,
        last: None,
        marks: HashSet::new(),
        hasher: RandomState::new(),
        empty_pages: 0,
    };
    stream::try_unfold(cursor, |mut cursor| async {
        let page = cursor.next_page().await?;
        Ok(page.map(|page| (page, cursor)))
    })
    .boxed()
}

/// Where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Next {
    First,
    Token(String),
    /// Key and version of the last entry: the next page begins behind it.
    Marker(String, Option<String>),
    End,
}

struct Cursor<'a> {
    bucket: &'a Bucket,
    from: ListFrom,
    whole_prefix: String,
    versions: bool,
    next: Next,
    /// The entry that the last page ended with.
    last: Option<Listed>,
    /// Hashes of all places and pages so far: 16 bytes for a thousand entries.
    marks: HashSet<u64>,
    hasher: RandomState,
    empty_pages: u32,
}

/// Key and version of a delete marker.
type Hidden<'a> = (Option<&'a str>, Option<&'a str>);

/// One entry, as it stands in a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Listed {
    entry: Entry,
    is_current: bool,
}

impl Cursor<'_> {
    /// Returns the next page; `None` at the end.
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
        if next != Next::End && !self.marks.insert(self.hasher.hash_one(&next)) {
            return Err(self.nonsense("It says that the listing goes on where it was before."));
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
        let entries = answer.contents().iter().map(|object| Listed {
            entry: Entry::of(object, encoded),
            is_current: true,
        });
        let page = self.page(entries.collect(), &[])?;
        Ok((page, next))
    }

    /// True if the store refuses to list because nothing can lie there: some hold no key with an
    /// empty, `.` or `..` segment, which is no failure. The last segment does not count: it may be
    /// only the beginning of one, and then the refusal is a failure.
    fn is_nowhere(&self, code: Option<&str>) -> bool {
        let directories = self.whole_prefix.rsplit_once('/').map(|(them, _)| them);
        let (Some(code), Some(directories), Next::First) = (code, directories, &self.next) else {
            return false;
        };
        let has = |odd: &[&str]| directories.split('/').any(|segment| odd.contains(&segment));
        let leads_out = directories.is_empty() || has(&[".", ".."]);
        (leads_out && REFUSED.contains(&code)) || (is_unnameable(code) && has(&["", ".", ".."]))
    }

    fn behind(&self, answer: &ListObjectsV2Output) -> Result<Next, StorageError> {
        let token = answer.next_continuation_token();
        let next = token.filter(|token| !token.is_empty());
        let next = next.map(|token| Next::Token(token.into()));
        self.follows(answer.is_truncated(), next, answer.contents().len())
    }

    /// Returns what follows a page. Where `IsTruncated` is missing, a place to go on says that it
    /// is true.
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

    /// Makes a page of the entries. Errs if they, with what is `hidden` beside them, are a page
    /// that was given before.
    fn page(&mut self, listed: Vec<Listed>, hidden: &[Hidden<'_>]) -> Result<Page, StorageError> {
        if listed.len() > PAGE_MAX {
            return Err(self.nonsense("It lists more at once than it was asked for."));
        }
        let mark = self.hasher.hash_one((&listed, hidden));
        if !listed.is_empty() && !self.marks.insert(mark) {
            return Err(self.nonsense("It lists a page that it listed before."));
        }
        let before = std::mem::replace(&mut self.last, listed.last().cloned());
        let mut page = Page::default();
        for (index, listed) in listed.into_iter().enumerate() {
            if index > 0 || before.as_ref() != Some(&listed) {
                self.add(&mut page, listed);
            }
        }
        Ok(page)
    }

    /// Adds an entry to the page, if it was asked for: some stores do not know `start-after`.
    fn add(&self, page: &mut Page, listed: Listed) {
        let Some(key) = &listed.entry.key else {
            page.skipped += 1;
            return;
        };
        let prefix = &self.bucket.0.config.prefix;
        let relative = key
            .strip_prefix(prefix.as_str())
            .filter(|_| key.starts_with(&self.whole_prefix));
        let Some(relative) = relative else {
            page.outside += 1;
            return;
        };
        let key = Key::new(relative);
        if self.from.after.as_ref().is_some_and(|after| key <= *after) {
            return;
        }
        if relative.is_empty() {
            // The marker of the "folder" that the prefix is: no key is left of its name.
            page.skipped += 1;
            return;
        }
        match listed.entry.object(key) {
            Ok(object) if listed.is_current => page.objects.push(object),
            Ok(object) => page.noncurrent.push(object),
            Err((key, version_id)) => page.undescribed.push(Undescribed {
                key,
                version_id,
                is_current: listed.is_current,
            }),
        }
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
