//! The parts that pages are made of. They take their children and closures boxed: each part is compiled once, not once
//! for every place, which is what keeps the download small.

use admit_one_protocol::Code;
use leptos::prelude::*;

use crate::{browser, failure::Failure, messages::t};

/// A page: a card with a heading, which takes the focus when the page changes.
pub fn card(class: &'static str, title: &'static str, children: Vec<AnyView>) -> AnyView {
    view! { <main class=format!("card {class}")><h1 tabindex="-1">{t(title)}</h1>{children}</main> }
        .into_any()
}

/// A paragraph that stays as it is.
pub fn paragraph(class: &'static str, text: String) -> AnyView {
    view! { <p class=class>{text}</p> }.into_any()
}

/// What the page is doing, announced when it changes; not `aria-busy`, with which it wouldn't be.
pub fn status(testid: &'static str, busy: bool, text: String) -> AnyView {
    view! { <p class="status" role="status" data-testid=testid data-busy=busy.to_string()>{text}</p> }.into_any()
}

/// Something that is made anew when what it reads changes.
pub fn dynamic(make: impl FnMut() -> AnyView + Send + 'static) -> AnyView {
    (Box::new(make) as Box<dyn FnMut() -> AnyView + Send>).into_any()
}

/// Nothing.
pub fn nothing() -> AnyView {
    ().into_any()
}

/// Who is signed in.
pub fn who(class: &'static str, name: impl FnMut() -> String + Send + 'static) -> AnyView {
    let mut name: Box<dyn FnMut() -> String + Send> = Box::new(name);
    // An e-mail that is too long for its line is broken before its "@" or a dot.
    let name = dynamic(move || {
        let mut parts = vec![String::new()];
        for c in name().chars() {
            if matches!(c, '@' | '.') {
                parts.push(String::new());
            }
            if let Some(part) = parts.last_mut() {
                part.push(c);
            }
        }
        let parts = parts.into_iter();
        parts
            .map(|part| view! { {part}<wbr/> }.into_any())
            .collect_view()
            .into_any()
    });
    view! { <p class=class data-testid="user-email">{name}</p> }.into_any()
}

/// Buttons, one below the other.
pub fn actions(class: &'static str, buttons: Vec<AnyView>) -> AnyView {
    view! { <div class=class>{buttons}</div> }.into_any()
}

/// A button; `busy` while what it does is under way.
pub fn button(
    class: &'static str,
    testid: &'static str,
    label: String,
    busy: Option<RwSignal<bool>>,
    press: impl Fn() + 'static,
) -> AnyView {
    let press: Box<dyn Fn()> = Box::new(press);
    view! {
        <button type="button" class=class data-testid=testid
            aria-busy=move || busy.is_some_and(|busy| busy.get()).then_some("true") on:click=move |_| press()>{label}</button>
    }
    .into_any()
}

/// A button for what another page has asked for. It takes no press until the page has been in sight for a moment: one that
/// was meant for whatever stood in front of it says yes to nothing.
pub fn considered(testid: &'static str, label: String, press: impl Fn() + 'static) -> AnyView {
    let seen = RwSignal::new(false);
    let turns = StoredValue::new(0_u32);
    let look = move || {
        seen.try_set(false);
        let turn = turns.try_update_value(|turns| {
            *turns += 1;
            *turns
        });
        browser::spawn(async move {
            browser::sleep(A_MOMENT_MS).await;
            if turns.try_get_value() == turn {
                seen.try_set(true);
            }
        });
    };
    look();
    browser::on_window("focus", look);
    browser::on_document("visibilitychange", look);
    let press: Box<dyn Fn()> = Box::new(press);
    view! {
        <button type="button" class="primary" data-testid=testid
            aria-disabled=move || (!seen.get()).then_some("true")
            on:click=move |_| if seen.get_untracked() { press() }>{label}</button>
    }
    .into_any()
}

/// Longer than the two presses of a double click are apart.
const A_MOMENT_MS: u32 = 500;

/// Something that went wrong on the page, beside what is on it: a sentence for the buyer, a line for the developer.
pub fn notice(failure: &Failure) -> AnyView {
    view! {
        <div class="notice" role="alert" data-testid="error" data-code=failure.code.as_str()>
            <p>{sentence(failure)}</p>
            {for_developers(failure)}
        </div>
    }
    .into_any()
}

/// The notice of what went wrong, if anything has.
pub fn notice_of(failure: impl Fn() -> Option<Failure> + Send + 'static) -> AnyView {
    dynamic(move || failure().as_ref().map_or_else(nothing, notice))
}

/// What the buyer reads about a failure.
pub fn sentence(failure: &Failure) -> String {
    let of_code = || t(&format!("error.{}", failure.code.as_str()));
    if !failure.unchanged || failure.is_transient() {
        return of_code();
    }
    // After a step-up that didn't work somebody is still signed in, which most of those sentences deny.
    match failure.code {
        Code::AccessDenied => t("step_up.denied"),
        Code::IdTokenAcr | Code::IdTokenAuthTime => t("step_up.weak"),
        code if code.as_str().starts_with("step_up_") => of_code(),
        _ => t("step_up.refused"),
    }
}

/// The code and the request's id, folded away.
pub fn for_developers(failure: &Failure) -> AnyView {
    view! {
        <details class="developer"><summary>{t("failure.details")}</summary><code>{failure.for_developers()}</code></details>
    }
    .into_any()
}
