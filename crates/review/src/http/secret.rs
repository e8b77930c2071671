//! Secrets of one run: nobody guesses them, and comparing them tells nothing.

use std::fmt;

use subtle::ConstantTimeEq;

/// Bytes of a secret.
const BYTES: usize = 24;

/// The fewest characters of a token that a user brings.
pub(crate) const SHORTEST: usize = 32;

/// A secret, as text that is safe in an address and in a header.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// A new one of 192 bits.
    ///
    /// # Errors
    /// If the system has no random bytes.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// One that somebody chose; nothing if it is short, or has characters that are not safe.
    pub(crate) fn chosen(text: &str) -> Option<Self> {
        let is_safe = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        (text.len() >= SHORTEST && text.len() <= 256 && is_safe).then(|| Self(text.to_owned()))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Whether that is it; takes as long wherever they differ.
    pub(crate) fn is(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_192_bits_and_are_not_alike() {
        let (one, other) = (Secret::new().unwrap(), Secret::new().unwrap());
        assert_eq!((one.text().len(), one.is(one.text()), one.is(other.text())), (48, true, false));
        assert!(!one.is("") && !one.is(&one.text()[..47]));
        assert!(Secret::chosen(&"a".repeat(31)).is_none() && Secret::chosen(&"ä".repeat(40)).is_none());
        assert!(Secret::chosen(one.text()).is_some() && !format!("{one:?}").contains(one.text()));
    }
}
