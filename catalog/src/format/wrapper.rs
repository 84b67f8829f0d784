//! Undoes the wrappers around a snapshot, `.gz` and `.zst`, which are recognised by their magic.
//!
//! Three cases are told apart: a wrapper that is damaged, one that needs more than we are willing
//! to give, and a reader of ours that broke. Memory is bounded by the zstd window allowed.

mod feed;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    io::{self, Read},
};

use flate2::bufread::GzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

use self::feed::{Feed, SNIFFED};

/// First bytes of a gzip member: magic and the only compression method (RFC 1952 §2.3.1).
pub const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];

/// First bytes of a zstd frame (RFC 8878 §3.1.1).
pub const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Second to fourth byte of a skippable zstd frame; the first is 0x50 to 0x5f (RFC 8878 §3.1.2).
const ZSTD_SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];

/// Largest zstd window we allocate, as a power of two: 32 MiB (RFC 8878 asks for 8 MiB at least).
const WINDOW_LOG_MAX: u32 = 25;

/// Part of zstd's error text for a larger window (`ZSTD_error_frameParameter_windowTooLarge`).
const WINDOW_TOO_LARGE: &str = "Frame requires too much memory";

/// True if a file that begins like this is wrapped: its last bytes are then not those of its
/// content.
pub fn is_wrapped(head: &[u8]) -> bool {
    Frame::sniff(&head[..head.len().min(SNIFFED)]) != Frame::Other
}

/// Why a wrapper gave no more bytes, when the reader under it was not to blame; in words for
/// people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrapperFault {
    /// The wrapper does not agree with itself.
    Damaged(String),
    /// The wrapper ends before its end mark.
    Truncated(String),
    /// The wrapper may be good, but needs what we do not give: a larger window, or a dictionary.
    Unsupported(String),
}

/// How the content of a wrapper is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// The gzip format (RFC 1952).
    Gzip,
    /// The zstd format (RFC 8878).
    Zstd,
}

/// Bytes behind the last member or frame of a wrapper, where no other one begins. The content
/// before these bytes is whole, so nothing is damaged; but not every tool gives the content (tried
/// with gzip 1.12 and zstd 1.5.4):
///
/// | behind | are | `gzip -t`, `zstd -t` | `-dc` | `-d` |
/// |---|---|---|---|---|
/// | gzip | zeros | ends with 0 | gives all, 0 | makes the file, 0 |
/// | gzip | others | warns, ends with 2 | gives all, 2 | makes the file, 2 |
/// | zstd | zeros or others | ends with 1 | gives all, 1 | keeps no file, 1 |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trailing {
    /// Number of bytes; at least one.
    pub bytes: u64,
    /// True if all of the bytes are zero.
    pub zeros: bool,
    /// Compression of the wrapper that they lie behind.
    pub behind: Packing,
}

impl Trailing {
    /// True if gzip passes over these bytes without a word: zeros, the rest of a block of a tape.
    pub const fn is_padding(&self) -> bool {
        self.zeros && matches!(self.behind, Packing::Gzip)
    }
}

impl fmt::Display for Trailing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zero = if self.zeros { "zero " } else { "" };
        let (name, what) = match self.behind {
            Packing::Gzip if self.zeros => ("gzip", "gzip -d passes over them"),
            Packing::Gzip => ("gzip", "gzip -d leaves them out, warns and ends with 2"),
            Packing::Zstd => (
                "zstd",
                "zstd -dc gives all before them and ends with 1, zstd -d keeps no file",
            ),
        };
        let bytes = self.bytes;
        write!(
            f,
            "{bytes} {zero}bytes lie behind the end of the {name} file: {what}"
        )
    }
}

/// A reader of the content of a file, with any wrapper undone; several members or frames are one
/// content.
///
/// A read fails for one of two reasons. If it is the wrapper's, [`fault`](Self::fault) names it; if
/// the reader under the wrapper broke, [`fault`](Self::fault) is `None`.
pub struct Unwrapped<'r> {
    layer: Layer<'r>,
    wrapped: bool,
    /// Every member and frame so far carries a checksum of its content.
    checksummed: bool,
    trailing: Option<Trailing>,
    end_offset: u64,
    fault: Option<WrapperFault>,
}

enum Layer<'r> {
    Plain(Feed<'r>),
    Gzip(Box<GzDecoder<Feed<'r>>>),
    Zstd(ZstdDecoder<'static, Feed<'r>>),
    /// Nothing is left to read: the reader under it was read to its end.
    Done,
}

impl<'r> Unwrapped<'r> {
    /// Looks at the first bytes and opens the wrapper, if there is one. If the reader breaks here,
    /// the first read fails.
    pub fn new(reader: &'r mut dyn Read) -> Self {
        let mut feed = Feed::new(reader);
        let frame = Frame::sniff(feed.head());
        let mut unwrapped = Self {
            layer: Layer::Done,
            wrapped: frame != Frame::Other,
            checksummed: true,
            trailing: None,
            end_offset: 0,
            fault: None,
        };
        unwrapped.open(frame, feed);
        unwrapped
    }

    /// True if there is a wrapper at all.
    pub fn wrapped(&self) -> bool {
        self.wrapped
    }

    /// Returns the wrapper's fault, once one was met.
    pub fn fault(&self) -> Option<&WrapperFault> {
        self.fault.as_ref()
    }

    /// True if there is a wrapper, it was read to its end, and its checksums cover all content and
    /// agree. False if bytes lie behind it that are no padding, as they may have been content.
    pub fn verified(&self) -> bool {
        let whole = self.trailing.is_none_or(|trailing| trailing.is_padding());
        self.ended() && self.checksummed && whole
    }

    /// True if there is a wrapper, and it was read to its own end.
    pub fn ended(&self) -> bool {
        self.wrapped && matches!(self.layer, Layer::Done) && self.fault.is_none()
    }

    /// Returns the bytes behind the last member or frame; `None` if there are none, or none were
    /// read yet.
    pub fn trailing(&self) -> Option<Trailing> {
        self.trailing
    }

    /// Offset in the wrapped file at which the last member or frame ended, or its fault showed.
    pub fn end_offset(&self) -> u64 {
        self.end_offset
    }

    /// Begins the member or frame that was sniffed, or plain content.
    fn open(&mut self, frame: Frame, feed: Feed<'r>) {
        self.layer = match frame {
            Frame::Gzip => Layer::Gzip(Box::new(GzDecoder::new(feed))),
            Frame::Zstd {
                dictionary: true, ..
            } => {
                let what = "it was compressed with a zstd dictionary".into();
                return self.give_up(feed, WrapperFault::Unsupported(what));
            }
            Frame::Zstd { checksum, .. } => {
                self.checksummed &= checksum;
                self.zstd(feed)
            }
            Frame::Skippable => self.zstd(feed),
            Frame::Other => Layer::Plain(feed),
        };
    }

    fn zstd(&mut self, feed: Feed<'r>) -> Layer<'r> {
        let decoder = ZstdDecoder::with_buffer(feed).and_then(|decoder| {
            let mut decoder = decoder.single_frame();
            decoder.window_log_max(WINDOW_LOG_MAX)?;
            Ok(decoder)
        });
        match decoder {
            Ok(decoder) => Layer::Zstd(decoder),
            Err(error) => {
                self.fault = Some(WrapperFault::Unsupported(format!(
                    "zstd cannot begin ({error})"
                )));
                Layer::Done
            }
        }
    }

    /// Begins the next member or frame, if there is one, after the end of the one under way.
    fn advance(&mut self) {
        let (mut feed, behind) = match std::mem::replace(&mut self.layer, Layer::Done) {
            Layer::Plain(_) | Layer::Done => return,
            Layer::Gzip(decoder) => (decoder.into_inner(), Packing::Gzip),
            Layer::Zstd(decoder) => (decoder.finish(), Packing::Zstd),
        };
        self.end_offset = feed.taken();
        match Frame::sniff(feed.head()) {
            Frame::Other => self.end(feed, behind),
            frame => self.open(frame, feed),
        }
    }

    /// Ends the content, as no other member or frame begins; counts the bytes behind it.
    fn end(&mut self, mut feed: Feed<'r>, behind: Packing) {
        let (bytes, zeros) = feed.drain();
        if feed.broke() {
            self.layer = Layer::Plain(feed);
        } else if bytes > 0 {
            self.trailing = Some(Trailing {
                bytes,
                zeros,
                behind,
            });
        }
    }

    /// Ends with the fault that made decoding fail, unless the reader broke.
    fn fail(&mut self, error: &io::Error) {
        let feed = match std::mem::replace(&mut self.layer, Layer::Done) {
            Layer::Plain(_) | Layer::Done => return,
            Layer::Gzip(decoder) => decoder.into_inner(),
            Layer::Zstd(decoder) => decoder.finish(),
        };
        self.end_offset = feed.taken();
        let text = error.to_string();
        let fault = if text.contains(WINDOW_TOO_LARGE) {
            let mebibytes = (1 << WINDOW_LOG_MAX) / (1024 * 1024);
            WrapperFault::Unsupported(format!("its zstd window is larger than {mebibytes} MiB"))
        } else if error.kind() == io::ErrorKind::UnexpectedEof {
            WrapperFault::Truncated("the compressed file ends before its end mark".into())
        } else {
            WrapperFault::Damaged(format!("the compressed file is damaged: {text}"))
        };
        self.give_up(feed, fault);
    }

    /// Reads the rest, then sets the fault: a reader that breaks is blamed before the wrapper.
    fn give_up(&mut self, mut feed: Feed<'r>, fault: WrapperFault) {
        feed.drain();
        if feed.broke() {
            self.layer = Layer::Plain(feed);
        } else {
            self.layer = Layer::Done;
            self.fault = Some(fault);
        }
    }
}

impl Read for Unwrapped<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.fault.is_some() {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let read = match &mut self.layer {
                Layer::Plain(feed) => return feed.read(buffer),
                Layer::Gzip(decoder) => decoder.read(buffer),
                Layer::Zstd(decoder) => decoder.read(buffer),
                Layer::Done => return Ok(0),
            };
            match read {
                Ok(0) if !buffer.is_empty() => self.advance(),
                Err(error) if error.kind() != io::ErrorKind::Interrupted => self.fail(&error),
                read => return read,
            }
        }
    }
}

/// Kind of member or frame that begins at some byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    Gzip,
    Zstd { checksum: bool, dictionary: bool },
    Skippable,
    Other,
}

impl Frame {
    fn sniff(head: &[u8]) -> Self {
        match head {
            head if head.starts_with(&GZIP_MAGIC) => Self::Gzip,
            [0x50..=0x5f, rest @ ..] if rest.starts_with(&ZSTD_SKIPPABLE) => Self::Skippable,
            // Frame_Header_Descriptor: bit 2 Content_Checksum_flag, bits 0 and 1
            // Dictionary_ID_flag.
            [magic @ .., descriptor] if magic == ZSTD_MAGIC => Self::Zstd {
                checksum: descriptor & 0b100 != 0,
                dictionary: descriptor & 0b11 != 0,
            },
            _ => Self::Other,
        }
    }
}
