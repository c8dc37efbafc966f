//! Addresses and sentences.

use admit_one_app::{
    browser,
    messages::{set_messages, t, t_with},
    route::Route,
};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn pages_are_found_by_their_paths() {
    for (path, route) in [
        ("/", Route::SignIn),
        ("/?return_to=/profile", Route::SignIn),
        ("/callback/club", Route::Callback),
        ("/callback/club/", Route::Callback),
        ("/callback/", Route::Unknown),
        ("/landing/paper?t=a.b.c", Route::Landing),
        ("/landing/", Route::Unknown),
        ("/profile", Route::Profile),
        ("/account/", Route::Account),
        ("/signed-out?state=x", Route::SignedOut),
        ("/accounts", Route::Unknown),
    ] {
        assert_eq!(Route::parse(path), route, "{path}");
    }
}

#[wasm_bindgen_test]
fn an_amount_is_written_as_in_the_language() {
    for (text, lang, written) in [
        ("7.5", "fr", "7,5"),
        ("12.50", "de", "12,50"),
        ("1240", "de", "1.240"),
        ("-3", "de", "-3"),
        ("0", "fr", "0"),
        ("1240.00", "fr", "1\u{202f}240,00"),
        // Nothing that we can be sure of.
        ("", "de", ""),
        ("7.", "de", "7."),
        (".5", "de", ".5"),
        ("007", "de", "007"),
        ("1e3", "de", "1e3"),
        ("12.50 $", "de", "12.50 $"),
        ("6006491234567890", "de", "6006491234567890"),
    ] {
        assert_eq!(browser::amount(text, lang), written, "{text} in {lang}");
    }
}

#[wasm_bindgen_test]
fn arguments_are_filled_in_once() {
    let messages = [
        ("a", "Continue with %{label}"),
        ("b", "%{x} and %{y}"),
        ("c", "100 % {sure} %{open"),
    ];
    set_messages(
        messages
            .map(|(key, text)| (key.to_owned(), text.to_owned()))
            .into_iter()
            .collect(),
    );
    assert_eq!(
        t_with("a", &[("label", "%{label} & Co")]),
        "Continue with %{label} & Co"
    );
    assert_eq!(t_with("b", &[("y", "2")]), " and 2");
    assert_eq!(t_with("c", &[]), "100 % {sure} open");
    assert_eq!(t("missing"), "missing");
}
