//! Our own login form: labelled, made for password managers, with what is wrong announced and a countdown while the
//! account is frozen.

use admit_one_protocol::{
    Code,
    api::PublicProvider,
    authorization::PendingAuthorization,
    sso2::authenticate::{LONGEST_PASSWORD, LONGEST_USERNAME, Password},
};
use leptos::prelude::*;

use super::{
    super::{
        parts::{dynamic, for_developers, nothing, paragraph, sentence},
        widget::cancel,
    },
    another_way,
};
use crate::{
    app::App,
    browser,
    failure::Failure,
    landing,
    messages::{t, t_with},
    pending,
};

/// The state of the form. The password isn't in it: it stays in its field until it is sent.
#[derive(Clone, Copy)]
struct Form {
    app: App,
    /// The sign-in that it is for.
    state: StoredValue<String>,
    busy: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
    /// The fields that were left empty.
    empty: RwSignal<Vec<&'static str>>,
    /// The account that was frozen last, and until when, in milliseconds.
    frozen: StoredValue<(String, u64)>,
    /// Another account stands in the field.
    is_another: RwSignal<bool>,
    /// Seconds for which the account is still frozen.
    frozen_for: RwSignal<u64>,
    /// It has been.
    was_frozen: RwSignal<bool>,
}

/// The form.
pub(super) fn login_form(app: App, state: String) -> AnyView {
    let form = Form {
        app,
        state: StoredValue::new(state),
        busy: RwSignal::new(false),
        failure: RwSignal::new(None),
        empty: RwSignal::default(),
        frozen: StoredValue::new((String::new(), 0)),
        is_another: RwSignal::new(false),
        frozen_for: RwSignal::new(0),
        was_frozen: RwSignal::new(false),
    };
    let pending = form.pending();
    let leads_to = pending.as_ref().map(|pending| pending.return_to.clone());
    let provider = pending.and_then(|pending| {
        let configuration = app.configuration.read_value();
        configuration.provider(&pending.provider).cloned()
    });
    let label = provider.as_ref().map(|provider| &*provider.label);
    let label = label.unwrap_or_default();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        form.send();
    };
    let another_way = move |_| another_way(app, &form.state.read_value());
    // There is nothing else to do on this page.
    browser::spawn(async {
        browser::sleep(0).await;
        browser::focus("#username");
    });
    view! {
        {paragraph("lead", t_with("landing.lead", &[("label", label)]))}
        <form novalidate data-testid="login-form" on:submit=submit on:input=move |_| form.is_typed()>
            {what_is_wrong(form)}
            {field(form, "username", "text", "email", "username", LONGEST_USERNAME)}
            {field(form, "password", "password", "text", "current-password", LONGEST_PASSWORD)}
            <div class="actions">
                <button type="submit" class="primary" data-testid="log-in"
                    aria-busy=move || form.busy.get().then_some("true")
                    aria-disabled=move || form.is_frozen().then_some("true")>{t("landing.log_in")}</button>
                <button type="button" class="quiet" data-testid="other-way" on:click=another_way>
                    {t("landing.other_way")}
                </button>
                {cancel(app, leads_to)}
            </div>
        </form>
        {provider.map_or_else(nothing, elsewhere)}
    }
    .into_any()
}

/// Where a password is replaced and accounts are made, which isn't here.
fn elsewhere(provider: PublicProvider) -> AnyView {
    if provider.forgot_password_url.is_none() && provider.register_url.is_none() {
        return nothing();
    }
    let link = |url: Option<String>, name: &'static str| {
        url.map_or_else(nothing, |url| {
            let text = t(&["landing.", name].concat());
            view! { <a href=url data-testid=name>{text}</a> }.into_any()
        })
    };
    view! {
        <p class="elsewhere">
            {link(provider.forgot_password_url, "forgot_password")}
            {link(provider.register_url, "register")}
        </p>
    }
    .into_any()
}

/// A labelled input, tied to what is wrong.
fn field(
    form: Form,
    name: &'static str,
    kind: &'static str,
    keyboard: &'static str,
    autocomplete: &'static str,
    longest: usize,
) -> AnyView {
    let is_wrong = move || {
        let failure = form.failure.read();
        let code = failure.as_ref().map(|failure| failure.code);
        (code == Some(Code::Sso2Credentials) || form.empty.read().contains(&name)).then_some("true")
    };
    let required = move || {
        form.empty
            .read()
            .contains(&name)
            .then(|| t("profile.required"))
    };
    let wrong = [name, "-wrong"].concat();
    let described_by = ["login-wrong ", &wrong].concat();
    view! {
        <div class="field">
            <label for=name>{t(&["landing.", name].concat())}</label>
            <input id=name name=name type=kind inputmode=keyboard autocomplete=autocomplete maxlength=longest.to_string() required=true
                autocapitalize="none" spellcheck="false" aria-describedby=described_by aria-invalid=is_wrong/>
            <p class="wrong" id=wrong aria-live="polite">{required}</p>
        </div>
    }
    .into_any()
}

/// What is wrong, announced at once; the countdown ticks for the eye, and is announced by the minute.
fn what_is_wrong(form: Form) -> AnyView {
    view! {
        <div id="login-wrong" role="alert">{dynamic(move || match form.failure.get() {
            None => nothing(),
            Some(failure) => view! {
                <div class="notice" data-testid="error" data-code=failure.code.as_str()>
                    <p>{sentence(&failure)}</p>
                    {remaining(&failure)}
                    {for_developers(&failure)}
                </div>
            }
            .into_any(),
        })}</div>
        {countdown(form)}
    }
    .into_any()
}

/// How many attempts remain before the account is frozen.
fn remaining(failure: &Failure) -> AnyView {
    let Some(count) = failure.remaining else {
        return nothing();
    };
    let text = counted("landing.remaining", count);
    view! { <p data-testid="remaining">{text}</p> }.into_any()
}

fn countdown(form: Form) -> AnyView {
    let left = move || {
        if form.is_frozen() {
            form.frozen_for.get()
        } else {
            0
        }
    };
    let minutes = Memo::new(move |_| left().div_ceil(60));
    let shown = move || {
        let left = left();
        let clock = format!("{}:{:02}", left / 60, left % 60);
        match left {
            0 => String::new(),
            _ => t_with("landing.frozen_for", &[("time", &clock)]),
        }
    };
    let announced = move || match minutes.get() {
        0 if form.was_frozen.get() && !form.is_another.get() => t("landing.frozen_over"),
        0 => String::new(),
        left => counted("landing.frozen_minutes", left),
    };
    view! {
        <p class="countdown" data-testid="countdown" aria-hidden="true">{shown}</p>
        <p class="announced" role="status" data-testid="announced">{announced}</p>
    }
    .into_any()
}

/// One, or several.
fn counted(key: &str, count: u64) -> String {
    let form = if count == 1 { ".one" } else { ".other" };
    t_with(&[key, form].concat(), &[("count", &count.to_string())])
}

impl Form {
    fn pending(self) -> Option<PendingAuthorization> {
        self.state.with_value(|state| pending::find(state))
    }

    fn is_frozen(self) -> bool {
        self.frozen_for.get() > 0 && !self.is_another.get()
    }

    /// What was wrong with an empty field isn't any more; nor is another account frozen.
    fn is_typed(self) {
        self.empty.set(Vec::new());
        let is_another = self.frozen.read_value().0 != username();
        self.is_another.set(is_another);
        if is_another && self.frozen_for.get_untracked() > 0 {
            self.failure.set(None);
        }
    }

    /// Sends what was typed.
    fn send(self) {
        // A password manager may have filled it in without a word.
        self.is_typed();
        let is_frozen = untrack(|| self.is_frozen());
        if self.busy.get_untracked() || is_frozen {
            return;
        }
        let (username, password) = (username(), browser::typed("#password"));
        let fields = [("username", &username), ("password", &password)];
        let empty = fields.iter().filter(|(_, typed)| typed.is_empty());
        let empty: Vec<_> = empty.map(|(name, _)| *name).collect();
        if let Some(first) = empty.first() {
            browser::focus(&["#", first].concat());
            self.failure.set(None);
            return self.empty.set(empty);
        }
        let password = Password::new(password);
        self.busy.set(true);
        self.failure.set(None);
        browser::spawn(async move {
            let state = self.state.get_value();
            let outcome = landing::log_in(self.app, &state, username.clone(), password).await;
            // The page may be gone by now.
            let _ = self.busy.try_set(false);
            if let Err(failure) = outcome {
                self.show(username, failure);
            }
        });
    }

    fn show(self, username: String, failure: Failure) {
        browser::write("#password", "");
        let frozen_for = match failure.code {
            Code::Sso2Frozen => failure.retry_after.unwrap_or(UNSAID),
            _ => 0,
        };
        if self.failure.try_set(Some(failure)).is_none() {
            browser::focus("#password");
        }
        if frozen_for > 0 {
            let _ = self.was_frozen.try_set(true);
            self.count_down(username, browser::now_ms() + frozen_for * 1000);
        }
    }

    /// Ticks until then, by the clock: timers of a page in the background are slow.
    fn count_down(self, username: String, until_ms: u64) {
        let _ = self.frozen.try_set_value((username, until_ms));
        let _ = self.is_another.try_set(false);
        browser::spawn(async move {
            let is_last = || self.frozen.try_with_value(|frozen| frozen.1 == until_ms);
            while is_last() == Some(true) {
                let left = until_ms.saturating_sub(browser::now_ms()).div_ceil(1000);
                if self.frozen_for.try_set(left).is_some() || left == 0 {
                    return;
                }
                browser::sleep(1000).await;
            }
        });
    }
}

/// What stands in the field.
fn username() -> String {
    browser::typed("#username").trim().to_owned()
}

/// For how long, where SSO2 doesn't say: seconds.
const UNSAID: u64 = 60;
