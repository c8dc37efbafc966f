use admit_one_protocol::sso2::identify::identify_url;

use super::*;

#[test]
fn sends_this_message_byte_for_byte() {
    let message = signed(CLIENT.identify(NOW));
    assert_eq!(message.as_str(), IDENTIFY);
}

#[test]
fn names_the_client_and_the_organisation_and_lives_a_minute() {
    let message = signed(CLIENT.identify(NOW));
    let expected = json!({
        "cid": "paper-shop", "iss": "paper", "aud": "pw-sso", "nbf": NOW, "exp": NOW + 60, "iat": NOW,
    });
    assert_eq!(claims(&message), expected);
}

#[test]
fn carries_r_beside_the_message_and_percent_encoded() {
    let message = signed(CLIENT.identify(NOW));
    let url = identify_url(
        CLIENT,
        &message,
        "https://shop.example/landing/paper?state=s-1",
    );
    assert_eq!(
        url,
        format!(
            "https://sso.example/identify?t={IDENTIFY}&r=https%3A%2F%2Fshop.example%2Flanding%2Fpaper%3Fstate%3Ds-1"
        )
    );
}

const IDENTIFY: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJjaWQiOiJwYXBlci1zaG9wIiwiaXNzIjoicGFwZXIiLCJhdWQiOiJwdy1zc28iLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDA2MCwiaWF0IjoxNzAwMDAwMDAwfQ.3BYHrgMpE7-2j2hQJXt44hqYN4ThJUOnrJCjkYjNRB4";
