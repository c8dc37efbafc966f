//! `/account`: who is signed in, through what, until when, and what can be done about it.

use admit_one_protocol::api::SignOutReach;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    app::App,
    browser::{self, Entry},
    failure::Failure,
    grant,
    messages::{t, t_with},
    pages::notice::Notice,
    refresh,
    route::Route,
    sign_out, sync,
};

/// The account page.
#[component]
pub fn Account() -> impl IntoView {
    let app = expect_context::<App>();
    view! {
        <main class="card account">
            <h1 tabindex="-1">{t("account.title")}</h1>
            <Who/>
            {move || app.notice.get().map(|failure| view! { <Notice failure/> })}
            <Next/>
            <Facts/>
            <Actions/>
        </main>
    }
}

/// The e-mail, which is what the buyer looks for.
#[component]
fn Who() -> impl IntoView {
    let app = expect_context::<App>();
    Effect::new(|_| browser::mark("signed-in"));
    view! {
        <p class="who" data-testid="user-email">{move || app.session.with(|session| session.shown_name())}</p>
    }
}

/// What comes next: a profile to complete, the shop, or another try.
#[component]
fn Next() -> impl IntoView {
    let app = expect_context::<App>();
    let synced = Memo::new(move |_| {
        app.session
            .with(|session| session.missing.as_ref().map(Vec::len))
            .flatten()
    });
    let task = Task::new(app, |app| async move { grant::grant(app).await });
    let shop = app
        .configuration
        .read_untracked()
        .shop
        .as_ref()
        .map(|shop| shop.label.clone());
    let resync = move || {
        app.notice.set(None);
        spawn_local(sync::onward(app));
    };
    move || {
        match synced.get() {
        None if app.notice.read().is_some() => view! {
            <div class="actions">
                <button type="button" class="primary" data-testid="retry" on:click=move |_| resync()>
                    {t("action.retry")}
                </button>
            </div>
        }
        .into_any(),
        None => view! { <p class="status" role="status" data-testid="status">{t("account.syncing")}</p> }.into_any(),
        Some(missing) if missing > 0 => view! {
            <div class="actions">
                <p>{t("account.incomplete")}</p>
                <button type="button" class="primary" data-testid="complete"
                    on:click=move |_| app.go(Route::Profile, Entry::Push)>
                    {t("account.complete")}
                </button>
            </div>
        }
        .into_any(),
        Some(_) => shop
            .clone()
            .map(|label| view! {
                <div class="actions">
                    <button type="button" class="primary" data-testid="continue" aria-busy=move || task.busy()
                        on:click=move |_| task.run()>
                        {t_with("account.continue", &[("label", &label)])}
                    </button>
                </div>
            })
            .into_any(),
    }
    }
}

/// Through what, and until when.
#[component]
fn Facts() -> impl IntoView {
    let app = expect_context::<App>();
    let name = move || {
        app.session
            .with(|session| session.claims.name.clone())
            .flatten()
    };
    let number = move || {
        app.session
            .with(|session| session.contact_number.clone())
            .flatten()
    };
    let provider = move || {
        let id = app
            .session
            .with(|session| session.provider.clone())
            .unwrap_or_default();
        let configuration = app.configuration.read();
        let known = configuration
            .providers
            .iter()
            .find(|provider| provider.id == id);
        known.map_or(id, |provider| provider.label.clone())
    };
    let until = move || {
        let lang = app.configuration.read().lang.clone();
        app.session
            .with(|session| browser::moment(session.ends_at, &lang))
    };
    view! {
        <dl class="facts">
            {move || name().map(|name| view! { <div><dt>{t("account.name")}</dt><dd>{name}</dd></div> })}
            <div><dt>{t("account.through")}</dt><dd>{provider}</dd></div>
            {move || number().map(|number| view! {
                <div><dt>{t("account.number")}</dt><dd data-testid="contact-number">{number}</dd></div>
            })}
            <div><dt>{t("account.until")}</dt><dd>{until}</dd></div>
        </dl>
    }
}

/// Refresh, and the two sign-outs.
#[component]
fn Actions() -> impl IntoView {
    let app = expect_context::<App>();
    let refreshing = Task::new(app, |app| async move { refresh::refresh(app).await });
    let here = Task::new(app, |app| sign_out::sign_out(app, SignOutReach::Here));
    let everywhere = Task::new(app, |app| sign_out::sign_out(app, SignOutReach::Everywhere));
    let refreshable = move || {
        app.session
            .with(|session| session.refreshable)
            .unwrap_or_default()
    };
    view! {
        <div class="actions secondary">
            {move || refreshable().then(|| view! {
                <button type="button" data-testid="refresh" aria-busy=move || refreshing.busy()
                    on:click=move |_| refreshing.run()>{t("account.refresh")}</button>
            })}
            <button type="button" data-testid="sign-out" aria-busy=move || here.busy()
                on:click=move |_| here.run()>{t("account.sign_out")}</button>
            <button type="button" class="quiet" data-testid="sign-out-everywhere" aria-busy=move || everywhere.busy()
                on:click=move |_| everywhere.run()>{t("account.sign_out_everywhere")}</button>
        </div>
        <p class="status" role="status">{move || refreshing.is_done().then(|| t("account.refreshed"))}</p>
    }
}

/// Something that a button does: once at a time, and what goes wrong is shown.
struct Task<F: 'static> {
    app: App,
    work: StoredValue<F>,
    state: RwSignal<TaskState>,
}

#[derive(Clone, Copy, PartialEq)]
enum TaskState {
    Idle,
    Busy,
    Done,
}

impl<F: 'static> Copy for Task<F> {}

impl<F: 'static> Clone for Task<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F, Fut> Task<F>
where
    F: Fn(App) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Failure>> + 'static,
{
    fn new(app: App, work: F) -> Self {
        Task {
            app,
            work: StoredValue::new(work),
            state: RwSignal::new(TaskState::Idle),
        }
    }

    fn run(self) {
        if self.state.get_untracked() == TaskState::Busy {
            return;
        }
        self.state.set(TaskState::Busy);
        self.app.notice.set(None);
        let work = self.work.get_value();
        spawn_local(async move {
            let result = work(self.app).await;
            // The page may be gone by now.
            let _ = self.state.try_set(if result.is_ok() {
                TaskState::Done
            } else {
                TaskState::Idle
            });
            if let Err(failure) = result {
                sync::refused(self.app, failure);
            }
        });
    }

    fn busy(self) -> Option<&'static str> {
        (self.state.get() == TaskState::Busy).then_some("true")
    }

    fn is_done(self) -> bool {
        self.state.get() == TaskState::Done
    }
}
