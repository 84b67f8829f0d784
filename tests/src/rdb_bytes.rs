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
    let mut file = b"REDIS0010".to_vec();
    let count = u8::try_from(keys.len()).expect("few keys");
    file.extend([0xfe, 0, 0xfb, count, 0]); // SELECTDB 0, RESIZEDB
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

fn crc64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(crc ^ u64::from(byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ POLYNOMIAL
            } else {
                crc >> 1
            }
        })
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_the_one_of_redis() {
        assert_eq!(super::crc64(b"123456789"), 0xe9c6_d914_c4b8_d9ca); // crc64.c, its own test
    }
}
