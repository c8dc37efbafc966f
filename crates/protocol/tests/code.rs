//! The stable codes, and the table of them in the documentation.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::HashSet, fmt::Write, fs, path::Path};

use admit_one_protocol::{Actor, Code};

/// `docs/errors.md`, as the codes make it.
fn errors_markdown() -> String {
    let mut page = String::from(
        "# Error codes\n\n\
         <!-- Generated from `Code::ALL`; `UPDATE_DOCS=1 cargo test -p admit-one-protocol --test code` writes it. -->\n\n\
         Everything that can go wrong has a code that doesn't change. It stands in `code` of the backend's problem\n\
         documents (RFC 9457), in `data-code` of the page's error, in the log and in the metrics.\n\n\
         | code | status | who acts | what to do |\n| --- | --- | --- | --- |\n",
    );
    for code in Code::ALL {
        let actor = match code.actor() {
            Actor::Buyer => "buyer",
            Actor::Operator => "operator",
            Actor::Provider => "identity provider",
            Actor::Developer => "developer",
        };
        let advice = code.advice().replace('|', "\\|");
        writeln!(
            page,
            "| <a id=\"{code}\"></a>`{code}` | {} | {actor} | {advice} |",
            code.status()
        )
        .unwrap();
    }
    page
}

#[test]
fn the_documentation_has_every_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, errors_markdown()).unwrap();
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        page == errors_markdown(),
        "docs/errors.md is out of date: run this test with UPDATE_DOCS=1"
    );
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
