//! The smallest whole RDB files, made by hand where no server is needed.

/// Polynomial of CRC-64/REDIS, reflected (`crc64.c` of Redis: Jones, 0xad93d23594c935a9).
const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;

/// Two keys with one-letter values in database 0, version 10, with its checksum.
pub fn two_keys() -> Vec<u8> {
    with_keys(&[("a", "1"), ("b", "2")])
}

/// These keys in database 0, version 10, with the checksum.
///
/// # Panics
/// If a key or value has 64 bytes or more.
pub fn with_keys(keys: &[(&str, &str)]) -> Vec<u8> {
    written(keys.len(), keys.iter().copied())
}

/// One key with a one-letter value in the database of this number, version 10, with the checksum.
///
/// # Panics
/// If the number has more than 14 bits.
pub fn in_database(number: u16) -> Vec<u8> {
    assert!(number < 1 << 14, "a length of fourteen bits");
    let [high, low] = number.to_be_bytes();
    let mut file = b"REDIS0010\xfe".to_vec();
    file.extend([0x40 | high, low]);
    file.extend(b"\0\x01a\x011\xff");
    sealed(file)
}

/// One sorted set of this name that holds one member twice, version 10, with the checksum: a server
/// refuses it, with an error and exit code 1, in words that hold the name.
///
/// # Panics
/// If the name has 64 bytes or more.
pub fn with_repeated_member(key: &str) -> Vec<u8> {
    let mut file = b"REDIS0010\xfe\0\x05".to_vec(); // SELECTDB 0, then a sorted set with binary scores
    let length = u8::try_from(key.len()).expect("a short text");
    assert!(length < 64, "a length of six bits");
    file.push(length);
    file.extend(key.as_bytes());
    file.push(2);
    for score in [1_f64, 2.0] {
        file.extend(b"\x01m");
        file.extend(score.to_le_bytes());
    }
    file.push(0xff);
    sealed(file)
}

/// A string, a list of nothing and a hash with a field twice, version 10, with the checksum
/// switched off: a server loads the string and the hash, and passes over the list.
pub fn odd_and_unsealed() -> Vec<u8> {
    let mut file = b"REDIS0010\xfe\0\0\x01a\x011".to_vec(); // SELECTDB 0, a string
    file.extend(b"\x01\x01l\0"); // a list without elements
    file.extend(b"\x04\x01h\x02\x01f\x01v\x01f\x01w"); // a hash, its one field two times
    file.extend(b"\xff\0\0\0\0\0\0\0\0");
    file
}

/// Two keys, from a Redis that says that it is of this version.
///
/// # Panics
/// If the version has 64 bytes or more.
pub fn written_by(version: &str) -> Vec<u8> {
    let mut file = b"REDIS0010\xfa\x09redis-ver".to_vec();
    file.push(u8::try_from(version.len()).expect("a short text"));
    file.extend(version.as_bytes());
    file.extend(b"\xfe\0\0\x01a\x011\0\x01b\x012\xff"); // SELECTDB 0, two strings
    sealed(file)
}

/// The same with these names, however many, and one value.
///
/// # Panics
/// If a name has 64 bytes or more.
pub fn with_names(names: &[String]) -> Vec<u8> {
    written(names.len(), names.iter().map(|name| (name.as_str(), "1")))
}

fn written<'a>(count: usize, keys: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut file = b"REDIS0010\xfe\0\xfb\x80".to_vec(); // SELECTDB 0, RESIZEDB with 32 bits
    file.extend(u32::try_from(count).expect("not too many").to_be_bytes());
    file.push(0);
    for (key, value) in keys {
        file.push(0); // a string
        for text in [key, value] {
            let length = u8::try_from(text.len()).expect("a short text");
            assert!(length < 64, "a length of six bits");
            file.push(length);
            file.extend(text.as_bytes());
        }
    }
    file.push(0xff);
    sealed(file)
}

/// These bytes and their checksum.
pub fn sealed(mut file: Vec<u8>) -> Vec<u8> {
    file.extend(crc64(&file).to_le_bytes());
    file
}

/// `count` keys whose values take no room in the file and `value_bytes` each in memory, from a
/// writer that says that it used `used_memory` bytes.
///
/// # Panics
/// If the values are so large that their compressed length has more than 14 bits.
pub fn tiny_but_large(count: u32, value_bytes: u32, used_memory: u64) -> Vec<u8> {
    /// Longest match of one token (`lzf_d.c`).
    const TOKEN_BYTES: u32 = 264;
    let used = used_memory.to_string();
    let mut file = b"REDIS0010\xfa\x08used-mem".to_vec();
    file.push(u8::try_from(used.len()).expect("a short number"));
    file.extend(used.as_bytes());
    file.extend([0xfe, 0, 0xfb, 0x80]); // SELECTDB 0, RESIZEDB with 32 bits
    file.extend(count.to_be_bytes());
    file.push(0);
    // One literal zero, then copies of what is one byte before.
    let tokens = value_bytes / TOKEN_BYTES;
    let compressed = u16::try_from(2 + 3 * tokens).expect("not too large");
    assert!(compressed < 1 << 14, "a length of fourteen bits");
    for key in 0..count {
        file.extend([0, 4]); // a string whose key has four bytes
        file.extend(key.to_be_bytes());
        file.push(0xc3); // LZF
        file.extend((compressed | 0x4000).to_be_bytes());
        file.push(0x80);
        file.extend((1 + TOKEN_BYTES * tokens).to_be_bytes());
        file.extend([0, 0]);
        for _ in 0..tokens {
            file.extend([0xe0, 0xff, 0]);
        }
    }
    file.push(0xff);
    sealed(file)
}

fn crc64(bytes: &[u8]) -> u64 {
    let update = |crc: u64, byte: &u8| TABLE[usize::from(crc.to_le_bytes()[0] ^ byte)] ^ crc >> 8;
    bytes.iter().fold(0, update)
}

const TABLE: [u64; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u64;
        let mut bit = 0;
        while bit < 8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_the_one_of_redis() {
        assert_eq!(super::crc64(b"123456789"), 0xe9c6_d914_c4b8_d9ca); // crc64.c, its own test
    }
}
