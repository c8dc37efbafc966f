//! `POST /v1/sign-out`: the provider's tokens are revoked, and the buyer is told where to sign out there too.

use std::sync::Arc;

use admit_one_protocol::api::{SignOutReach, SignOutRequest, SignOutResponse};

use crate::{call::Call, failure::Failure, handle::Age};

pub(crate) async fn sign_out(
    call: Arc<Call>,
    request: SignOutRequest,
) -> Result<SignOutResponse, Failure> {
    call.forget();
    // Who wants to leave may, with a handle of any age.
    let handle = call.handle(Age::Any)?;
    let provider = call.provider_of(&handle)?;
    if request.reach == SignOutReach::Everywhere {
        call.state
            .revocations
            .revoke(&handle.iss, &handle.sub, call.state.clock.now_ms())
            .await?;
    }
    Ok(SignOutResponse {
        end_session_url: provider.dialect.sign_out(&call, &handle, &request).await,
    })
}
