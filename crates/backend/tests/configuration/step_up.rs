//! `[providers.step_up]`, and what demands one.

use admit_one_backend::config::{DialectConfig, Par};

use super::*;

const TABLE: &str = r#"
[providers.step_up]
client_id = "strong-app"
client_secret_env = "STRONG"
acr_values = ["strong-acr"]
sso_ticket_resource = "https://id.example/resources/sso-ticket"
"#;

fn text(more: &str) -> String {
    toml("https://id.example", "", &format!("{TABLE}{more}"))
}

#[test]
fn what_is_not_said_is_the_vendor_s_example_or_the_provider_s() {
    let config = Config::parse(&text(""), "admit-one.toml", &secrets).unwrap();
    let DialectConfig::Oidc(oidc) = &config.providers[0].dialect else {
        panic!("another dialect");
    };
    let step_up = oidc.step_up.as_ref().unwrap();
    assert_eq!(step_up.ticket_field, "sso-ticket");
    assert_eq!(step_up.max_age, 300);
    assert_eq!(step_up.par, Par::Auto);
    assert_eq!(step_up.scopes, oidc.scopes);
    assert!(!format!("{config:?}").contains("strong-secret"));
    assert!(config.profile_authentication.is_nothing());
    assert!(config.shop.unwrap().authentication.is_nothing());
}

#[test]
fn mistakes_are_told() {
    for (from, to, expected) in [
        (
            "acr_values = [\"strong-acr\"]",
            "acr_values = []",
            "`providers.step_up.acr_values`: found []",
        ),
        (
            "acr_values = [\"strong-acr\"]",
            "acr_values = [\"two words\"]",
            "`providers.step_up.acr_values`: found",
        ),
        (
            "https://id.example/resources",
            "http://id.example/resources",
            "`providers.step_up.sso_ticket_resource`: found",
        ),
        (
            "acr_values",
            "ticket_field = \"\"\nacr_values",
            "`providers.step_up.ticket_field`: found \"\"",
        ),
        (
            "acr_values",
            "scopes = [\"email\"]\nacr_values",
            "`providers.step_up.scopes`: found",
        ),
        (
            "acr_values",
            "max_age = 86401\nacr_values",
            "`providers.step_up.max_age`: found 86401",
        ),
        (
            "acr_values",
            "par = \"sometimes\"\nacr_values",
            "`providers.step_up.par`: found unknown variant `sometimes`",
        ),
        (
            "client_secret_env = \"STRONG\"\n",
            "",
            "`providers.step_up.client_auth`: found nothing",
        ),
        (
            "client_secret_env = \"STRONG\"",
            "client_secret_env = \"MISSING\"",
            "`providers.step_up.client_secret_env`: found \"MISSING\", which isn't set",
        ),
    ] {
        let good = text("");
        assert!(good.contains(from), "{from}");
        let message = message(&good.replacen(from, to, 1));
        assert!(message.contains(expected), "{from} → {to}\n{message}");
    }
}

#[test]
fn a_call_demands_what_a_provider_can_give() {
    for table in ["[shop]", "[profile]"] {
        let demanding = |acr: &str| {
            let demand = format!("{table}\nacr_values = [{acr:?}, \"other\"]");
            text("").replacen(table, &demand, 1)
        };
        Config::parse(&demanding("strong-acr"), "admit-one.toml", &secrets).unwrap();
        let message = message(&demanding("nobody-has-it"));
        let key = table.trim_matches(['[', ']']);
        let expected = format!("`{key}.acr_values`: found [\"nobody-has-it\", \"other\"]");
        assert!(message.contains(&expected), "{message}");
    }
}
