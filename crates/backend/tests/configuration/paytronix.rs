//! `kind = "paytronix"`.

use super::*;

const TABLE: &str = r#"
[[providers]]
id = "diner"
kind = "paytronix"
label = "Diner"
site_url = "https://site.example/"
api_url = "https://m77.api.example/rest/25.33/"
merchant_id = 77
client_id = "diner-shop"
client_secret_env = "CLUB"
"#;

fn text(lines: &str) -> String {
    toml("https://id.example", "", &format!("{TABLE}{lines}\n"))
}

#[test]
fn a_call_demands_no_age_where_nobody_says_when() {
    let demanding = text("").replacen("[shop]", "[shop]\nmax_age = 60", 1);
    Config::parse(&demanding, "admit-one.toml", &secrets).unwrap();
    let table = |nth: usize| demanding.match_indices("[[providers]]").nth(nth).unwrap().0;
    let alone = [&demanding[..table(0)], &demanding[table(1)..]].concat();
    let expected = "`shop.max_age`: found 60; allowed: nothing: no provider here says when";
    assert!(message(&alone).contains(expected), "{}", message(&alone));
}

#[test]
fn what_the_vendor_does_not_publish_has_defaults() {
    let config = Config::parse(&text(""), "admit-one.toml", &secrets).unwrap();
    let diner = &config.providers[1];
    assert_eq!(diner.issuer, "https://site.example");
    assert_eq!(diner.redirect_path, "/callback/diner");
    let DialectConfig::Paytronix(paytronix) = &diner.dialect else {
        panic!("another dialect");
    };
    assert_eq!(paytronix.api_url, "https://m77.api.example/rest/25.33");
    assert_eq!(paytronix.scopes.len(), 4);
    assert_eq!(paytronix.invalid_token_codes, ["oauth.invalid_token"]);
    assert_eq!(paytronix.balance_field, "walletBalances");
    assert!(!format!("{config:?}").contains("s e:cret"));
}

#[test]
fn mistakes_are_told() {
    for (lines, expected) in [
        (
            "issuer = \"https://x.example\"",
            "`providers.issuer`: found a key of another `kind`",
        ),
        (
            "sso_url = \"https://x.example\"",
            "`providers.sso_url`: found a key of another `kind`",
        ),
        (
            "credentials = \"none\"",
            "`providers.credentials`: found unknown variant `none`",
        ),
        (
            "invalid_token_codes = []",
            "`providers.invalid_token_codes`: found none",
        ),
    ] {
        let message = message(&text(lines));
        assert!(message.contains(expected), "{lines}\n{message}");
    }
    let plain = message(&text("").replace("https://site", "http://site"));
    assert!(plain.contains("`providers.site_url`: found"), "{plain}");
    for key in ["site_url", "api_url", "merchant_id", "client_secret_env"] {
        let good = text("");
        let table = good.find("id = \"diner\"").unwrap();
        let line = good[table..]
            .lines()
            .find(|line| line.starts_with(key))
            .unwrap();
        let message = message(&good.replacen(
            &format!("{line}\n"),
            "",
            if key == "client_secret_env" { 2 } else { 1 },
        ));
        assert!(message.contains("found nothing"), "{key}\n{message}");
    }
    let of_oidc = toml("https://id.example", "", "").replacen(
        "label = \"Club <account>\"",
        "label = \"Club\"\nmerchant_id = 77",
        1,
    );
    assert!(
        message(&of_oidc).contains("`providers.merchant_id`: found a key of another `kind`"),
        "{}",
        message(&of_oidc)
    );
}
