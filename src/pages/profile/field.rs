//! One field of the form: its label, its input, and what is wrong with it.

use admit_one_protocol::profile::{Field, countries};
use leptos::prelude::*;

use super::Form;
use crate::{browser::CountryNames, messages::t};

/// A labelled input; what is wrong with it is tied to it and announced.
#[component]
pub(super) fn FieldInput(form: Form, field: Field) -> impl IntoView {
    let name = field.as_str();
    let error = move || form.errors.read().get(&field).copied();
    let hint = hint(field);
    view! {
        <div class="field">
            <label for=name>{t(&format!("field.{name}"))}</label>
            {input(form, field)}
            {hint.map(|key| view! { <p class="hint" id=format!("{name}-hint")>{t(key)}</p> })}
            <p class="wrong" id=format!("{name}-wrong") aria-live="polite">{move || error().map(t)}</p>
        </div>
    }
}

fn input(form: Form, field: Field) -> AnyView {
    let name = field.as_str();
    let value = form
        .answers
        .read_untracked()
        .get(field)
        .unwrap_or_default()
        .to_owned();
    let wrong = move || form.errors.read().contains_key(&field).then_some("true");
    let described = match hint(field) {
        Some(_) => format!("{name}-wrong {name}-hint"),
        None => format!("{name}-wrong"),
    };
    if field == Field::Country {
        let options = country_options(form, &value);
        return view! {
            <select id=name name=name autocomplete=field.autocomplete() required aria-describedby=described
                aria-invalid=wrong
                on:change=move |event| form.answer(field, event_target_value(&event))>
                {options}
            </select>
        }
        .into_any();
    }
    view! {
        <input id=name name=name type=field.input_type() autocomplete=field.autocomplete() maxlength=field.longest()
            required aria-describedby=described aria-invalid=wrong value=value
            on:input=move |event| form.answer(field, event_target_value(&event))
            on:blur=move |_| form.leave(field)/>
    }
    .into_any()
}

/// The countries by their names in the buyer's language.
fn country_options(form: Form, chosen: &str) -> Vec<AnyView> {
    let lang = form.app.configuration.read_untracked().lang.clone();
    let names = CountryNames::new(&lang);
    let mut all: Vec<(String, &'static str)> =
        countries().map(|code| (names.of(code), code)).collect();
    all.sort_by(|(a, _), (b, _)| crate::browser::in_order(a, b, &lang));
    let none = view! { <option value="" selected=chosen.is_empty()>{t("profile.choose")}</option> }
        .into_any();
    let options = all.into_iter().map(|(name, code)| {
        view! { <option value=code selected=code == chosen>{name}</option> }.into_any()
    });
    std::iter::once(none).chain(options).collect()
}

/// What helps to fill it in.
fn hint(field: Field) -> Option<&'static str> {
    match field {
        Field::PhoneNumber => Some("hint.phone_number"),
        _ => None,
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
