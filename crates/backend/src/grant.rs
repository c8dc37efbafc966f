//! `POST /v1/grant`: the way into the shop, with the contact's number in a signed, short-lived token.

use std::sync::Arc;

use admit_one_protocol::{
    Code,
    api::{GrantRequest, GrantResponse},
    encoding::base64url,
    profile::missing,
    return_to::ReturnTo,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::{call::Call, directory::Person, failure::Failure, handle::Age, step_up};

/// The claims of a grant: for one shop, for a minute, for one use (`jti`).
#[derive(Serialize)]
struct Grant<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: u64,
    exp: u64,
    jti: String,
    lang: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_to: Option<&'a str>,
}

pub(crate) async fn grant(
    call: Arc<Call>,
    request: GrantRequest,
) -> Result<GrantResponse, Failure> {
    let state = &call.state;
    let config = &state.config;
    let handle = call.handle(Age::Checked)?;
    call.provider_of(&handle)?;
    state.revocations.check(&handle).await?;
    let (Some(shop), Some(directory)) = (&config.shop, &state.directory) else {
        return Err(Failure::new(Code::ShopUnknown, "no `[shop]` is configured"));
    };
    step_up::demand(&call, &handle, &shop.authentication)?;
    let return_to = request
        .return_to
        .map(|raw| ReturnTo::parse(&raw, &config.public_url, &shop.origins))
        .transpose()
        .map_err(|code| Failure::new(code, "`return_to` isn't on an allowed origin"))?;
    let person = Person {
        provider: &handle.provider,
        iss: &handle.iss,
        sub: &handle.sub,
    };
    let contact = directory.contact(person).await?.ok_or_else(|| {
        Failure::new(Code::ProfileIncomplete, "the buyer has no contact yet")
            .with_fields(config.required.clone())
    })?;
    let missing = missing(&config.required, &contact.profile);
    if !missing.is_empty() && !config.later {
        return Err(
            Failure::new(Code::ProfileIncomplete, format!("missing: {missing:?}"))
                .with_fields(missing),
        );
    }

    let mut jti = [0; 16];
    aws_lc_rs::rand::fill(&mut jti).map_err(|_| Failure::new(Code::Internal, "no entropy"))?;
    let lang = crate::language::Language::of(&request.lang);
    let now = state.clock.now();
    let return_to = return_to.as_ref().map(ReturnTo::as_str);
    let token = shop.key.sign(&Grant {
        iss: &config.public_url,
        aud: &shop.audience,
        sub: &contact.number,
        iat: now,
        exp: now + shop.lifetime,
        jti: base64url(jti),
        lang: lang.as_str(),
        return_to,
    })?;
    Ok(GrantResponse {
        location: location(
            &shop.grant_url,
            lang.as_str(),
            &token,
            return_to.unwrap_or_default(),
        ),
    })
}

/// What may stand in braces in `shop.grant_url`.
pub(crate) const PLACEHOLDERS: [&str; 3] = ["{lang}", "{token}", "{return_to}"];

/// The shop's address, its placeholders replaced in one pass so that no value can bring another placeholder.
fn location(template: &str, lang: &str, token: &str, return_to: &str) -> String {
    let mut location = String::with_capacity(template.len() + token.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        location.push_str(&rest[..at]);
        rest = &rest[at..];
        let mut values = PLACEHOLDERS.iter().zip([lang, token, return_to]);
        match values.find(|(name, _)| rest.starts_with(**name)) {
            Some((name, value)) => {
                location.extend(utf8_percent_encode(value, UNRESERVED));
                rest = &rest[name.len()..];
            }
            None => {
                location.push('{');
                rest = &rest[1..];
            }
        }
    }
    location + rest
}

/// All but the unreserved characters of RFC 3986 section 2.3.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_once() {
        let location = location(
            "https://s.example/{lang}?t={token}&r={return_to}&x={y}",
            "fr",
            "a.b-c_d",
            "https://s.example/?{token}&",
        );
        assert_eq!(
            location,
            "https://s.example/fr?t=a.b-c_d&r=https%3A%2F%2Fs.example%2F%3F%7Btoken%7D%26&x={y}"
        );
    }
}
