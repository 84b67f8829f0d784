//! Undoes `.gz` and `.zst` by their magic: the bytes a snapshot was compressed into.
//!
//! Tells apart a wrapper that is damaged, one that needs more than we are willing to give, and a
//! reader of ours that broke. Memory is bounded by the window allowed.

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

/// What zstd says when the window is larger (`ZSTD_error_frameParameter_windowTooLarge`).
const WINDOW_TOO_LARGE: &str = "Frame requires too much memory";

/// Whether a file that begins like this is wrapped, so that its last bytes are not those of its
/// content.
pub fn is_wrapped(head: &[u8]) -> bool {
    Frame::sniff(&head[..head.len().min(SNIFFED)]) != Frame::Other
}

/// Why a wrapper gave no more bytes, when the reader under it was not to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrapperFault {
    /// It does not agree with itself.
    Damaged(String),
    /// It ends before its end mark.
    Truncated(String),
    /// It may be good, but needs what we do not give.
    Unsupported(String),
}

/// A way of compressing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// Bytes behind the last member or frame that begin no other. The content before them is whole, so
/// they damage nothing; but not every tool gives it (tried with gzip 1.12 and zstd 1.5.4):
///
/// | behind | are | `gzip -t`, `zstd -t` | `-dc` | `-d` |
/// |---|---|---|---|---|
/// | gzip | zeros | ends with 0 | gives all, 0 | makes the file, 0 |
/// | gzip | others | warns, ends with 2 | gives all, 2 | makes the file, 2 |
/// | zstd | zeros or others | ends with 1 | gives all, 1 | keeps no file, 1 |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trailing {
    /// How many; at least one.
    pub bytes: u64,
    /// Whether all of them are zero.
    pub zeros: bool,
    /// What they lie behind.
    pub behind: Packing,
}

impl Trailing {
    /// Whether they are what gzip passes over without a word: the rest of a block of a tape.
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

/// The content of a file, whatever it is wrapped in; several members or frames are one content.
///
/// A read fails for one of two reasons: [`fault`](Self::fault) then names the wrapper's, and is
/// `None` where the reader under it broke.
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
    /// The reader under it was read to its end.
    Done,
}

impl<'r> Unwrapped<'r> {
    /// Looks at the first bytes; a reader that breaks here fails at the first read.
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

    /// Whether there is a wrapper at all.
    pub fn wrapped(&self) -> bool {
        self.wrapped
    }

    /// Set once a read failed for reasons of the wrapper.
    pub fn fault(&self) -> Option<&WrapperFault> {
        self.fault.as_ref()
    }

    /// Whether there is a wrapper, it was read to its end, and its checksums, covering all content,
    /// agreed. What lies behind it may have been content, unless it is padding.
    pub fn verified(&self) -> bool {
        let whole = self.trailing.is_none_or(|trailing| trailing.is_padding());
        self.ended() && self.checksummed && whole
    }

    /// Whether there is a wrapper, and it was read to its own end.
    pub fn ended(&self) -> bool {
        self.wrapped && matches!(self.layer, Layer::Done) && self.fault.is_none()
    }

    /// What lies behind the last member or frame; `None` before that was read, too.
    pub fn trailing(&self) -> Option<Trailing> {
        self.trailing
    }

    /// Where, in the file as it is, the last member or frame ended, or where its fault showed.
    pub fn end_offset(&self) -> u64 {
        self.end_offset
    }

    /// Begins what was sniffed.
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

    /// The member or frame under way has ended: begins the next one, if there is one.
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

    /// No other member or frame begins.
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

    /// Decoding failed: by the wrapper's fault, unless the reader broke.
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

    /// Reads the rest, so that a reader that breaks is blamed before the wrapper.
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

/// What begins at some byte.
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
