//! `POST /v1/handoff/seal` and `…/open`: a result carried to a partner's page, bound to its origin and to the verifier that
//! only that page knows.

use std::sync::Arc;

use admit_one_protocol::{
    Code,
    encoding::from_base64url,
    handoff::{LIFETIME_MS, OpenRequest, OpenResponse, Release, SealRequest, SealResponse},
};
use serde::{Deserialize, Serialize};

use crate::{
    call::Call,
    config::PartnerConfig,
    directory::Person,
    failure::Failure,
    handle::{Age, Handle},
    proof::SKEW_MS,
    replay::Verdict,
    seal::Purpose,
};

/// What is sealed.
#[derive(Deserialize, Serialize)]
struct Handoff {
    partner: String,
    origin: String,
    challenge: String,
    /// So that it is opened once.
    jti: String,
    made_at_ms: u64,
    /// When the ID token expires, seconds.
    id_token_exp: Option<u64>,
    result: OpenResponse,
}

/// What is read of an ID token. Its signature is the partner's to verify; we only see that it is the session's.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    /// With a fraction from some providers.
    exp: f64,
}

/// Seals what the partner may know of the buyer whose handle it is.
pub(crate) async fn seal(call: Arc<Call>, request: SealRequest) -> Result<SealResponse, Failure> {
    let state = &call.state;
    let partner = partner(&call, &request.partner)?;
    if !partner.origins.contains(&request.origin) {
        return Err(Failure::new(
            Code::PartnerOrigin,
            "the page's origin isn't one of the partner's",
        ));
    }
    // 32 octets in base64url (RFC 7636 section 4.2).
    if !from_base64url(&request.challenge).is_ok_and(|hash| hash.len() == 32) {
        return Err(Failure::new(
            Code::HandoffInvalid,
            "the challenge isn't a SHA-256",
        ));
    }
    let handle = call.handle(Age::Checked)?;
    let provider = call.provider_of(&handle)?;
    state.revocations.check(&handle).await?;
    let releases = |what| partner.release.contains(&what);
    let (id_token, id_token_exp) = match request.id_token.filter(|_| releases(Release::IdToken)) {
        Some(id_token) => {
            let exp = expiry(&id_token, &handle)?;
            (Some(id_token), Some(exp))
        }
        None => (None, None),
    };
    let person = Person {
        provider: &handle.provider,
        iss: &handle.iss,
        sub: &handle.sub,
    };
    let contact = match &state.directory {
        Some(directory) if releases(Release::Profile) || releases(Release::ContactNumber) => {
            directory.contact(person).await?
        }
        _ => None,
    };
    let (number, profile) = contact
        .map(|contact| (contact.number, contact.profile))
        .unzip();
    let mut jti = [0; 16];
    aws_lc_rs::rand::fill(&mut jti).map_err(|_| Failure::new(Code::Internal, "no entropy"))?;
    let handoff = Handoff {
        partner: request.partner,
        origin: request.origin,
        challenge: request.challenge,
        jti: admit_one_protocol::encoding::base64url(jti),
        made_at_ms: state.clock.now_ms(),
        id_token_exp,
        result: OpenResponse {
            // The same word may mean less where a provider says it unasked.
            acr: handle.acr.clone().filter(|acr| provider.dialect.gives(acr)),
            iss: releases(Release::Sub).then(|| handle.iss.clone()),
            sub: releases(Release::Sub).then(|| handle.sub.clone()),
            contact_number: number.filter(|_| releases(Release::ContactNumber)),
            profile: profile.filter(|_| releases(Release::Profile)),
            id_token,
            expires_in: None,
            profile_completed: request.profile_completed,
        },
    };
    let plaintext = serde_json::to_vec(&handoff)
        .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    let sealed = state.sealer.seal(Purpose::Handoff, &plaintext)?;
    Ok(SealResponse { sealed })
}

/// Opens it for the page that asked for it, once.
pub(crate) async fn open(call: Arc<Call>, request: OpenRequest) -> Result<OpenResponse, Failure> {
    let state = &call.state;
    let handoff: Handoff = state
        .sealer
        .open(Purpose::Handoff, &request.sealed)
        .ok()
        .and_then(|plaintext| serde_json::from_slice(&plaintext).ok())
        .ok_or_else(|| Failure::new(Code::HandoffInvalid, "what was sealed doesn't open"))?;
    let now_ms = state.clock.now_ms();
    let made_at_ms = handoff.made_at_ms;
    let expired = || Failure::new(Code::HandoffExpired, "what was sealed is too old");
    if made_at_ms > now_ms + SKEW_MS || made_at_ms + LIFETIME_MS <= now_ms {
        return Err(expired());
    }
    // Who was a partner a minute ago may be none any more.
    let partner = partner(&call, &request.partner)?;
    if handoff.partner != request.partner {
        return Err(Failure::new(
            Code::HandoffPartner,
            "another partner's frame brought it",
        ));
    }
    if handoff.origin != request.origin || !partner.origins.contains(&request.origin) {
        return Err(Failure::new(
            Code::HandoffOrigin,
            "a page of another origin brought it",
        ));
    }
    if handoff.challenge != request.verifier.challenge() {
        return Err(Failure::new(
            Code::HandoffVerifier,
            "the verifier isn't the challenge's",
        ));
    }
    match state
        .handoffs
        .note(&handoff.partner, &handoff.jti, made_at_ms, now_ms)
    {
        Verdict::Fresh => {}
        Verdict::Replayed => {
            return Err(Failure::new(Code::HandoffUsed, "it was opened before"));
        }
        Verdict::Stale => return Err(expired()),
    }
    let now = state.clock.now();
    Ok(OpenResponse {
        expires_in: handoff.id_token_exp.map(|exp| exp.saturating_sub(now)),
        ..handoff.result
    })
}

fn partner<'a>(call: &'a Call, id: &str) -> Result<&'a PartnerConfig, Failure> {
    let partner = call.state.config.partner(id);
    partner.ok_or_else(|| Failure::new(Code::PartnerUnknown, "no partner has this id"))
}

/// When an ID token of the handle's person expires.
fn expiry(id_token: &str, handle: &Handle) -> Result<u64, Failure> {
    let claims = id_token
        .split('.')
        .nth(1)
        .and_then(|payload| from_base64url(payload).ok())
        .and_then(|json| serde_json::from_slice::<Claims>(&json).ok());
    match claims {
        Some(claims) if claims.iss == handle.iss && claims.sub == handle.sub => {
            Ok(claims.exp as u64)
        }
        _ => Err(Failure::new(
            Code::RequestMalformed,
            "the ID token isn't one of the handle's person",
        )),
    }
}
