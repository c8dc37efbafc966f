use super::*;

#[test]
fn names_the_session() {
    let message = signed(CLIENT.logout("5f3a", END_USER, NOW));
    let expected = json!({
        "cid": "paper-shop", "iss": "paper", "sid": "5f3a", "ipa": "192.0.2.7", "uas": "Mozilla/5.0 (X11)",
        "aud": "pw-sso", "nbf": NOW, "exp": NOW + 10, "iat": NOW,
    });
    assert_eq!(claims(&message), expected);
}
