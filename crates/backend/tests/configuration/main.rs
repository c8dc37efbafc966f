//! A mistake in the configuration is told with its line, its key, what was found and what is allowed.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod brand;
mod paytronix;
mod sessionm;
mod step_up;
#[path = "../support/mod.rs"]
mod support;

use admit_one_backend::{
    App, Config,
    config::{DialectConfig, DirectoryConfig, Search},
};
use admit_one_protocol::Code;
use support::{secrets, toml};

fn message(text: &str) -> String {
    Config::parse(text, "admit-one.toml", &secrets)
        .map(|_| ())
        .unwrap_err()
        .to_string()
}

/// The good file with one thing changed: what comes of it.
fn changed(from: &str, to: &str) -> (usize, String) {
    let good = toml("https://id.example", "", "");
    assert!(good.contains(from), "{from}");
    let text = good.replacen(from, to, 1);
    let line = text
        .lines()
        .position(|line| line.contains(to.lines().last().unwrap_or_default()))
        .unwrap()
        + 1;
    (line, message(&text))
}

#[test]
fn the_good_file_is_good() {
    let config = Config::parse(
        &toml("https://id.example", "", ""),
        "admit-one.toml",
        &secrets,
    )
    .unwrap();
    assert_eq!(config.providers[0].redirect_path, "/callback/club");
    assert_eq!(config.handle_lifetime, 30 * 86_400);
    assert!(
        !format!("{config:?}").contains("s e:cret"),
        "secrets don't show"
    );
}

#[test]
fn the_documented_file_is_good() {
    let text = std::fs::read_to_string("../../admit-one.toml").unwrap();
    let secrets = |_: &str| {
        Some("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".to_owned())
    };
    Config::parse(&text, "admit-one.toml", &secrets).unwrap_or_else(|error| panic!("{error}"));
    // With every key that is commented out, too: what is documented exists.
    let documentation = std::fs::read_to_string("../../docs/configuration.md").unwrap();
    for line in text
        .lines()
        .filter_map(|line| line.strip_prefix("# ").or(Some(line)))
    {
        let Some((key, _)) = line.split_once(" = ") else {
            continue;
        };
        if key
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            assert!(
                documentation.contains(&format!("`{key}`")),
                "`{key}` isn't in docs/configuration.md"
            );
        }
    }
}

#[test]
fn every_key_that_is_read_is_in_the_file_and_in_its_documentation() {
    let read = include_str!("../../src/config/file.rs");
    let file = std::fs::read_to_string("../../admit-one.toml").unwrap();
    let documentation = std::fs::read_to_string("../../docs/configuration.md").unwrap();
    let keys = read.lines().filter_map(|line| {
        let (key, _) = line.trim().strip_prefix("pub(super) ")?.split_once(": ")?;
        (!key.contains(' ')).then_some(key)
    });
    let keys: Vec<_> = keys.collect();
    assert!(keys.len() > 60, "{keys:?}");
    for key in keys {
        let written = [
            format!("{key} ="),
            format!("[{key}]"),
            format!("[[{key}]]"),
            format!(".{key}]"),
        ];
        assert!(
            written.iter().any(|form| file.contains(form.as_str())),
            "`{key}` isn't in admit-one.toml"
        );
        assert!(
            documentation.contains(key),
            "`{key}` isn't in docs/configuration.md"
        );
    }
}

#[tokio::test]
async fn metadata_is_where_the_configuration_says() {
    let upstream = support::Upstream::start().await;
    let cases = [
        // It isn't fetched below the issuer, where it would be good.
        (&*upstream.issuer, "/nowhere", Code::DiscoveryInvalid),
        // It is fetched there, and its issuer compared.
        (
            "https://id.example",
            "/.well-known/openid-configuration",
            Code::DiscoveryIssuerMismatch,
        ),
    ];
    for (issuer, path, code) in cases {
        let url = format!("metadata_url = \"{}{path}\"\nclient_id", upstream.issuer);
        let text = toml(issuer, "", "").replacen("client_id", &url, 1);
        let config = Config::parse(&text, "admit-one.toml", &secrets).unwrap();
        let app = App::start(config).await.unwrap();
        let [(_, Err(failure))] = &app.probe().await[..] else {
            panic!("{path} is taken");
        };
        assert_eq!(failure.code, code, "{path}");
    }
    let (_, message) = changed(
        "client_id",
        "metadata_url = \"http://id.example/metadata\"\nclient_id",
    );
    assert!(message.contains("`https://`"), "{message}");
}

#[test]
fn mistakes_of_a_partner_name_line_key_found_and_allowed() {
    let good = "[[partners]]\nid = \"fanzine\"\norigins = [\"https://fanzine.example\"]\nrelease = [\"profile\"]\n";
    let config = Config::parse(
        &toml("https://id.example", "", good),
        "admit-one.toml",
        &secrets,
    )
    .unwrap();
    assert_eq!(config.partners[0].origins, ["https://fanzine.example"]);
    let origin = "allowed: an origin in lower case without a path";
    for (from, to, expected) in [
        (
            "\"fanzine\"",
            "\"a b\"",
            "`partners.id`: found \"a b\"; allowed: 1 to 32 letters".to_owned(),
        ),
        (
            "fanzine.example",
            "fanzine.example/",
            format!("`partners.origins`: found \"https://fanzine.example/\"; {origin}"),
        ),
        (
            "https://fanzine",
            "http://fanzine",
            format!("`partners.origins`: found \"http://fanzine.example\"; {origin}"),
        ),
        (
            "https://fanzine.example",
            "*",
            format!("`partners.origins`: found \"*\"; {origin}"),
        ),
        (
            "[\"https://fanzine.example\"]",
            "[]",
            "`partners.origins`: found nothing; allowed: at least one origin".to_owned(),
        ),
        (
            "\"profile\"",
            "\"everything\"",
            "`partners.release`: found unknown variant `everything`; allowed: ".to_owned(),
        ),
        (
            "release =",
            "label = \" \"\nrelease =",
            "`partners.label`: found \" \"; allowed: what buyers call it".to_owned(),
        ),
        (
            "release =",
            "return_path = \"//evil.example\"\nrelease =",
            "`partners.return_path`: found \"//evil.example\"; allowed: the path of a page"
                .to_owned(),
        ),
        (
            "release =",
            "return_path = \"/out?url=\"\nrelease =",
            "`partners.return_path`: found \"/out?url=\"; allowed: the path of a page".to_owned(),
        ),
        (
            "id = \"fanzine\"",
            "name = \"fanzine\"",
            "`partners.name`: found unknown field `name`; allowed: ".to_owned(),
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let text = toml("https://id.example", "", &good.replacen(from, to, 1));
        let message = message(&text);
        assert!(message.contains(&expected), "{message}\n{expected}");
    }
    let first = good.replace("\"profile\"", "\"id_token\"");
    let second = first.replace("fanzine", "club-news");
    let both = toml("https://id.example", "", &[&*first, &second].concat());
    let expected = "found a second partner that receives the ID token; allowed: one";
    assert!(message(&both).contains(expected), "{}", message(&both));
    let allowed = [&*first, &second, "danger_shared_id_token = true\n"].concat();
    let config = Config::parse(
        &toml("https://id.example", "", &allowed),
        "admit-one.toml",
        &secrets,
    );
    assert_eq!(config.unwrap().partners.len(), 2);
    let alone = toml(
        "https://id.example",
        "",
        &["[directory]\nkind = \"none\"\n", good].concat(),
    );
    assert!(
        message(&alone).contains("`partners.release`: found what a directory knows, and none"),
        "{}",
        message(&alone)
    );
    let twice = toml("https://id.example", "", &good.repeat(2));
    assert!(
        message(&twice).contains("`partners.id`: found \"fanzine\" twice"),
        "{}",
        message(&twice)
    );
}

#[test]
fn what_stands_where_another_type_should_is_not_told() {
    let good = toml("https://id.example", "", "");
    let list = "acr_values = [\n[\"s e:cret\"],\n]\nlabel = \"Club";
    let message = message(&good.replacen("label = \"Club", list, 1));
    let expected = "`providers`: found a list in brackets; allowed: a text in quotes";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn mistakes_name_line_key_found_and_allowed() {
    let cases = [
        (
            "label = \"Club",
            "lable = \"Club",
            "`providers.lable`: found unknown field `lable` (is `label` meant?); allowed: ",
        ),
        (
            "issuer = \"https://id.example\"",
            "issuer = 5",
            "`providers.issuer`: found a whole number; allowed: a text in quotes",
        ),
        (
            "issuer = \"https://id.example\"",
            "issuer = https://id.example",
            "`providers.issuer`: found string values must be quoted; allowed: a text in quotes",
        ),
        (
            "per_minute = 0",
            "per_minute = \"0\"",
            "`limits.per_minute`: found a text in quotes; allowed: a whole number",
        ),
        (
            "client_secret_env = ",
            "client_secret = ",
            "(is `client_secret_env` meant?); allowed: `client_secret_env`, `client_secret_file`, `client_id`, `client_auth`, \
             `client_key_file`, and 34 others that docs/configuration.md names",
        ),
        (
            "[[providers]]",
            "[providers]",
            "`providers`: found `[providers]`; allowed: `[[providers]]`",
        ),
        (
            "[seal]",
            "[[seal]]",
            "`seal`: found `[[seal]]`; allowed: `[seal]`",
        ),
        (
            "[limits]",
            "[limit]",
            ": `limit`: found unknown field `limit` (is `limits` meant?); allowed: one of `server`, ",
        ),
        (
            "issuer = \"https://id.example\"",
            "issuer = \"http://id.example\"",
            "`providers.issuer`: found \"http://id.example\"; allowed: an `https://` URL",
        ),
        (
            "per_minute = 0",
            "per_minute = -1",
            "`limits.per_minute`: found ",
        ),
        (
            "public_url = \"https://sso.example\"",
            "public_url = \"https://sso.example\"\ntrusted_proxies = [\"0.0.0.0/0\"]",
            "`server.trusted_proxies`: found \"0.0.0.0/0\"; allowed: your own proxies",
        ),
        (
            "public_url = \"https://sso.example\"",
            "public_url = \"https://sso.example\"\ncookie_mirror = { name = \"id\", domain = \"shop.example\" }",
            "`server.cookie_mirror`: found the domain \"shop.example\"; allowed: \"sso.example\" or a domain that it is in",
        ),
        (
            "public_url = \"https://sso.example\"",
            "public_url = \"https://sso.example\"\ncookie_mirror = { name = \"i;d\", domain = \"sso.example\" }",
            "`server.cookie_mirror`: found the name \"i;d\"; allowed: letters",
        ),
        (
            "issuer = \"https://id.example\"",
            "issuer = \"https://id.example\"\nprompt = \"none\"",
            "`providers.prompt`: found \"none\"; allowed: what lets a buyer sign in",
        ),
        (
            "timeout_ms = 400",
            "timeout_ms = 1",
            "`upstream.timeout_ms`: found 1; allowed: 100 to 120000",
        ),
        (
            "public_url = \"https://sso.example\"",
            "public_url = \"https://sso.example/x\"",
            "`server.public_url`: found \"https://sso.example/x\"; allowed: an origin",
        ),
        (
            "public_url = \"https://sso.example\"",
            "public_url = \"http://sso.example\"",
            "`server.public_url`: found",
        ),
        (
            "listen = \"127.0.0.1:0\"",
            "listen = \"localhost\"",
            "`server.listen`: found \"localhost\"; allowed: an address and a port",
        ),
        (
            "listen = \"127.0.0.1:0\"",
            "listen = \":8800\"",
            "`server.listen`: found \":8800\"; allowed: an address and a port",
        ),
        (
            "listen = \"127.0.0.1:0\"",
            "listen = \"127.0.0.1:0\"\nhandle_lifetime = -5",
            "a whole number that isn't negative",
        ),
        (
            "client_secret_env = \"CLUB\"",
            "client_secret_env = \"UNSET\"",
            "`providers.client_secret_env`: found \"UNSET\", which isn't set; allowed: ",
        ),
        (
            "client_secret_env = \"CLUB\"",
            "client_secret_env = \"hidden-secret\"",
            "`providers.client_secret_env`: found what is no variable's name; allowed: ",
        ),
        (
            "client_secret_env = \"CLUB\"",
            "client_secret_file = \"/nowhere\"",
            "`providers.client_secret_file`: found \"/nowhere\" (No such file",
        ),
        (
            "client_id = \"shop\"",
            "client_id = \"\"",
            "`providers.client_id`: found \"\"; allowed: the id that the provider gave us",
        ),
        (
            "url = \"sqlite::memory:\"",
            "url = \"postgres://user:hidden@host/db\"",
            "`database.url`: found another database; allowed: `sqlite://`",
        ),
        (
            "grant_secret_env = \"GRANT\"",
            "grant_secret_env = \"CLUB\"",
            "`shop.grant_secret_env`: found 8 characters; allowed: at least 32",
        ),
        ("token={token}&", "", "`shop.grant_url`: found"),
        (
            "grant_url = \"https://shop.example/",
            "grant_url = \"https://shop.example{lang}/",
            "`shop.grant_url`: found",
        ),
        ("lang={lang}", "lang={language}", "no other braces"),
        (
            "origins = [\"https://shop.example\"]",
            "origins = [\"https://shop.example/\"]",
            "`shop.origins`: found \"https://shop.example/\"; allowed: an origin",
        ),
        (
            "required = [\"given_name\", ",
            "required = [\"shoe_size\", ",
            "`profile.required`: found unknown variant `shoe_size`; allowed: one of `given_name`",
        ),
        (
            "label = \"Club <account>\"",
            "label = \"Club\"\nscopes = [\"email\"]",
            "`providers.scopes`: found [\"email\"]; allowed: a list with `openid`",
        ),
        (
            "label = \"Club <account>\"",
            "label = \"Club\"\nalgs = [\"HS256\"]",
            "`providers.algs`: found ",
        ),
        (
            "label = \"Club <account>\"",
            "label = \"Club\"\nclient_auth = \"basic\"",
            "`providers.client_auth`: found unknown variant `basic`; allowed: one of `client_secret_basic`",
        ),
        (
            "label = \"Club <account>\"",
            "label = \"Club\"\nredirect_path = \"/v1/exchange\"",
            "`providers.redirect_path`: found \"/v1/exchange\"; allowed: a path such as `/callback/club`",
        ),
        (
            "label = \"Club <account>\"",
            "label = \"Club\"\nextra = { nonce = \"1\" }",
            "`providers.extra`: found \"nonce\"; allowed: parameters that no other key sets",
        ),
        (
            "secret_env = \"SEAL\"",
            "secret_env = \"CLUB\"",
            "`seal.keys`: found 8 characters; allowed: 32 bytes in base64url or hex",
        ),
        (
            "id = \"old\"",
            "id = \"new\"",
            "`seal.keys`: found \"new\"; allowed: an id that no other key has",
        ),
    ];
    for (from, to, expected) in cases {
        let (line, message) = changed(from, to);
        if !to.is_empty() {
            assert!(
                message.starts_with(&format!("admit-one.toml:{line}: ")),
                "{to}: line {line}: {message}"
            );
        }
        assert!(message.contains(expected), "{to}\n{message}\n{expected}");
        assert!(
            !message.contains("hidden") && !message.contains("s e:cret"),
            "{message}"
        );
    }
}

#[test]
fn what_is_absent_is_named() {
    let good = toml("https://id.example", "", "");
    let without = |line: &str| message(&good.replacen(line, "", 1));
    assert!(
        without("issuer = \"https://id.example\"")
            .contains("`providers.issuer`: found nothing; allowed: this key is required")
    );
    assert!(
        without("public_url = \"https://sso.example\"")
            .contains("`server.public_url`: found nothing")
    );
    assert!(
        without("client_secret_env = \"CLUB\"")
            .contains("`providers.client_auth`: found nothing; allowed: `client_secret_env`")
    );
    assert!(
        without("grant_secret_env = \"GRANT\"").contains("`shop.grant_secret_env`: found nothing")
    );
    assert!(message("").contains("found nothing"));
    assert!(
        message("[server").contains("admit-one.toml:1: "),
        "{}",
        message("[server")
    );
    let twice = format!(
        "{good}\n[[providers]]\nid = \"club\"\nlabel = \"x\"\nissuer = \"https://b.example\"\nclient_id = \"x\"\nclient_auth = \"none\"\n"
    );
    assert!(
        message(&twice)
            .contains("`providers.id`: found \"club\"; allowed: an id that no other provider has")
    );
    assert!(
        message(&format!("{good}\n[directory]\nkind = \"none\"\n"))
            .contains("`shop`: found `[shop]` beside")
    );
}

#[test]
fn a_label_in_another_language_is_in_one_that_there_is() {
    let club = "label = \"Club <account>\"";
    for (labels, expected) in [
        (
            "{ it = \"Club\" }",
            "`providers.labels`: found the language \"it\"; allowed: de, en, fr",
        ),
        (
            "{ fr = \" \" }",
            "`providers.labels`: found \" \"; allowed: what stands on the button",
        ),
        (
            "{ fr = 1 }",
            "`providers.labels`: found a whole number; allowed: a text in quotes",
        ),
    ] {
        let (_, message) = changed(club, &format!("{club}\nlabels = {labels}"));
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_redirect_path_is_one_that_the_app_knows() {
    for path in [
        "/landing/club",
        "/widget",
        "/callback",
        "/callback/",
        "/callback/a/b",
        "/callback/..",
        "/callback/{x}",
        "/callback/a?b",
        "callback/club",
    ] {
        let (_, message) = changed(
            "label = \"Club <account>\"",
            &format!("label = \"Club\"\nredirect_path = {path:?}"),
        );
        assert!(
            message.contains("a path such as `/callback/club`"),
            "{path}: {message}"
        );
    }
    let other = toml("https://id.example", "", "").replacen(
        "client_id",
        "redirect_path = \"/callback/old.name\"\nclient_id",
        1,
    );
    Config::parse(&other, "admit-one.toml", &secrets).unwrap();
}

#[test]
fn a_grants_key_is_for_its_algorithm() {
    use aws_lc_rs::{
        encoding::{AsDer, Pkcs8V1Der},
        rsa,
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("grant.pem");
    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    std::fs::write(&file, support::pem(der.as_ref())).unwrap();
    let (_, message) = changed(
        "grant_secret_env = \"GRANT\"",
        &format!(
            "grant_alg = \"ES256\"\ngrant_key_file = {:?}",
            file.display().to_string()
        ),
    );
    let expected = "`shop.grant_key_file`: found a key for RS256; allowed: a key of P-256";
    assert!(message.contains(expected), "{message}");
}
