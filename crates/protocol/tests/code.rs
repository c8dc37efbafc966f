//! The stable codes, and the table of them in the documentation.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::HashSet, fs};

use admit_one_protocol::{Actor, Code};

/// The rows of `docs/errors.md`, as the codes make them.
fn rows() -> Vec<String> {
    let row = |code: &Code| {
        let actor = match code.actor() {
            Actor::Buyer => "buyer",
            Actor::Operator => "operator",
            Actor::Provider => "provider",
            Actor::Developer => "developer",
        };
        let (status, advice) = (code.status(), code.advice().replace('|', "\\|"));
        format!("| <a id=\"{code}\"></a>`{code}` | {actor} | {status} | {advice} |")
    };
    Code::ALL.iter().map(row).collect()
}

#[test]
fn the_documentation_has_every_code_in_order() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
    let page = fs::read_to_string(page).unwrap();
    let documented: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| <a id="))
        .collect();
    assert_eq!(documented, rows(), "run `node scripts/error-codes.mjs`");
}

#[test]
fn names_are_unique_and_the_same_in_json() {
    let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    for code in Code::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        assert_eq!(code.to_string(), code.as_str());
    }
}

#[test]
fn every_status_is_an_error() {
    assert!(
        Code::ALL
            .iter()
            .all(|code| (400..600).contains(&code.status()))
    );
}

#[test]
fn every_advice_is_a_sentence() {
    assert!(
        Code::ALL
            .iter()
            .all(|code| code.advice().ends_with(['.', '?']))
    );
}
