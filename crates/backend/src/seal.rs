//! Sealing: AES-256-GCM under the first key of `seal.keys`; every key opens what it sealed.

use admit_one_protocol::encoding::{base64url, from_base64url};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};

use crate::config::SealKey;

/// The keys, ready to use.
pub(crate) struct Sealer {
    keys: Vec<Key>,
}

struct Key {
    id: String,
    handle: LessSafeKey,
    session: LessSafeKey,
    handoff: LessSafeKey,
    mac: hmac::Key,
}

/// What is sealed; a value sealed for one purpose doesn't open for another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Purpose {
    /// The handle of a buyer who is signed in.
    Handle,
    /// A session of SSO2 that nobody has logged in to.
    AnonymousSession,
    /// A result for a partner's page.
    Handoff,
}

impl Key {
    fn aead(&self, purpose: Purpose) -> &LessSafeKey {
        match purpose {
            Purpose::Handle => &self.handle,
            Purpose::AnonymousSession => &self.session,
            Purpose::Handoff => &self.handoff,
        }
    }
}

/// Why something sealed did not open.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum SealError {
    /// Sealed with a key that isn't configured (any more).
    #[error("no key of this id")]
    KeyUnknown,
    /// Not ours, altered, or sealed for another purpose.
    #[error("not sealed by this key")]
    Altered,
}

/// The key material could not be used.
#[derive(Debug, thiserror::Error)]
#[error("seal key `{0}` can't be used")]
pub struct SealKeyError(String);

/// What the keys are derived for.
const HANDLE: &[u8] = b"admit-one handle 1";
const SESSION: &[u8] = b"admit-one sso2 session 1";
const HANDOFF: &[u8] = b"admit-one handoff 1";
const NONCE: &[u8] = b"admit-one nonce 1";

impl Sealer {
    pub(crate) fn new(keys: &[SealKey]) -> Result<Self, SealKeyError> {
        let keys = keys.iter().map(|key| {
            // One key for one purpose: all are derived, none is the secret itself.
            let secret = hmac::Key::new(hmac::HMAC_SHA256, key.secret.expose());
            let aead = |purpose| {
                let unbound = UnboundKey::new(&AES_256_GCM, hmac::sign(&secret, purpose).as_ref());
                unbound
                    .map(LessSafeKey::new)
                    .map_err(|_| SealKeyError(key.id.clone()))
            };
            Ok(Key {
                handle: aead(HANDLE)?,
                session: aead(SESSION)?,
                handoff: aead(HANDOFF)?,
                mac: hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&secret, NONCE).as_ref()),
                id: key.id.clone(),
            })
        });
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
        })
    }

    /// Seals: `{key id}.{nonce, ciphertext and tag}`.
    pub(crate) fn seal(&self, purpose: Purpose, plaintext: &[u8]) -> Result<String, SealError> {
        let key = self.keys.first().ok_or(SealError::KeyUnknown)?;
        let mut nonce = [0; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|_| SealError::Altered)?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + plaintext.len() + 16);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let aad = Aad::from(key.id.as_bytes());
        let tag = key
            .aead(purpose)
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                aad,
                &mut sealed[NONCE_LEN..],
            )
            .map_err(|_| SealError::Altered)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(format!("{}.{}", key.id, base64url(&sealed)))
    }

    /// Opens what [`seal`](Self::seal) made.
    pub(crate) fn open(&self, purpose: Purpose, sealed: &str) -> Result<Vec<u8>, SealError> {
        let (id, body) = sealed.split_once('.').ok_or(SealError::Altered)?;
        let mut body = from_base64url(body).map_err(|_| SealError::Altered)?;
        let key = self
            .keys
            .iter()
            .find(|key| key.id == id)
            .ok_or(SealError::KeyUnknown)?;
        let (nonce, ciphertext) = body
            .split_at_mut_checked(NONCE_LEN)
            .ok_or(SealError::Altered)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Altered)?;
        let plaintext = key
            .aead(purpose)
            .open_in_place(nonce, Aad::from(id.as_bytes()), ciphertext)
            .map_err(|_| SealError::Altered)?;
        Ok(plaintext.to_vec())
    }

    /// A time that nobody else could have written: 8 bytes and half of an HMAC.
    pub(crate) fn stamp(&self, time_ms: u64) -> String {
        let time = time_ms.to_be_bytes();
        let mut stamp = [0; 24];
        stamp[..8].copy_from_slice(&time);
        if let Some(key) = self.keys.first() {
            stamp[8..].copy_from_slice(&hmac::sign(&key.mac, &time).as_ref()[..16]);
        }
        base64url(stamp)
    }

    /// The time of [`stamp`](Self::stamp), if any of our keys wrote it.
    pub(crate) fn time(&self, stamp: &str) -> Option<u64> {
        let stamp: [u8; 24] = from_base64url(stamp).ok()?.try_into().ok()?;
        let (time, tag) = stamp.split_at(8);
        let ours = self.keys.iter().any(|key| {
            let expected = hmac::sign(&key.mac, time);
            aws_lc_rs::constant_time::verify_slices_are_equal(&expected.as_ref()[..16], tag).is_ok()
        });
        ours.then(|| u64::from_be_bytes(time.try_into().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::Secret;

    fn key(id: &str, byte: u8) -> SealKey {
        SealKey {
            id: id.to_owned(),
            secret: Secret::new([byte; 32]),
        }
    }

    #[test]
    fn opens_what_it_sealed_and_nothing_altered() {
        let sealer = Sealer::new(&[key("a", 1)]).unwrap();
        let sealed = sealer.seal(Purpose::Handle, b"refresh").unwrap();
        assert_eq!(sealer.open(Purpose::Handle, &sealed).unwrap(), b"refresh");
        let mut altered = sealed.clone().into_bytes();
        let last = altered.len() - 5;
        altered[last] = if altered[last] == b'A' { b'B' } else { b'A' };
        assert_eq!(
            sealer.open(Purpose::Handle, std::str::from_utf8(&altered).unwrap()),
            Err(SealError::Altered)
        );
        assert_eq!(sealer.open(Purpose::Handle, "a."), Err(SealError::Altered));
        assert_eq!(
            sealer.open(Purpose::Handle, "nothing"),
            Err(SealError::Altered)
        );
    }

    #[test]
    fn an_old_key_opens_until_it_is_removed() {
        let sealed = Sealer::new(&[key("old", 1)])
            .unwrap()
            .seal(Purpose::Handle, b"x")
            .unwrap();
        let rotated = Sealer::new(&[key("new", 2), key("old", 1)]).unwrap();
        assert_eq!(rotated.open(Purpose::Handle, &sealed).unwrap(), b"x");
        assert!(
            rotated
                .seal(Purpose::Handle, b"x")
                .unwrap()
                .starts_with("new.")
        );
        assert_eq!(
            Sealer::new(&[key("new", 2)])
                .unwrap()
                .open(Purpose::Handle, &sealed),
            Err(SealError::KeyUnknown)
        );
        assert_eq!(
            Sealer::new(&[key("old", 2)])
                .unwrap()
                .open(Purpose::Handle, &sealed),
            Err(SealError::Altered)
        );
    }

    #[test]
    fn what_is_sealed_for_one_purpose_opens_for_no_other() {
        let sealer = Sealer::new(&[key("a", 1)]).unwrap();
        let all = [Purpose::Handle, Purpose::AnonymousSession, Purpose::Handoff];
        for purpose in all {
            let sealed = sealer.seal(purpose, b"x").unwrap();
            assert_eq!(sealer.open(purpose, &sealed).unwrap(), b"x");
            for wrong in all.into_iter().filter(|wrong| *wrong != purpose) {
                assert_eq!(sealer.open(wrong, &sealed), Err(SealError::Altered));
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,300}") {
            let sealer = Sealer::new(&[key("a", 1)]).unwrap();
            for text in [text.clone(), format!("a.{text}")] {
                prop_assert!(sealer.open(Purpose::Handle, &text).is_err());
                prop_assert_eq!(sealer.time(&text), None);
            }
        }

        #[test]
        fn a_single_character_that_differs_is_refused(plaintext: Vec<u8>, at: prop::sample::Index, other in "[A-Za-z0-9_-]") {
            let sealer = Sealer::new(&[key("a", 1)]).unwrap();
            let differs = |text: &str| {
                let at = at.index(text.len());
                let differs = [&text[..at], &other, &text[at + 1..]].concat();
                (differs != text).then_some(differs)
            };
            if let Some(altered) = differs(&sealer.seal(Purpose::Handle, &plaintext).unwrap()) {
                prop_assert!(sealer.open(Purpose::Handle, &altered).is_err());
            }
            if let Some(altered) = differs(&sealer.stamp(7)) {
                prop_assert_eq!(sealer.time(&altered), None);
            }
        }
    }

    #[test]
    fn stamps_are_ours_or_nothing() {
        let old = Sealer::new(&[key("old", 1)]).unwrap();
        let both = Sealer::new(&[key("new", 2), key("old", 1)]).unwrap();
        assert_eq!(both.time(&old.stamp(7)), Some(7));
        assert_eq!(old.time(&both.stamp(7)), None);
        assert_eq!(old.time("AAAA"), None);
    }
}
