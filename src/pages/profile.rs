//! `/profile`: the buyer is asked for what is missing, and nothing else.

mod field;

use std::collections::BTreeMap;

use admit_one_protocol::{
    Code,
    api::CompleteRequest,
    profile::{Field, Profile as Answers},
};
use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};
use web_sys::SubmitEvent;

use self::field::FieldInput;
use crate::{
    api,
    app::App,
    browser::{self, Entry, Shelf},
    messages::t,
    pages::notice::Notice,
    route::Route,
    sync,
};

/// The state of the form.
#[derive(Clone, Copy)]
struct Form {
    app: App,
    answers: RwSignal<Answers>,
    /// What is wrong, as the key of a message.
    errors: RwSignal<BTreeMap<Field, &'static str>>,
    busy: RwSignal<bool>,
}

/// The profile page.
#[component]
pub fn Profile() -> impl IntoView {
    let app = expect_context::<App>();
    let form = Form {
        app,
        answers: RwSignal::new(kept_answers(app)),
        errors: RwSignal::default(),
        busy: RwSignal::new(false),
    };
    let missing = Memo::new(move |_| {
        app.session
            .with(|session| session.missing.clone())
            .flatten()
    });
    // A link to this page is also a wish to come back to it from the account.
    let nothing = move || missing.get().is_some_and(|missing| missing.is_empty());
    view! {
        <main class="card profile">
            <h1 tabindex="-1">{t("profile.title")}</h1>
            <p class="who small" data-testid="user-email">
                {move || app.session.with(|session| session.shown_name())}
            </p>
            {move || app.notice.get().map(|failure| view! { <Notice failure/> })}
            {move || match missing.get() {
                None => view! { <Waiting/> }.into_any(),
                Some(_) if nothing() => view! { <Complete/> }.into_any(),
                Some(fields) => view! { <Questions form fields/> }.into_any(),
            }}
        </main>
    }
}

/// While it isn't known what is missing.
#[component]
fn Waiting() -> impl IntoView {
    let app = expect_context::<App>();
    move || {
        if app.notice.read().is_none() {
            return view! { <p class="status" role="status" data-testid="status">{t("account.syncing")}</p> }.into_any();
        }
        let retry = move |_| {
            app.notice.set(None);
            spawn_local(sync::onward(app));
        };
        view! {
            <div class="actions">
                <button type="button" class="primary" data-testid="retry" on:click=retry>{t("action.retry")}</button>
            </div>
        }
        .into_any()
    }
}

/// Nothing is missing.
#[component]
fn Complete() -> impl IntoView {
    let app = expect_context::<App>();
    view! {
        <p class="lead" role="status" data-testid="status">{t("profile.complete")}</p>
        <div class="actions">
            <button type="button" class="primary" on:click=move |_| app.go(Route::Account, Entry::Push)>
                {t("account.title")}
            </button>
        </div>
    }
}

/// The form.
#[component]
fn Questions(form: Form, fields: Vec<Field>) -> impl IntoView {
    let app = form.app;
    let later = app.configuration.read_untracked().profile_later;
    let asked = fields.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        form.save(&asked);
    };
    view! {
        <p class="lead">{t("profile.lead")}</p>
        <form novalidate data-testid="profile-form" on:submit=submit>
            {fields.into_iter().map(|field| view! { <FieldInput form field/> }.into_any()).collect::<Vec<_>>()}
            <div class="actions">
                <button type="submit" class="primary" data-testid="save"
                    aria-busy=move || form.busy.get().then_some("true")>{t("profile.save")}</button>
                {later.then(|| view! {
                    <button type="button" class="quiet" data-testid="later" on:click=move |_| form.put_off()>
                        {t("profile.later")}
                    </button>
                })}
            </div>
        </form>
    }
}

impl Form {
    /// An answer changes: it is kept, so that a reload loses nothing, and what was wrong with it is forgotten.
    fn answer(self, field: Field, value: String) {
        self.answers.update(|answers| answers.set(field, value));
        keep_answers(self.app, &self.answers.read_untracked());
        if self.errors.read_untracked().contains_key(&field) {
            self.errors.update(|errors| {
                errors.remove(&field);
            });
        }
    }

    /// The field is left: what is wrong with a value is said then; that it is empty, only when saving.
    fn leave(self, field: Field) {
        let value = self
            .answers
            .read_untracked()
            .get(field)
            .unwrap_or_default()
            .to_owned();
        if !value.trim().is_empty() && field.validate(&value).is_err() {
            self.errors.update(|errors| {
                errors.insert(field, field::invalid(field));
            });
        }
    }

    /// Saves what was asked for, if all of it is valid.
    fn save(self, asked: &[Field]) {
        if self.busy.get_untracked() {
            return;
        }
        let mut valid = Vec::new();
        let mut errors = BTreeMap::new();
        for field in asked {
            let value = self
                .answers
                .read_untracked()
                .get(*field)
                .unwrap_or_default()
                .to_owned();
            match field.validate(&value) {
                Ok(value) => valid.push((*field, value)),
                Err(_) if value.trim().is_empty() => {
                    errors.insert(*field, "profile.required");
                }
                Err(_) => {
                    errors.insert(*field, field::invalid(*field));
                }
            }
        }
        let complete = errors.is_empty();
        self.errors.set(errors);
        if complete {
            self.send(valid.into_iter().collect());
        } else {
            focus_error(asked, self.errors);
        }
    }

    fn send(self, profile: Answers) {
        let app = self.app;
        let Some(session) = app.session.current() else {
            return;
        };
        self.busy.set(true);
        app.notice.set(None);
        spawn_local(async move {
            let request = CompleteRequest {
                handle: session.handle.clone(),
                profile,
            };
            let answer = api::complete(&request).await;
            let _ = self.busy.try_set(false);
            match answer {
                Ok(answer) => {
                    let complete = answer.missing.is_empty();
                    sync::keep(app, &session, answer);
                    if complete {
                        forget_answers();
                        sync::proceed(app).await;
                    }
                }
                Err(failure)
                    if failure.code == Code::ProfileInvalid && !failure.fields.is_empty() =>
                {
                    let wrong = failure
                        .fields
                        .iter()
                        .map(|field| (*field, field::invalid(*field)))
                        .collect();
                    let _ = self.errors.try_set(wrong);
                    focus_error(&failure.fields, self.errors);
                }
                Err(failure) => sync::refused(app, failure),
            }
        });
    }

    /// The buyer wants to go on without.
    fn put_off(self) {
        if let Some(session) = self.app.session.current() {
            self.app
                .session
                .update(&session, |session| session.later = true);
            spawn_local(sync::proceed(self.app));
        }
    }
}

/// Moves the focus to the first field with something wrong in it.
fn focus_error(asked: &[Field], errors: RwSignal<BTreeMap<Field, &'static str>>) {
    let first = asked
        .iter()
        .find(|field| errors.read_untracked().contains_key(field));
    if let Some(field) = first {
        browser::focus(&format!("[name='{field}']"));
    }
}

/// Partial answers, of one person.
#[derive(Deserialize, Serialize)]
struct Kept {
    iss: String,
    sub: String,
    answers: Answers,
}

fn kept_answers(app: App) -> Answers {
    let kept: Option<Kept> = Shelf::ALL.into_iter().find_map(|shelf| shelf.get(ANSWERS));
    let Some(session) = app.session.current() else {
        return Answers::default();
    };
    let claims = session.claims;
    let own = kept.filter(|kept| kept.iss == claims.iss && kept.sub == claims.sub);
    own.map(|kept| kept.answers).unwrap_or_else(|| {
        // What the provider said already is a good first answer.
        let said = [
            (Field::GivenName, claims.given_name),
            (Field::FamilyName, claims.family_name),
        ];
        said.into_iter()
            .filter_map(|(field, value)| Some((field, value?)))
            .collect()
    })
}

fn keep_answers(app: App, answers: &Answers) {
    use admit_one_protocol::api::Custody;
    let Some(session) = app.session.current() else {
        return;
    };
    let kept = Kept {
        iss: session.claims.iss,
        sub: session.claims.sub,
        answers: answers.clone(),
    };
    let shelves = match app.configuration.read_untracked().custody {
        Custody::Local | Custody::Cookie => Shelf::ALL,
        Custody::Session | Custody::Memory => [Shelf::Session, Shelf::Session],
    };
    let _ = shelves.into_iter().any(|shelf| shelf.set(ANSWERS, &kept));
}

/// Forgets partial answers: they were saved, or somebody else is signed in.
pub fn forget_answers() {
    for shelf in Shelf::ALL {
        shelf.remove(ANSWERS);
    }
}

const ANSWERS: &str = "admit-one.profile";
