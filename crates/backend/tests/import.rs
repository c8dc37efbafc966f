//! `admit-one import`: what is refused, and that a refused file changes nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use admit_one_backend::{Config, ImportError, import};

fn config(folder: &tempfile::TempDir) -> Config {
    config_with(folder, "contacts")
}

fn config_with(folder: &tempfile::TempDir, directory: &str) -> Config {
    let text = format!(
        r#"
        [directory]
        kind = "{directory}"
        [server]
        listen = "127.0.0.1:0"
        public_url = "http://localhost:8800"
        [seal]
        keys = [{{ id = "k", secret_env = "SEAL" }}]
        [database]
        url = "sqlite://{}"
        [[providers]]
        id = "club"
        kind = "oidc"
        label = "Club"
        issuer = "https://id.club.example"
        client_id = "shop"
        client_auth = "none"
        "#,
        folder.path().join("contacts.db").display()
    );
    Config::parse(&text, "test", &|_| Some("ab".repeat(32))).unwrap()
}

#[tokio::test]
async fn imports_each_contact_once() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"[{"contact_number": "7", "profile": {"email": "a@x.example"}},
                   {"contact_number": "8", "profile": {"phone_number": "+33 6 12 34 56 78"}}]"#;
    assert_eq!(import(&config(&folder), text).await.unwrap(), 2);
    assert_eq!(import(&config(&folder), text).await.unwrap(), 0);
}

#[tokio::test]
async fn names_the_line_of_a_malformed_file() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[{\"contact_number\": \"7\",\n \"profil\": {}}]";
    let Err(ImportError::Malformed { line: 2, cause, .. }) = import(&config(&folder), text).await
    else {
        panic!("the second line has an unknown member");
    };
    assert!(cause.contains("unknown field `profil`"), "{cause}");
}

#[tokio::test]
async fn a_malformed_field_imports_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let good = r#"{"contact_number": "7", "profile": {"email": "a@x.example"}}"#;
    let bad = r#"{"contact_number": "8", "profile": {"email": "nobody"}}"#;
    let refused = import(&config(&folder), &format!("[{good},{bad}]"))
        .await
        .unwrap_err();
    assert!(
        refused.to_string().starts_with("contact 8: email:"),
        "{refused}"
    );
    let nameless = good.replacen('7', " ", 1);
    let refused = import(&config(&folder), &format!("[{good},{nameless}]"))
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "contact \" \": the contact number is empty"
    );
    assert_eq!(
        import(&config(&folder), &format!("[{good}]"))
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn contacts_that_nobody_would_look_for_are_not_imported() {
    let folder = tempfile::tempdir().unwrap();
    let refused = import(&config_with(&folder, "none"), "[]").await;
    assert!(matches!(refused, Err(ImportError::OtherDirectory)));
}
