//! Tokens and ids that nobody can guess.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// Random text of `bytes` bytes (rounded up to 16) in the URL-safe base64 alphabet.
pub(super) fn token(bytes: usize) -> String {
    let bytes: Vec<u8> = (0..bytes.div_ceil(16)).flat_map(|_| *Uuid::new_v4().as_bytes()).collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The id of an access key: four letters for its kind and sixteen more characters.
pub(super) fn access_key_id(kind: &str) -> String {
    format!("{kind}{}", short().to_ascii_uppercase())
}

/// What a person reads from one screen and types on another: `ABCD-0123`.
pub(super) fn user_code() -> String {
    let code = short().to_ascii_uppercase();
    let (one, other) = (code.get(..4).unwrap_or_default(), code.get(4..8).unwrap_or_default());
    format!("{one}-{other}")
}

/// The id of a request.
pub(super) fn request_id() -> String {
    Uuid::new_v4().to_string()
}

fn short() -> String {
    let mut digits = Uuid::new_v4().simple().to_string();
    digits.truncate(16);
    // Hexadecimal digits look like a number too often.
    digits.replace('0', "k").replace('1', "q")
}
