//! The proof of a call (RFC 9449 section 4.3): that its key has signed it, for this call, lately, and once.

use std::sync::{Arc, Mutex, PoisonError};

use admit_one_protocol::{
    Code,
    proof::{ProofExpectations, ProofKey, ProofSignatureCheck, UnverifiedProof},
};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};
use ed25519_dalek::{Signature, VerifyingKey, verify_batch};
use http::HeaderMap;
use tokio::sync::oneshot;

use crate::{app::State, failure::Failure, replay::Verdict};

/// Instances' clocks may differ by this much.
pub(crate) const SKEW_MS: u64 = 5000;

/// Accepts the one proof of a call; answers the key's thumbprint.
pub(crate) async fn prove(
    state: &State,
    headers: &HeaderMap,
    expected: ProofExpectations<'_>,
) -> Result<String, Failure> {
    let mut proofs = headers.get_all("dpop").iter();
    let (Some(proof), None) = (proofs.next(), proofs.next()) else {
        return Err(Failure::new(
            Code::ProofMissing,
            "not exactly one `DPoP` header",
        ));
    };
    let proof = proof
        .to_str()
        .map_err(|_| Failure::new(Code::ProofInvalid, "the `DPoP` header isn't ASCII"))?;
    let proof = UnverifiedProof::parse(proof)?;
    let valid = state.signatures.verify(proof.signature_check()).await;
    let proof = proof.accept(valid, expected)?;

    let now_ms = state.clock.now_ms();
    let issued_ms = proof
        .nonce
        .as_deref()
        .and_then(|nonce| state.sealer.time(nonce));
    let lifetime_ms = state.config.nonce_lifetime * 1000;
    let issued_ms = issued_ms
        .filter(|issued| *issued <= now_ms + SKEW_MS && now_ms < issued + lifetime_ms)
        .ok_or_else(|| {
            Failure::new(
                Code::ProofNonce,
                "the proof's nonce is missing, expired or not ours",
            )
        })?;
    match state
        .replays
        .note(&proof.thumbprint, &proof.jti, issued_ms, now_ms)
    {
        Verdict::Fresh => Ok(proof.thumbprint),
        Verdict::Replayed => Err(Failure::new(
            Code::ProofReplayed,
            "the proof was used before",
        )),
        Verdict::Stale => Err(Failure::new(
            Code::ProofNonce,
            "the proof's nonce is older than what is remembered",
        )),
    }
}

/// One signature by itself.
fn verifies(check: &ProofSignatureCheck<'_>) -> bool {
    let (message, signature) = (check.signing_input, &check.signature);
    let verified = match &check.key {
        ProofKey::P256(point) => {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
        }
        ProofKey::Ed25519(point) => {
            UnparsedPublicKey::new(&ED25519, point).verify(message, signature)
        }
    };
    verified.is_ok()
}

/// Ed25519 signatures of calls that arrive together are verified together, which in a crowd takes half as long for each.
#[derive(Default)]
pub(crate) struct Signatures {
    waiting: Mutex<Vec<Waiting>>,
}

struct Waiting {
    key: VerifyingKey,
    signature: Signature,
    message: Vec<u8>,
    verdict: oneshot::Sender<bool>,
}

/// Verified at a time, so that others get their turn in between.
const TOGETHER: usize = 64;

impl Signatures {
    async fn verify(self: &Arc<Self>, check: &ProofSignatureCheck<'_>) -> bool {
        let ProofKey::Ed25519(point) = check.key else {
            return verifies(check);
        };
        let Ok(key) = VerifyingKey::from_bytes(&point) else {
            return false;
        };
        let (verdict, told) = oneshot::channel();
        let waiting = Waiting {
            key,
            signature: Signature::from_bytes(&check.signature),
            message: check.signing_input.to_vec(),
            verdict,
        };
        if self.join(waiting) == 1 {
            // A task of its own: whoever came first may leave while the others wait.
            let this = self.clone();
            tokio::spawn(async move {
                // Those whose bytes are here already join.
                tokio::task::yield_now().await;
                this.settle().await;
            });
        }
        told.await.unwrap_or(false)
    }

    /// Answers how many wait now.
    fn join(&self, one: Waiting) -> usize {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(one);
        waiting.len()
    }

    async fn settle(&self) {
        let mut waiting =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        while !waiting.is_empty() {
            let rest = waiting.split_off(waiting.len().min(TOGETHER));
            judge(waiting);
            waiting = rest;
            tokio::task::yield_now().await;
        }
    }
}

/// Whether all are right, and if not, or there is but one, which are: a wrong signature spoils nobody else's.
fn judge(waiting: Vec<Waiting>) {
    let together = waiting.len() > 1 && {
        let messages: Vec<_> = waiting.iter().map(|one| one.message.as_slice()).collect();
        let signatures: Vec<_> = waiting.iter().map(|one| one.signature).collect();
        let keys: Vec<_> = waiting.iter().map(|one| one.key).collect();
        verify_batch(&messages, &signatures, &keys).is_ok()
    };
    for one in waiting {
        let valid = together
            || verifies(&ProofSignatureCheck {
                signing_input: &one.message,
                signature: one.signature.to_bytes(),
                key: ProofKey::Ed25519(one.key.to_bytes()),
            });
        // Whoever has left wants no verdict.
        let _ = one.verdict.send(valid);
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    /// What each of `count` calls is told, where `wrong` of them aren't signed by their keys.
    async fn verdicts(count: u8, wrong: &[u8]) -> Vec<bool> {
        let signatures = Arc::new(Signatures::default());
        let calls = (0..count).map(|at| {
            let (signatures, wrong) = (signatures.clone(), wrong.contains(&at));
            tokio::spawn(async move {
                let key = Ed25519KeyPair::from_seed_unchecked(&[at; 32]).unwrap();
                let message = vec![at; 300];
                let mut signature = [0; 64];
                signature.copy_from_slice(key.sign(&message).as_ref());
                if wrong {
                    signature[at as usize % 64] ^= 1;
                }
                let mut point = [0; 32];
                point.copy_from_slice(key.public_key().as_ref());
                let check = ProofSignatureCheck {
                    signing_input: &message,
                    signature,
                    key: ProofKey::Ed25519(point),
                };
                signatures.verify(&check).await
            })
        });
        let calls: Vec<_> = calls.collect();
        let mut verdicts = Vec::new();
        for call in calls {
            verdicts.push(call.await.unwrap());
        }
        verdicts
    }

    #[tokio::test]
    async fn one_alone_and_a_crowd_are_verified() {
        assert_eq!(verdicts(1, &[]).await, [true]);
        assert_eq!(verdicts(200, &[]).await, [true; 200]);
    }

    #[tokio::test]
    async fn a_wrong_signature_is_refused_alone_and_in_a_crowd_and_spoils_no_other() {
        assert_eq!(verdicts(1, &[0]).await, [false]);
        for wrong in [0, 13, 40, 63] {
            let mut expected = [true; 64];
            expected[wrong as usize] = false;
            assert_eq!(verdicts(64, &[wrong]).await, expected, "{wrong}");
        }
        let all: Vec<u8> = (0..70).collect();
        assert_eq!(verdicts(70, &all).await, [false; 70]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_threads_share_a_crowd() {
        let mut expected = [true; 200];
        expected[100] = false;
        assert_eq!(verdicts(200, &[100]).await, expected);
    }

    #[tokio::test]
    async fn who_leaves_first_takes_nobody_along() {
        let signatures = Arc::new(Signatures::default());
        let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let mut signature = [0; 64];
        signature.copy_from_slice(key.sign(b"m").as_ref());
        let mut point = [0; 32];
        point.copy_from_slice(key.public_key().as_ref());
        let check = ProofSignatureCheck {
            signing_input: b"m",
            signature,
            key: ProofKey::Ed25519(point),
        };
        // Polled once, so that it waits, and dropped.
        let mut first = Box::pin(signatures.verify(&check));
        let waker = std::task::Waker::noop();
        let mut context = std::task::Context::from_waker(waker);
        assert!(first.as_mut().poll(&mut context).is_pending());
        drop(first);
        assert!(signatures.verify(&check).await);
    }
}
