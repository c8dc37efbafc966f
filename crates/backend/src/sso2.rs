//! `/v1/sso2/{provider}`: the signed operations of Payway SSO2, in the steps of its alternative login form.

use std::sync::Arc;

use admit_one_protocol::{
    Code,
    api::{
        AuthenticateRequest, LandingRequest, SessionOutcome, SessionResponse, SignOutRequest,
        SignOutResponse, StatusRequest, TokensResponse,
    },
    encoding::from_base64url,
    sso2::{
        EndUser, Ticket,
        landing::{Landing, refusal_uri},
        status::Verdict,
    },
};
use axum::{
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::{
    answers::question,
    app,
    call::{Call, RequestId, note},
    dialect::{Dialect, Exchanged, Sso2, anonymous, remembered},
    exchange::signed_in,
    failure::Failure,
    handle::{Age, Handle},
    metrics::Step,
    provider::Provider,
    seal::{Purpose, Sealer},
};

/// An anonymous session of SSO2, kept by the browser until its buyer has logged in. It is sealed for another purpose than a
/// handle is, so neither opens as the other.
#[derive(Deserialize, Serialize)]
struct AnonymousSession {
    /// The provider's id.
    #[serde(rename = "p")]
    provider: String,
    #[serde(rename = "d")]
    sid: String,
    /// The thumbprint of the browser's key (RFC 7638).
    #[serde(rename = "k")]
    jkt: String,
    /// The end, seconds: no sign-in is open for longer.
    #[serde(rename = "e")]
    expires_at: u64,
}

/// As long as a sign-in is open, seconds.
const SESSION_LIFETIME: u64 = admit_one_protocol::authorization::PENDING_LIFETIME_MS / 1000;

impl AnonymousSession {
    fn seal(&self, sealer: &Sealer) -> Result<String, Failure> {
        let plaintext = serde_json::to_vec(self)
            .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
        Ok(sealer.seal(Purpose::AnonymousSession, &plaintext)?)
    }

    /// Opens a session of this provider for the holder of the key that it is bound to.
    fn open(call: &Call, provider: &Provider, sealed: &str) -> Result<Self, Failure> {
        let refused = |cause| Failure::new(Code::Sso2SessionUnknown, cause);
        let plaintext = call
            .state
            .sealer
            .open(Purpose::AnonymousSession, sealed)
            .map_err(|_| refused("the session doesn't open"))?;
        let session: Self =
            serde_json::from_slice(&plaintext).map_err(|_| refused("the session doesn't open"))?;
        if session.jkt != call.jkt {
            return Err(refused("the session is bound to another key"));
        }
        if session.provider != *provider.id {
            return Err(refused("the session is another provider's"));
        }
        if session.expires_at <= call.state.clock.now() {
            return Err(refused("the session is past its end"));
        }
        Ok(session)
    }
}

/// A call that names an SSO2 provider.
struct At {
    call: Arc<Call>,
    provider: Arc<Provider>,
    sso2: Arc<Sso2>,
    /// Before SSO2 was asked: no handle is younger than a sign-out in between.
    made_at_ms: u64,
}

impl At {
    fn new(call: Arc<Call>, id: &str) -> Result<Self, Failure> {
        let (provider, sso2) = named(&call.state, id)?;
        call.names(&provider);
        Ok(Self {
            made_at_ms: call.state.clock.now_ms(),
            call,
            provider,
            sso2,
        })
    }

    fn anonymous(&self, sid: String) -> Result<SessionResponse, Failure> {
        let session = AnonymousSession {
            provider: self.provider.id.to_string(),
            sid,
            jkt: self.call.jkt.clone(),
            expires_at: self.call.state.clock.now() + SESSION_LIFETIME,
        };
        Ok(SessionResponse {
            session: Some(session.seal(&self.call.state.sealer)?),
            ..SessionOutcome::Anonymous.into()
        })
    }

    async fn redeem(&self, sid: String, ticket: Ticket) -> Result<Exchanged, Failure> {
        self.sso2.redeem(sid, ticket, self.made_at_ms).await
    }

    fn signed_in(&self, exchanged: Exchanged) -> Result<SessionResponse, Failure> {
        Ok(with_tokens(signed_in(&self.call, exchanged)?))
    }

    /// Step H for a session that nobody was known to be logged in to.
    async fn ask_again(&self, sid: String) -> Result<SessionResponse, Failure> {
        let ip_address = self.call.caller.to_string();
        let end_user = end_user(&self.call, &ip_address);
        let verdict = self.sso2.session_status(end_user, anonymous(&sid)).await?;
        match verdict {
            Verdict::LoggedIn { ticket } => self.signed_in(self.redeem(sid, ticket).await?),
            Verdict::Dropped | Verdict::SignedOut | Verdict::IdentifyAgain => {
                Ok(SessionOutcome::Identify.into())
            }
            Verdict::Unchanged | Verdict::Unknown { .. } => self.anonymous(sid),
        }
    }
}

fn with_tokens(tokens: TokensResponse) -> SessionResponse {
    SessionResponse {
        tokens: Some(tokens),
        ..SessionOutcome::SignedIn.into()
    }
}

fn end_user<'a>(call: &'a Call, ip_address: &'a str) -> EndUser<'a> {
    EndUser {
        ip_address,
        user_agent: call.user_agent(),
    }
}

fn named(state: &app::State, id: &str) -> Result<(Arc<Provider>, Arc<Sso2>), Failure> {
    let provider = state.provider(id);
    match provider.map(|provider| (provider, &provider.dialect)) {
        Some((provider, Dialect::Sso2(sso2))) => Ok((provider.clone(), sso2.clone())),
        _ => Err(Failure::new(
            Code::ProviderUnknown,
            "no SSO2 provider of this id",
        )),
    }
}

/// Steps A and B: `GET …/identify?state=…` leads the buyer to SSO2, with a message that only we can sign; or, since it is a
/// page to them, to our landing page, which says why not.
pub(crate) async fn identify(
    State(state): State<Arc<app::State>>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let since = std::time::Instant::now();
    let request_id = RequestId::of(&request).unwrap_or_default();
    let found = named(&state, &id);
    let provider = found.as_ref().ok().map(|(provider, _)| provider.id.clone());
    let landing_page = match &found {
        Ok((provider, _)) => provider.redirect_uri.to_string(),
        Err(_) => format!(
            "{}/landing/{}",
            state.config.public_url,
            utf8_percent_encode(&id, NON_ALPHANUMERIC)
        ),
    };
    let query = request.uri().query().unwrap_or_default();
    let one_time = query.strip_prefix("state=").unwrap_or_default();
    let outcome = state.admit(&request).and(found).and_then(|(_, sso2)| {
        // The app makes one of 32 bytes; whoever else made this address gains nothing by it.
        match from_base64url(one_time) {
            Ok(bytes) if bytes.len() == 32 => Ok(sso2.identify(one_time)),
            _ => Err(Failure::new(
                Code::RequestMalformed,
                "`state` isn't one of ours",
            )),
        }
    });
    let failure = outcome.as_ref().err();
    note(
        &state,
        &request_id,
        Step::Identify,
        provider.as_ref(),
        since,
        failure,
    );
    let url = outcome.unwrap_or_else(|failure| refusal_uri(&landing_page, one_time, failure.code));
    let location = HeaderValue::from_str(&url)
        .map_err(|error| Failure::new(Code::Internal, error.to_string()));
    match location {
        Ok(location) => {
            let headers = [
                (header::LOCATION, location),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Err(failure) => failure.into_problem(Some(request_id)),
    }
}

/// Step C: the session that the landing page was given. Who is logged in already needs no form.
pub(crate) async fn landing(
    call: Arc<Call>,
    id: String,
    request: LandingRequest,
) -> Result<SessionResponse, Failure> {
    let at = At::new(call, &id)?;
    let (sid, ticket) = match at.sso2.landing(&request.t)? {
        Landing::Anonymous { sid } => return at.anonymous(sid),
        Landing::LoggedIn { sid, ticket: None } => return at.ask_again(sid).await,
        Landing::LoggedIn {
            sid,
            ticket: Some(ticket),
        } => (sid, ticket),
    };
    // The ticket is good once: a retry after a lost answer gets the same one.
    let asked = question(&["landing", &id, &request.t, &at.call.jkt]);
    let (sso2, made_at_ms) = (at.sso2.clone(), at.made_at_ms);
    let exchanged = at
        .call
        .state
        .exchanges
        .answer(
            asked,
            Box::pin(async move { sso2.redeem(sid, ticket, made_at_ms).await }),
        )
        .await?;
    at.signed_in(exchanged)
}

/// Step E: our own login form. The password goes into the signed message, and nowhere else.
pub(crate) async fn authenticate(
    call: Arc<Call>,
    id: String,
    request: AuthenticateRequest,
) -> Result<SessionResponse, Failure> {
    let at = At::new(call, &id)?;
    let AuthenticateRequest {
        session,
        username,
        password,
    } = request;
    let session = AnonymousSession::open(&at.call, &at.provider, &session)?;
    // SSO2 counts the attempts at one account; this counts those of one who tries many.
    let passwords = &at.call.state.passwords;
    passwords.take(at.call.caller).map_err(|seconds| {
        Failure::new(
            Code::RateLimited,
            "`limits.passwords_per_minute` passwords came from this address",
        )
        .with_retry_after(seconds)
    })?;
    let ip_address = at.call.caller.to_string();
    let end_user = end_user(&at.call, &ip_address);
    let login = at
        .sso2
        .authenticate(end_user, &session.sid, &username, password)
        .await?;
    let sid = login.sid.unwrap_or(session.sid);
    match login.ticket {
        Some(ticket) => at.signed_in(at.redeem(sid, ticket).await?),
        None => Ok(SessionOutcome::Identify.into()),
    }
}

/// Step H: what has become of the session, of a sign-in under way or of a buyer who is signed in.
pub(crate) async fn status(
    call: Arc<Call>,
    id: String,
    request: StatusRequest,
) -> Result<SessionResponse, Failure> {
    let at = At::new(call, &id)?;
    if let Some(sealed) = &request.session {
        let session = AnonymousSession::open(&at.call, &at.provider, sealed)?;
        return at.ask_again(session.sid).await;
    }
    let handle = at.call.handle(Age::Checked)?;
    if at.call.provider_of(&handle)?.id != at.provider.id {
        return Err(Failure::new(
            Code::HandleProviderMismatch,
            "the handle belongs to another provider than the call names",
        ));
    }
    at.call.state.revocations.check(&handle).await?;
    let Some(sid) = handle.sid.clone() else {
        return Err(Failure::new(
            Code::HandleInvalid,
            "the handle has no session",
        ));
    };
    let ip_address = at.call.caller.to_string();
    let end_user = end_user(&at.call, &ip_address);
    match at.sso2.session_status(end_user, remembered(&sid)).await? {
        Verdict::Unchanged | Verdict::Unknown { .. } => Ok(SessionOutcome::Unchanged.into()),
        Verdict::Dropped | Verdict::SignedOut => Ok(SessionOutcome::Ended.into()),
        Verdict::IdentifyAgain => Ok(SessionOutcome::Identify.into()),
        Verdict::LoggedIn { ticket } => renewed(&at, handle, at.redeem(sid, ticket).await?),
    }
}

/// A ticket for a buyer who is signed in: new tokens for the same person. Somebody else's ends the session.
fn renewed(at: &At, handle: Handle, exchanged: Exchanged) -> Result<SessionResponse, Failure> {
    let Exchanged { tokens, who, .. } = exchanged;
    if (&who.iss, &who.sub) != (&handle.iss, &handle.sub) {
        return Ok(SessionOutcome::Ended.into());
    }
    let state = &at.call.state;
    let handle = Handle {
        refresh_token: tokens.refresh_token.or(handle.refresh_token),
        ..handle
    };
    Ok(with_tokens(TokensResponse {
        access_token: tokens.access_token,
        expires_in: tokens.expires_in,
        scope: tokens.scope,
        id_token: None,
        claims: None,
        keys: Vec::new(),
        handle: at
            .call
            .deliver(handle.seal(&state.sealer)?, handle.expires_at)?,
        handle_expires_at: handle.expires_at,
        refreshable: handle.refresh_token.is_some(),
        provider: handle.provider,
        time: state.clock.now(),
    }))
}

/// The common sign-out, which ends the session at every site of the organisation.
pub(crate) async fn sign_out(
    call: Arc<Call>,
    id: String,
    request: SignOutRequest,
) -> Result<SignOutResponse, Failure> {
    let (provider, _) = named(&call.state, &id)?;
    let handle = call.handle(Age::Any)?;
    if handle.provider != *provider.id {
        return Err(Failure::new(
            Code::HandleProviderMismatch,
            "the handle belongs to another provider than the call names",
        ));
    }
    crate::sign_out::sign_out(call, request).await
}
