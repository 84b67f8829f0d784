//! Undoes `.gz` and `.zst` by their magic: the bytes a snapshot was compressed into.
//!
//! Tells apart a wrapper that is damaged, one that needs more than we are willing to give, and a
//! reader of ours that broke. Memory is bounded by the window allowed.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

/// First bytes of a gzip member: magic and the only compression method (RFC 1952 §2.3.1).
pub const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];

/// First bytes of a zstd frame (RFC 8878 §3.1.1).
pub const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Second to fourth byte of a skippable zstd frame; the first is 0x50 to 0x5f (RFC 8878 §3.1.2).
const ZSTD_SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];

/// Largest zstd window we allocate, as a power of two: 32 MiB (RFC 8878 asks for 8 MiB at least).
const WINDOW_LOG_MAX: u32 = 25;

/// What zstd says when the window is larger (`ZSTD_error_frameParameter_windowTooLarge`).
const WINDOW_TOO_LARGE: &str = "Frame requires too much memory for decoding";

/// Bytes that tell the kind of a frame: zstd's magic and the descriptor behind it.
const SNIFFED: usize = 5;

const BUFFER: usize = 64 * 1024;

/// Why a wrapper gave no more bytes, when the reader under it was not to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is cut off, or does not agree with itself.
    Damaged(String),
    /// It may be good, but needs what we do not give.
    Unsupported(String),
}

/// The content of a file, whatever it is wrapped in.
pub struct Unwrapped<'r> {
    layer: Layer<'r>,
    /// Of every frame so far, where there is a wrapper.
    checksummed: bool,
    trailing_bytes: u64,
    fault: Option<Fault>,
}

enum Layer<'r> {
    Plain(Feed<'r>),
    Gzip(Box<GzDecoder<Feed<'r>>>),
    Zstd(ZstdDecoder<'static, Feed<'r>>),
    /// Nothing follows; the reader under it was read to its end.
    Done,
}

impl<'r> Unwrapped<'r> {
    /// Looks at the first bytes; a reader that fails here fails at the first read instead.
    pub fn new(reader: &'r mut dyn Read) -> Self {
        let mut unwrapped = Self {
            layer: Layer::Done,
            checksummed: true,
            trailing_bytes: 0,
            fault: None,
        };
        let mut feed = Feed::new(reader);
        match Frame::sniff(feed.head()) {
            Frame::Other | Frame::Skippable => {
                unwrapped.checksummed = false;
                unwrapped.layer = Layer::Plain(feed);
            }
            frame => unwrapped.open(frame, feed),
        }
        unwrapped
    }

    /// Set once a read failed for reasons of the wrapper.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Whether the wrapper was read to its end and its checksums, covering everything, agreed.
    pub fn verified(&self) -> bool {
        let ended = matches!(self.layer, Layer::Done);
        ended && self.checksummed && self.fault.is_none() && self.trailing_bytes == 0
    }

    /// Bytes behind the last frame that are none, zeros not counted; `gzip -d` ignores them too.
    pub fn trailing_bytes(&self) -> u64 {
        self.trailing_bytes
    }

    fn open(&mut self, frame: Frame, mut feed: Feed<'r>) {
        self.layer = match frame {
            Frame::Gzip => Layer::Gzip(Box::new(GzDecoder::new(feed))),
            Frame::Zstd {
                dictionary: true, ..
            } => {
                let what = "the zstd frame was compressed with a dictionary";
                self.fault = Some(Fault::Unsupported(what.into()));
                feed.drain();
                Layer::Plain(feed)
            }
            Frame::Zstd { checksum, .. } => {
                self.checksummed &= checksum;
                match zstd(feed) {
                    Ok(decoder) => Layer::Zstd(decoder),
                    Err(error) => {
                        self.fault = Some(Fault::Unsupported(error.to_string()));
                        Layer::Done
                    }
                }
            }
            Frame::Skippable => match zstd(feed) {
                Ok(decoder) => Layer::Zstd(decoder),
                Err(_) => Layer::Done,
            },
            Frame::Other => {
                self.trailing_bytes = feed.drain();
                if feed.broke {
                    Layer::Plain(feed)
                } else {
                    Layer::Done
                }
            }
        };
    }

    /// The frame under way has ended: begins the next one, if there is one.
    fn advance(&mut self) {
        let feed = match std::mem::replace(&mut self.layer, Layer::Done) {
            Layer::Plain(_) | Layer::Done => return,
            Layer::Gzip(decoder) => decoder.into_inner(),
            Layer::Zstd(decoder) => decoder.finish(),
        };
        let mut feed = feed;
        let head = feed.head();
        if head.is_empty() && !feed.broke {
            return;
        }
        let frame = Frame::sniff(feed.head());
        self.open(frame, feed);
    }

    fn fail(&mut self, error: &io::Error) -> io::Error {
        let feed = match &mut self.layer {
            Layer::Gzip(decoder) => decoder.get_mut(),
            Layer::Zstd(decoder) => decoder.get_mut(),
            Layer::Plain(_) | Layer::Done => return io::Error::from(error.kind()),
        };
        feed.drain();
        if feed.broke {
            return io::ErrorKind::ConnectionAborted.into();
        }
        let text = error.to_string();
        self.fault = Some(if text.contains(WINDOW_TOO_LARGE) {
            let mebibytes = (1 << WINDOW_LOG_MAX) / (1024 * 1024);
            Fault::Unsupported(format!("the zstd window is larger than {mebibytes} MiB"))
        } else if error.kind() == io::ErrorKind::UnexpectedEof {
            Fault::Damaged("the compressed file ends before its end mark".into())
        } else {
            Fault::Damaged(format!("the compressed file is damaged ({text})"))
        });
        io::ErrorKind::InvalidData.into()
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
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    return Err(self.fail(&error));
                }
                read => return read,
            }
        }
    }
}

fn zstd(feed: Feed<'_>) -> io::Result<ZstdDecoder<'static, Feed<'_>>> {
    let mut decoder = ZstdDecoder::with_buffer(feed)?.single_frame();
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    Ok(decoder)
}

/// What begins at some byte.
#[derive(Clone, Copy)]
enum Frame {
    Gzip,
    Zstd { checksum: bool, dictionary: bool },
    Skippable,
    Other,
}

impl Frame {
    fn sniff(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, 0x08, ..] => Self::Gzip,
            [0x50..=0x5f, rest @ ..] if rest.starts_with(&ZSTD_SKIPPABLE) => Self::Skippable,
            // Frame_Header_Descriptor: bit 2 Content_Checksum_flag, bits 0 and 1 Dictionary_ID_flag.
            [magic @ .., descriptor] if magic == ZSTD_MAGIC => Self::Zstd {
                checksum: descriptor & 0b100 != 0,
                dictionary: descriptor & 0b11 != 0,
            },
            _ => Self::Other,
        }
    }
}

/// The raw file, buffered; remembers whether it was the one that failed.
struct Feed<'r> {
    reader: &'r mut dyn Read,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    broke: bool,
    error: Option<io::Error>,
}

impl<'r> Feed<'r> {
    fn new(reader: &'r mut dyn Read) -> Self {
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Self {
            reader,
            buffer,
            start: 0,
            end: 0,
            broke: false,
            error: None,
        }
    }

    /// The next bytes, not consumed; fewer than [`SNIFFED`] only at the end or when it broke.
    fn head(&mut self) -> &[u8] {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        while self.end < SNIFFED {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => break,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.broke = true;
                    self.error = Some(error);
                    break;
                }
            }
        }
        &self.buffer[..self.end.min(SNIFFED)]
    }

    /// Reads to the end, or until it breaks; returns how many bytes were not zero padding.
    fn drain(&mut self) -> u64 {
        let mut count = 0;
        let mut padding = true;
        while let Ok(bytes) = self.fill_buf() {
            if bytes.is_empty() {
                break;
            }
            padding &= bytes.iter().all(|byte| *byte == 0);
            let length = bytes.len();
            count += length as u64;
            self.consume(length);
        }
        if padding { 0 } else { count }
    }
}

impl Read for Feed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Feed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            if self.broke {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            self.start = 0;
            self.end = 0;
            self.end = loop {
                match self.reader.read(&mut self.buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        self.broke = true;
                        return Err(error);
                    }
                    Ok(count) => break count,
                }
            };
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
    }
}
