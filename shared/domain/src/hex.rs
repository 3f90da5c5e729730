//! Bytes as lowercase hex. By a table: formatting each byte takes ten times as long, and every event that arrives needs two hashes.

/// ```
/// assert_eq!(tocsin_domain::hex::hex(&[0, 0x0f, 0xa5]), "000fa5");
/// ```
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
