//! Basic authentication (RFC 7617) with bcrypt.
//!
//! A refusal costs the same work whether the user exists or not and whatever their hash costs, so
//! that its time does not tell who exists. No password is kept: outcomes are remembered by a keyed
//! digest.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_lc_rs::{
    hmac::{Context, HMAC_SHA256, Key},
    rand::SystemRandom,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hyper::header::HeaderValue;
use tokio::{sync::Semaphore, time::timeout};

/// Longest password that bcrypt looks at, in bytes.
const PASSWORD_MAX: usize = 72;

/// Most right passwords that are remembered, and most wrong ones: apart, so that wrong ones cannot
/// push out right ones. exporter-toolkit remembers 100 of both together.
const REMEMBERED_MAX: usize = 64;

/// Longest wait of a request for its turn. One bcrypt runs at a time, as in exporter-toolkit, so
/// that guessing cannot take the machine.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);

/// A salt and a digest of nothing in particular, for users that do not exist.
const NOBODY: &str = "abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzABCDG";

/// The users who may come in, at least one, and their bcrypt hashes.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Users {
    hashes: BTreeMap<String, String>,
    /// Highest cost of all hashes.
    costliest: u32,
}

/// The hashes that a password is held against.
#[derive(Debug)]
struct Question {
    is_known: bool,
    /// Hash of the user, or a dummy for an unknown user.
    hash: String,
    /// Dummy hashes, checked too after a wrong password, so that every refusal costs as much as the
    /// costliest user's.
    rest: Vec<String>,
}

/// Outcome of the check of a request's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// User and password are right.
    Granted,
    /// User or password is wrong or missing.
    Refused,
    /// Too many passwords wait to be checked.
    Busy,
}

/// Checks passwords and remembers the outcomes; it stays the same when the users change.
#[derive(Debug)]
pub(super) struct Porter {
    key: Key,
    remembered: Mutex<Remembered>,
    turn: Arc<Semaphore>,
}

/// Keyed digest of user, hash and password together: after a change of the hash, no remembered
/// outcome fits.
type Digest = [u8; 32];

#[derive(Debug, Default)]
struct Remembered {
    right: VecDeque<Digest>,
    wrong: VecDeque<Digest>,
}

impl Users {
    /// `None` if there is no user; the hashes must have been checked by [`cost`].
    pub(super) fn new(hashes: BTreeMap<String, String>) -> Option<Self> {
        let costliest = hashes.values().filter_map(|hash| cost(hash)).max()?;
        Some(Self { hashes, costliest })
    }

    fn question(&self, user: &str) -> Question {
        let nobody = |cost| format!("$2b${cost:02}${NOBODY}");
        let own = self.hashes.get(user);
        let cost = own.and_then(|hash| cost(hash)).unwrap_or(self.costliest);
        Question {
            is_known: own.is_some(),
            hash: own.cloned().unwrap_or_else(|| nobody(cost)),
            // A cost of n is 2^n rounds, and 2^n + (2^n + 2^(n+1) + … + 2^(m-1)) = 2^m.
            rest: (cost..self.costliest).map(nobody).collect(),
        }
    }
}

impl Question {
    fn is_answered_by(&self, password: &[u8]) -> bool {
        let matches = |hash: &str| bcrypt::verify(password, hash).unwrap_or(false);
        let right = matches(&self.hash) && password.len() <= PASSWORD_MAX && self.is_known;
        if !right {
            for hash in &self.rest {
                std::hint::black_box(matches(hash));
            }
        }
        right
    }
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.hashes.keys()).finish()
    }
}

/// The cost of a bcrypt hash; `None` if the text is no such hash.
pub(super) fn cost(hash: &str) -> Option<u32> {
    let parts: bcrypt::HashParts = hash.parse().ok()?;
    Some(parts.get_cost())
}

impl Porter {
    pub(super) fn new() -> Self {
        let key = Key::generate(HMAC_SHA256, &SystemRandom::new());
        Self {
            key: key.expect("invariant: the operating system has randomness, or TLS had failed"),
            remembered: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Decides whether an `Authorization` header lets its sender in.
    pub(super) async fn admits(&self, users: &Users, header: Option<&HeaderValue>) -> Entry {
        let Some((user, password)) = header.and_then(credentials) else {
            return Entry::Refused;
        };
        let question = users.question(&user);
        let digest = self.digest(&user, &question.hash, &password);
        if let Some(entry) = self.recall(&digest) {
            return entry;
        }
        let Ok(Ok(turn)) = timeout(TURN_TIMEOUT, Arc::clone(&self.turn).acquire_owned()).await
        else {
            return Entry::Busy;
        };
        // Another request may have asked the same while this one waited.
        if let Some(entry) = self.recall(&digest) {
            return entry;
        }
        let checking = tokio::task::spawn_blocking(move || {
            // The turn is held to the end of the work, also when nobody waits for it any more.
            let _turn = turn;
            question.is_answered_by(&password)
        });
        let right = checking.await.unwrap_or(false);
        self.remember(digest, right);
        if right {
            Entry::Granted
        } else {
            Entry::Refused
        }
    }

    fn digest(&self, user: &str, hash: &str, password: &[u8]) -> Digest {
        let mut context = Context::with_key(&self.key);
        for part in [user.as_bytes(), hash.as_bytes(), password] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut digest = Digest::default();
        digest.copy_from_slice(context.sign().as_ref());
        digest
    }

    fn recall(&self, digest: &Digest) -> Option<Entry> {
        let remembered = self.remembered.lock();
        let remembered = remembered.unwrap_or_else(PoisonError::into_inner);
        if remembered.right.contains(digest) {
            Some(Entry::Granted)
        } else {
            let wrong = remembered.wrong.contains(digest);
            wrong.then_some(Entry::Refused)
        }
    }

    fn remember(&self, digest: Digest, right: bool) {
        let remembered = self.remembered.lock();
        let mut remembered = remembered.unwrap_or_else(PoisonError::into_inner);
        let list = if right {
            &mut remembered.right
        } else {
            &mut remembered.wrong
        };
        list.truncate(REMEMBERED_MAX - 1);
        list.push_front(digest);
    }
}

/// User and password of a `Basic` header (RFC 7617 §2).
fn credentials(header: &HeaderValue) -> Option<(String, Vec<u8>)> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let plain = BASE64_STANDARD.decode(token.trim()).ok()?;
    let colon = plain.iter().position(|byte| *byte == b':')?;
    let user = String::from_utf8(plain[..colon].to_vec()).ok()?;
    Some((user, plain[colon + 1..].to_vec()))
}

#[cfg(test)]
mod tests;
