//! One field of the form: its label, its input, and what is wrong with it.

use admit_one_protocol::profile::{Field, countries, languages};
use leptos::prelude::*;

use super::{super::parts::nothing, Form};
use crate::{
    browser::{Names, in_order},
    messages::t,
};

/// A labelled input; what is wrong with it is tied to it and announced.
pub(super) fn field_input(form: Form, field: Field) -> AnyView {
    let name = field.as_str();
    let hint = match field {
        Field::PhoneNumber => {
            view! { <p class="hint" id="phone_number-hint">{t("hint.phone_number")}</p> }.into_any()
        }
        _ => nothing(),
    };
    view! {
        <div class="field">
            <label for=name>{t(&["field.", name].concat())}</label>
            {match field {
                Field::Country => choice(form, field, "region", countries().collect()),
                Field::Locale => choice(form, field, "language", languages().collect()),
                _ => input(form, field),
            }}
            {hint}
            <p class="wrong" id=[name, "-wrong"].concat() aria-live="polite">
                {move || form.error(field).map(t).unwrap_or_default()}
            </p>
        </div>
    }
    .into_any()
}

fn input(form: Form, field: Field) -> AnyView {
    let name = field.as_str();
    view! {
        <input id=name name=name type=field.input_type() autocomplete=field.autocomplete()
            maxlength=field.longest().to_string() required=true aria-describedby=described_by(field)
            aria-invalid=move || form.error(field).map(|_| "true") value=form.value(field)
            on:input=move |event| form.answer(field, event_target_value(&event))
            on:blur=move |_| form.leave(field)/>
    }
    .into_any()
}

/// A choice of codes by their names in the buyer's language.
fn choice(form: Form, field: Field, of: &str, codes: Vec<&'static str>) -> AnyView {
    let name = field.as_str();
    let lang = form.app.configuration.read_value().lang.clone();
    let names = Names::new(of, &lang);
    let mut all: Vec<(String, &'static str)> = Vec::new();
    for code in codes {
        let name = names.of(code);
        let at = all.partition_point(|(other, _)| in_order(other, &name, &lang).is_lt());
        all.insert(at, (name, code));
    }
    all.insert(0, (t("profile.choose"), ""));
    let chosen = form.value(field);
    let option = |(name, code): (String, &'static str)| {
        view! { <option value=code selected=code == chosen>{name}</option> }.into_any()
    };
    let options: Vec<AnyView> = all.into_iter().map(option).collect();
    view! {
        <select id=name name=name autocomplete=field.autocomplete() required=true aria-describedby=described_by(field)
            aria-invalid=move || form.error(field).map(|_| "true")
            on:change=move |event| {
                form.answer(field, event_target_value(&event));
                form.dial_from_abroad();
            }>{options}</select>
    }
    .into_any()
}

fn described_by(field: Field) -> String {
    let hint = if field == Field::PhoneNumber {
        " phone_number-hint"
    } else {
        ""
    };
    [field.as_str(), "-wrong", hint].concat()
}

/// What is said about a field without a value.
pub(super) fn empty(field: Field) -> &'static str {
    match field {
        Field::Country | Field::Locale => "profile.choose",
        _ => "profile.required",
    }
}

/// What is said about a value that isn't valid.
pub(super) fn invalid(field: Field) -> &'static str {
    match field {
        Field::Email => "profile.invalid.email",
        Field::PhoneNumber => "profile.invalid.phone_number",
        Field::Birthdate => "profile.invalid.birthdate",
        Field::Country => "profile.invalid.country",
        _ => "profile.invalid.other",
    }
}
