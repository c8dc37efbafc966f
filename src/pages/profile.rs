//! `/profile`: the buyer is asked for what is missing, and nothing else.

mod answers;
mod field;

use admit_one_protocol::{
    Code,
    api::{CompleteRequest, ProfileResponse},
    authorization::Replay,
    profile::{Field, Profile as Answers, telephone::international},
};
use leptos::prelude::*;

use super::{
    account::retry,
    parts::{actions, button, card, dynamic, nothing, notice_of, paragraph, status, who},
    widget::cancel,
};
use crate::{
    again, api,
    app::App,
    browser::{self, Entry},
    custody::forget_answers,
    failure::Failure,
    messages::t,
    route::Route,
    session::SignedIn,
    sign_out::other_account,
    step_up, sync,
};

/// The state of the form.
#[derive(Clone, Copy)]
struct Form {
    app: App,
    answers: StoredValue<Answers>,
    /// A telephone number as it was typed, and what has become of it.
    dialled: StoredValue<(String, String)>,
    /// What is wrong, as the key of a message.
    errors: RwSignal<Vec<(Field, &'static str)>>,
    busy: RwSignal<bool>,
}

/// The profile page.
pub fn profile(app: App) -> AnyView {
    let form = Form {
        app,
        answers: StoredValue::new(answers::kept_answers(app)),
        dialled: StoredValue::default(),
        errors: RwSignal::default(),
        busy: RwSignal::new(false),
    };
    let missing: Memo<Option<Vec<Field>>> = Memo::new(move |_| {
        app.session
            .with(|session| session.missing.clone())
            .flatten()
    });
    card(
        "profile",
        "profile.title",
        vec![
            who("who small", move || {
                app.session.with(SignedIn::shown_name).unwrap_or_default()
            }),
            notice_of(move || app.notice.get()),
            dynamic(move || match missing.get() {
                None if app.notice.read().is_some() => actions("actions", vec![retry(app)]),
                None => status("status", true, t("account.syncing")),
                Some(fields) if fields.is_empty() => complete(app),
                Some(fields) => questions(form, fields),
            }),
        ],
    )
}

/// Nothing is missing.
fn complete(app: App) -> AnyView {
    let account = move || app.go(Route::Account, Entry::Push);
    vec![
        status("status", false, t("profile.complete")),
        actions(
            "actions",
            vec![button(
                "primary",
                "account",
                t("account.title"),
                None,
                account,
            )],
        ),
    ]
    .into_any()
}

/// The form.
fn questions(form: Form, fields: Vec<Field>) -> AnyView {
    let later = form.app.configuration.read_value().profile_later;
    let inputs: Vec<AnyView> = fields
        .iter()
        .map(|field| field::field_input(form, *field))
        .collect();
    let put_off = if later {
        button("quiet", "later", t("profile.later"), None, move || {
            form.put_off()
        })
    } else {
        nothing()
    };
    let session = form.app.session.current();
    let leads_to = session.and_then(|session| session.return_to);
    let cancel = cancel(form.app, leads_to);
    let leave = move || other_account(form.app);
    let leave = button(
        "quiet",
        "other-account",
        t("action.other_account"),
        None,
        leave,
    );
    view! {
        {paragraph("lead", t("profile.lead"))}
        <form novalidate data-testid="profile-form" on:submit=move |event| {
            event.prevent_default();
            form.save(&fields);
        }>
            {inputs}
            <div class="actions">
                <button type="submit" class="primary" data-testid="save"
                    aria-busy=move || form.busy.get().then_some("true")>{t("profile.save")}</button>
                {put_off}
                {leave}
                {cancel}
            </div>
        </form>
    }
    .into_any()
}

/// What was missing is there, or some of it.
fn saved(app: App, sent: &SignedIn, answer: ProfileResponse) {
    let complete = answer.missing.is_empty();
    sync::keep(app, sent, answer);
    let current = app.session.current();
    if complete && current.is_some_and(|session| session.is_same_person(sent)) {
        app.completed.set(true);
        forget_answers();
        browser::spawn(sync::proceed(app));
    }
}

/// Saves the answers that were given before a step-up, once; what still isn't enough is shown.
pub async fn replay(app: App) {
    let Some(session) = app.session.current() else {
        return;
    };
    let answers = answers::kept_answers(app);
    let mut profile = Answers::default();
    for field in session.missing.iter().flatten() {
        if let Some(Ok(value)) = answers.get(*field).map(|value| field.validate(value)) {
            profile.set(*field, value);
        }
    }
    let request = CompleteRequest {
        handle: session.handle.clone(),
        profile,
    };
    match api::complete(&request).await {
        Ok(answer) => saved(app, &session, answer),
        Err(failure) => sync::refused(app, &session, failure),
    }
}

impl Form {
    /// Empty where there is no form any more: a field that has the focus is left once more when its page goes.
    fn value(self, field: Field) -> String {
        let value = |answers: &Answers| answers.get(field).unwrap_or_default().to_owned();
        self.answers.try_with_value(value).unwrap_or_default()
    }

    fn error(self, field: Field) -> Option<&'static str> {
        self.errors
            .read()
            .iter()
            .find(|(wrong, _)| *wrong == field)
            .map(|(_, key)| *key)
    }

    /// An answer changes: it is kept, so that a reload loses nothing, and what was wrong with it is forgotten.
    fn answer(self, field: Field, value: String) {
        // What waits to be saved is no longer what the buyer says.
        again::never_mind(self.app);
        self.answers
            .update_value(|answers| answers.set(field, value));
        answers::keep_answers(self.app, &self.answers.read_value());
        self.errors
            .update(|errors| errors.retain(|(wrong, _)| *wrong != field));
    }

    /// A number as it is written at home gets the code of the country that is chosen, or known; the buyer sees it.
    fn dial_from_abroad(self) {
        let known = |session: &SignedIn| session.profile.get(Field::Country).map(str::to_owned);
        let country = match self.value(Field::Country) {
            chosen if chosen.is_empty() => untrack(|| self.app.session.with(known)).flatten(),
            chosen => Some(chosen),
        };
        let shown = self.value(Field::PhoneNumber);
        // What was typed counts, should the country be another by now.
        let dialled = self.dialled.try_get_value().unwrap_or_default();
        let typed = if dialled.1 == shown {
            dialled.0
        } else {
            shown.clone()
        };
        let number = international(&typed, &country.unwrap_or_default());
        let number = number.unwrap_or_else(|| typed.clone());
        if number != shown {
            browser::write("[name=phone_number]", &number);
            self.dialled.set_value((typed, number.clone()));
            self.answer(Field::PhoneNumber, number);
        }
    }

    /// The field is left: what is wrong with a value is said then; that it is empty, only when saving.
    fn leave(self, field: Field) {
        if field == Field::PhoneNumber {
            self.dial_from_abroad();
        }
        let value = self.value(field);
        if !value.trim().is_empty() && field.validate(&value).is_err() {
            self.errors.update(|errors| {
                errors.retain(|(wrong, _)| *wrong != field);
                errors.push((field, field::invalid(field)));
            });
        }
    }

    /// Saves what was asked for, if all of it is valid.
    fn save(self, asked: &[Field]) {
        if self.busy.get_untracked() {
            return;
        }
        self.dial_from_abroad();
        let mut valid = Answers::default();
        let mut errors = Vec::new();
        for field in asked {
            let value = self.value(*field);
            match field.validate(&value) {
                Ok(value) => valid.set(*field, value),
                Err(_) if value.trim().is_empty() => errors.push((*field, field::empty(*field))),
                Err(_) => errors.push((*field, field::invalid(*field))),
            }
        }
        if errors.is_empty() {
            again::press(self.app, self.busy, move || {
                Box::pin(self.send(valid.clone()))
            });
        }
        self.show(errors);
    }

    /// Shows what is wrong, and moves the focus to the first of it.
    fn show(self, errors: Vec<(Field, &'static str)>) {
        let first = errors.first().map(|(field, _)| field.as_str());
        // The page may be gone by now.
        let _ = self.errors.try_set(errors);
        if let Some(name) = first {
            browser::focus(&["[name='", name, "']"].concat());
        }
    }

    async fn send(self, profile: Answers) -> Result<(), Failure> {
        let app = self.app;
        let session = app.session.current().ok_or(Code::HandleMissing)?;
        let request = CompleteRequest {
            handle: session.handle.clone(),
            profile,
        };
        let failure = match api::complete(&request).await {
            Ok(answer) => {
                saved(app, &session, answer);
                return Ok(());
            }
            Err(failure) => failure,
        };
        if let Some(wanted) = &failure.step_up {
            // Also what nobody has typed, because it was known from the sign-in.
            let keep = |answers: &Answers| answers::keep_answers(app, answers);
            self.answers.try_with_value(keep);
            return step_up::begin(app, wanted, Some(Replay::Complete)).await;
        }
        if failure.code == Code::ProfileInvalid && !failure.fields.is_empty() {
            let wrong = failure.fields.iter();
            self.show(
                wrong
                    .map(|field| (*field, field::invalid(*field)))
                    .collect(),
            );
            return Ok(());
        }
        Err(failure)
    }

    /// The buyer wants to go on without.
    fn put_off(self) {
        again::never_mind(self.app);
        if let Some(session) = self.app.session.current() {
            self.app
                .session
                .update(&session, |session| session.later = true);
            browser::spawn(sync::proceed(self.app));
        }
    }
}
