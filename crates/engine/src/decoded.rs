//! Pixels by their payload: an icon that lies in ten folders is decoded once.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use pixtwin_pixel::Fingerprint;

/// How many payloads are remembered, in some 70 MB; then all are forgotten, which costs time alone.
const MOST_PAYLOADS: usize = 1 << 17;

/// Pictures that were decoded whole, by their payload.
#[derive(Default)]
pub(crate) struct DecodedPayloads(Mutex<HashMap<[u8; 32], Fingerprint>>);

impl DecodedPayloads {
    pub(crate) fn get(&self, payload: &[u8; 32]) -> Option<Fingerprint> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(payload).copied()
    }

    pub(crate) fn insert(&self, payload: [u8; 32], pixels: Fingerprint) {
        let mut decoded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if decoded.len() >= MOST_PAYLOADS {
            decoded.clear();
        }
        decoded.insert(payload, pixels);
    }
}
