//! `POST /v1/profile` (sync) and `PUT /v1/profile` (complete): what the shop needs to know of the buyer.

use std::sync::Arc;

use admit_one_protocol::{
    Code,
    api::{CompleteRequest, ProfileRequest, ProfileResponse},
    profile::{Field, Profile, missing},
};

use crate::{
    call::Call,
    dialect::Known,
    directory::{Claims, Person, Synced},
    failure::Failure,
    handle::Age,
    step_up,
};

/// Sync: the provider's claims meet the directory's contact.
pub(crate) async fn sync(
    call: Arc<Call>,
    request: ProfileRequest,
) -> Result<ProfileResponse, Failure> {
    let handle = call.handle(Age::Checked)?;
    let provider = call.provider_of(&handle)?;
    call.state.revocations.check(&handle).await?;
    let Known {
        mut userinfo,
        is_old,
        balances,
    } = provider
        .dialect
        .person(&handle, &request.access_token)
        .await?;
    userinfo.email_verified &= provider.trust_verified;
    userinfo.phone_number_verified &= provider.trust_verified;
    let Some(directory) = &call.state.directory else {
        let profile = userinfo.profile;
        let answer = response(&call, None, profile);
        return Ok(ProfileResponse { balances, ..answer });
    };
    let person = Person {
        provider: &handle.provider,
        iss: &handle.iss,
        sub: &handle.sub,
    };
    let claims = Claims {
        is_old,
        ..Claims::from(&userinfo)
    };
    let Synced { number, profile } = directory
        .sync(person, &claims, call.state.clock.now())
        .await?;
    let answer = response(&call, number, profile);
    Ok(ProfileResponse { balances, ..answer })
}

/// Complete: the buyer's answers are saved.
pub(crate) async fn complete(
    call: Arc<Call>,
    request: CompleteRequest,
) -> Result<ProfileResponse, Failure> {
    let handle = call.handle(Age::Checked)?;
    call.provider_of(&handle)?;
    call.state.revocations.check(&handle).await?;
    let Some(directory) = &call.state.directory else {
        return Err(Failure::new(
            Code::NotFound,
            "there is no directory to save a profile in",
        ));
    };
    step_up::demand(&call, &handle, &call.state.config.profile_authentication)?;
    let answers = valid(&request.profile)?;
    let person = Person {
        provider: &handle.provider,
        iss: &handle.iss,
        sub: &handle.sub,
    };
    let Synced { number, profile } = directory
        .complete(person, &answers, call.state.clock.now())
        .await?;
    Ok(response(&call, number, profile))
}

/// Every answer in its one spelling, or the names of those that are wrong.
fn valid(answers: &Profile) -> Result<Profile, Failure> {
    let (mut valid, mut wrong) = (Profile::default(), Vec::<Field>::new());
    for (field, value) in answers.iter() {
        match field.validate(value) {
            Ok(value) => valid.set(field, value),
            Err(error) => wrong.push(error.field()),
        }
    }
    if wrong.is_empty() {
        Ok(valid)
    } else {
        Err(Failure::new(Code::ProfileInvalid, format!("wrong: {wrong:?}")).with_fields(wrong))
    }
}

fn response(call: &Call, number: Option<String>, profile: Profile) -> ProfileResponse {
    ProfileResponse {
        contact_number: number,
        missing: missing(&call.state.config.required, &profile),
        profile,
        balances: None,
    }
}
