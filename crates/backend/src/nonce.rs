//! The nonce that every answer brings (RFC 9449 section 8.2): one for all answers of a second.

use std::sync::{Mutex, PoisonError};

use http::HeaderValue;

use crate::seal::Sealer;

#[derive(Default)]
pub(crate) struct Nonces(Mutex<Option<(u64, HeaderValue)>>);

/// How old a nonce may be when it is handed out.
const HANDED_OUT_FOR_MS: u64 = 1000;

impl Nonces {
    pub(crate) fn current(&self, sealer: &Sealer, now_ms: u64) -> HeaderValue {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made_ms, nonce)) = &*current
            && now_ms.abs_diff(*made_ms) < HANDED_OUT_FOR_MS
        {
            return nonce.clone();
        }
        let nonce = HeaderValue::try_from(sealer.stamp(now_ms))
            .unwrap_or_else(|_| HeaderValue::from_static(""));
        *current = Some((now_ms, nonce.clone()));
        nonce
    }
}
