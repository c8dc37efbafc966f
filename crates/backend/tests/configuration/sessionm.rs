//! `[directory]` of SessionM.

use super::*;

const TABLE: &str = r#"
[directory]
kind = "sessionm"
api_url = "https://sessionm.example/"
api_key = "key"
api_secret_env = "CLUB"
"#;

fn with(line: &str) -> String {
    message(&toml("https://id.example", "", &format!("{TABLE}{line}\n")))
}

#[test]
fn a_tenant_has_defaults_for_what_is_not_its_own() {
    let text = toml("https://id.example", "", TABLE);
    let config = Config::parse(&text, "admit-one.toml", &secrets).unwrap();
    let DirectoryConfig::SessionM(sessionm) = config.directory else {
        panic!("another directory");
    };
    assert_eq!(sessionm.api_url, "https://sessionm.example");
    assert_eq!(sessionm.order, [Search::ExternalId, Search::Email]);
    assert_eq!(sessionm.external_id_type, "{provider}");
    assert_eq!(sessionm.lookup_path, "/api/2.0/lookup");
    assert!(!format!("{sessionm:?}").contains("s e:cret"));
}

#[test]
fn mistakes_are_told() {
    for (line, expected) in [
        (
            "order = [\"email\"]",
            "`directory.order`: found [Email]; allowed: `external_id`",
        ),
        (
            "order = [\"external_id\", \"external_id\"]",
            "`directory.order`: found ",
        ),
        (
            "order = [\"name\"]",
            "`directory.order`: found unknown variant",
        ),
        (
            "lookup_path = \"api\"",
            "`directory.lookup_path`: found \"api\"",
        ),
        (
            "search_path = \"/users/search\"",
            "`directory.search_path`: found \"/users/search\"; allowed: a path below",
        ),
        (
            "calling_code = \"+1\"",
            "`directory.calling_code`: found \"+1\"; allowed: a country's calling code",
        ),
        (
            "timeout_ms = 1",
            "`directory.timeout_ms`: found 1; allowed: 100 to 60000",
        ),
        ("api_secret_file = \"x\"", "found a variable and a file"),
    ] {
        let message = with(line);
        assert!(message.contains(expected), "{line}\n{message}");
    }
}

#[test]
fn a_type_without_the_provider_is_for_one_provider() {
    let line = "external_id_type = \"idp\"";
    let one = toml("https://id.example", "", &format!("{TABLE}{line}\n"));
    Config::parse(&one, "admit-one.toml", &secrets).unwrap();
    let two = format!(
        "{one}\n[[providers]]\nid = \"b\"\nlabel = \"x\"\nissuer = \"https://b.example\"\nclient_id = \"x\"\nclient_auth = \"none\"\n"
    );
    assert!(
        message(&two).contains("`directory.external_id_type`: found \"idp\"; allowed: a type with"),
        "{}",
        message(&two)
    );
}

#[test]
fn what_is_absent_or_of_no_use_is_named() {
    let good = toml("https://id.example", "", TABLE);
    for key in ["api_url", "api_key", "api_secret_env"] {
        let line = good
            .lines()
            .find(|line| line.starts_with(&format!("{key} = ")))
            .unwrap();
        let message = message(&good.replacen(line, "", 1));
        assert!(
            message.contains(&format!("`directory.{key}`: found nothing")),
            "{message}"
        );
    }
    let other = message(&good.replacen("kind = \"sessionm\"", "kind = \"contacts\"", 1));
    assert!(
        other.contains("`directory.api_url`: found a key of another directory"),
        "{other}"
    );
    let plain = message(&good.replacen("https://sessionm", "http://sessionm", 1));
    assert!(plain.contains("`directory.api_url`: found"), "{plain}");
}

#[test]
fn a_provider_beside_the_one_whose_people_have_sessionms_ids_could_name_any_of_them() {
    let other = r#"[[providers]]
id = "other"
label = "Other"
issuer = "https://other.example"
client_id = "shop"
client_auth = "none"
"#;
    let line = "order = [\"user_id\", \"external_id\"]";
    let alone = toml("https://id.example", "", &format!("{TABLE}{line}\n"));
    Config::parse(&alone, "admit-one.toml", &secrets).unwrap();
    let both = message(&toml(
        "https://id.example",
        "",
        &format!("{TABLE}{line}\n{other}"),
    ));
    assert!(
        both.contains("`directory.order`: found `user_id`, with several providers"),
        "{both}"
    );
}
