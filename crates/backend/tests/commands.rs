//! The commands of the binary, run as an operator runs them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use support::Upstream;

fn admit_one(arguments: &[&str], toml: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("admit-one.toml");
    std::fs::write(&config, toml).unwrap();
    Command::new(env!("CARGO_BIN_EXE_admit-one"))
        .args(arguments)
        .arg("--config")
        .arg(config)
        .env("SEAL", "ab".repeat(32))
        .env("TENANT", "tenant-secret")
        .current_dir(folder.path())
        .output()
        .unwrap()
}

const FINE: &str = r#"
[server]
listen = "127.0.0.1:0"
public_url = "http://localhost:8800"
[seal]
keys = [{ id = "k", secret_env = "SEAL" }]
[[providers]]
id = "club"
kind = "oidc"
label = "Club"
issuer = "http://localhost:9"
client_id = "shop"
client_auth = "none"
"#;

#[test]
fn check_says_that_a_file_is_fine() {
    let output = admit_one(&["check"], FINE);
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("fine, 1 provider(s)"), "{said}");
    assert!(
        said.contains("`server.app_dir`") && said.contains("`server.support_url`"),
        "no app lies there, and nobody helps: {said}"
    );
}

#[test]
fn a_file_that_is_missing_is_named_with_what_to_do() {
    let output = Command::new(env!("CARGO_BIN_EXE_admit-one"))
        .args(["check", "--config", "missing.toml"])
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        message.contains("missing.toml") && message.contains("--config"),
        "{message}"
    );
}

#[test]
fn check_names_line_key_and_what_is_allowed() {
    let output = admit_one(
        &["check"],
        &FINE.replace("kind = \"oidc\"", "kind = \"oicd\""),
    );
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in ["admit-one.toml", "9", "kind", "oicd", "oidc"] {
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[test]
fn check_with_probe_names_the_provider_that_does_not_answer() {
    let output = admit_one(&["check", "--probe"], FINE);
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(message.contains("database: fine"), "{message}");
    assert!(
        message.contains("provider club: upstream_unreachable"),
        "{message}"
    );
    assert!(
        message.contains("(http://localhost:9/.well-known/openid-configuration)"),
        "{message}"
    );
}

/// SessionM as far as a probe sees it: it knows nobody, and turns away who hasn't the secret.
async fn sessionm() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(async |headers: http::HeaderMap| {
        // base64("key:tenant-secret")
        let known = headers
            .get("authorization")
            .is_some_and(|sent| sent == "Basic a2V5OnRlbmFudC1zZWNyZXQ=");
        let (status, code) = if known {
            (http::StatusCode::NOT_FOUND, "user_not_found")
        } else {
            (http::StatusCode::UNAUTHORIZED, "access_denied")
        };
        let answer = serde_json::json!({"status": "error", "errors": {"code": code}});
        (status, answer.to_string())
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

#[tokio::test]
async fn check_with_probe_has_a_line_for_each_that_answers() {
    let (club, other) = (Upstream::start().await, Upstream::start().await);
    let more = format!(
        r#"
[[providers]]
id = "other"
kind = "oidc"
label = "Other"
issuer = "{}"
client_id = "shop"
client_auth = "none"
[directory]
kind = "sessionm"
api_url = "{}"
api_key = "key"
api_secret_env = "TENANT"
"#,
        other.issuer,
        sessionm().await
    );
    let fine = FINE.replace("http://localhost:9", &club.issuer) + &more;
    let probe = async |toml: String| {
        let probe = move || admit_one(&["check", "--probe"], &toml);
        tokio::task::spawn_blocking(probe).await.unwrap()
    };
    let output = probe(fine.clone()).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    let lines: Vec<_> = said.lines().collect();
    for line in [
        "database: fine",
        "provider club: fine",
        "provider other: fine",
        "directory: fine",
    ] {
        assert!(lines.contains(&line), "{line} isn't in {said}");
    }
    assert!(club.count("/metadata") > 0 && other.count("/metadata") > 0);

    // One that doesn't answer as it should takes no line from the others.
    let output = probe(fine.replace("\"TENANT\"", "\"SEAL\"")).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("provider other: fine"), "{said}");
    assert!(said.contains("directory: directory_refused"), "{said}");
}

#[tokio::test]
async fn check_with_probe_says_of_those_that_say_nothing_whether_they_answer() {
    let there = sessionm().await;
    let paper = format!(
        r#"
[[providers]]
id = "paper"
kind = "sso2"
label = "Paper"
sso_url = "{there}"
api_url = "API"
organisation = "paper"
client_id = "shop"
client_secret_env = "SEAL"
"#
    );
    let club = Upstream::start().await;
    let fine = FINE.replace("http://localhost:9", &club.issuer) + &paper;
    for (api_url, said) in [
        (&*there, "provider paper: fine"),
        ("http://localhost:9", "(http://localhost:9)"),
    ] {
        let toml = fine.replace("API", api_url);
        let output = tokio::task::spawn_blocking(move || admit_one(&["check", "--probe"], &toml));
        let output = output.await.unwrap();
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(lines.contains(said), "{said} isn't in {lines}");
    }
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    let mut answer = String::new();
    let asked =
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    asked
        .and_then(|()| stream.read_to_string(&mut answer))
        .is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

/// A backend that serves, and the folder it runs in. It may hold few files unless it asks for more.
fn serving() -> (Child, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let toml = FINE.replace("127.0.0.1:0", &format!("127.0.0.1:{port}"));
    std::fs::write(folder.path().join("admit-one.toml"), toml).unwrap();
    let serving = Command::new("sh")
        .args(["-c", "ulimit -Sn 64 && exec \"$0\" serve"])
        .arg(env!("CARGO_BIN_EXE_admit-one"))
        .env("SEAL", "ab".repeat(32))
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    while !answers(port) {
        assert!(Instant::now() < end, "it doesn't answer");
        std::thread::sleep(Duration::from_millis(20));
    }
    (serving, folder)
}

#[test]
fn as_many_connections_are_held_as_the_system_allows() {
    let (mut serving, _folder) = serving();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", serving.id())).unwrap();
    serving.kill().unwrap();
    serving.wait().unwrap();
    let mut lines = limits.lines();
    let files = lines.find(|line| line.starts_with("Max open files"));
    let numbers: Vec<&str> = files.unwrap().split_whitespace().skip(3).collect();
    assert_eq!(numbers[0], numbers[1], "{limits}");
}

#[test]
fn whoever_asks_it_to_stop_is_obeyed() {
    let (mut serving, _folder) = serving();
    let end = Instant::now() + Duration::from_secs(20);
    let terminate = Command::new("kill")
        .args(["-TERM", &serving.id().to_string()])
        .status();
    assert!(terminate.unwrap().success());
    let status = loop {
        if let Some(status) = serving.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < end, "it goes on");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success(), "{status}");
}

#[test]
fn openapi_prints_the_description() {
    let output = admit_one(&["openapi"], FINE);
    assert!(output.status.success());
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(document["paths"]["/v1/exchange"].is_object());
}
