//! `/`: the choice of providers. Its first look is served with the page (`src/shell/sign_in.html`).

use leptos::{prelude::*, task::spawn_local};

use crate::{
    app::App,
    browser,
    failure::Failure,
    messages::{t, t_with},
    pages::notice::Notice,
    start,
};

/// The sign-in page.
#[component]
pub fn SignIn() -> impl IntoView {
    let app = expect_context::<App>();
    if let Some(pressed) = browser::boot_pressed() {
        begin(app, pressed);
    }
    let refused = start::wanted(app).err().map(Failure::new);
    let ended = move || app.session.ended_by().map(Failure::new);
    view! {
        <main class="card sign-in">
            <h1 tabindex="-1">{t("sign_in.title")}</h1>
            <p class="lead">{t("sign_in.lead")}</p>
            {move || ended().map(|failure| view! { <Notice failure/> })}
            {refused.map(|failure| view! { <Notice failure/> })}
            {move || app.notice.get().map(|failure| view! { <Notice failure/> })}
            <Providers/>
            <p class="note">{t("sign_in.note")}</p>
        </main>
    }
}

/// One button for each provider, the one used last first.
#[component]
fn Providers() -> impl IntoView {
    let app = expect_context::<App>();
    let last = start::last_used();
    let first = app
        .configuration
        .read_untracked()
        .providers
        .first()
        .map(|provider| provider.id.clone());
    let mut providers = app.configuration.read_untracked().providers.clone();
    providers.sort_by_key(|provider| Some(&provider.id) != last.as_ref());
    let several = providers.len() > 1;
    let buttons: Vec<_> = providers
        .into_iter()
        .map(|provider| {
            let id = provider.id;
            let testid = (Some(&id) == first.as_ref()).then_some("sign-in");
            let hint = (several && Some(&id) == last.as_ref()).then(|| view! { <small>{t("sign_in.last")}</small> });
            let (pressed, busy) = (id.clone(), id.clone());
            view! {
                <button type="button" class="provider" data-testid=testid data-provider=id
                    aria-busy=move || (app.starting.read().as_ref() == Some(&busy)).then_some("true")
                    on:click=move |_| begin(app, pressed.clone())>
                    {t_with("sign_in.continue_with", &[("label", &provider.label)])}{hint}
                </button>
            }
        })
        .collect();
    view! { <div class="providers">{buttons}</div> }
}

/// Leaves for the provider; a second press while the page is being left does nothing.
fn begin(app: App, provider: String) {
    if app.starting.get_untracked().is_some() {
        return;
    }
    app.starting.set(Some(provider.clone()));
    spawn_local(async move {
        let return_to = destination(app);
        match start::start(app, &provider, &return_to).await {
            Ok(()) => {}
            Err(failure) if failure.is_transient() => {
                app.starting.set(None);
                app.notice.set(Some(failure));
            }
            Err(failure) => app.fail(failure),
        }
    });
}

/// Where to go afterwards: what the link said, or the page that asked for the sign-in.
fn destination(app: App) -> String {
    match start::wanted(app) {
        Ok(wanted) if wanted != "/" => wanted,
        _ => app.route.get_untracked().path().to_owned(),
    }
}

/// Starts again with the provider of a failed sign-in, or from the choice of providers.
pub fn start_again(app: App, provider: Option<String>) {
    app.failure.set(None);
    match provider.filter(|id| {
        app.configuration
            .read_untracked()
            .providers
            .iter()
            .any(|known| known.id == *id)
    }) {
        Some(provider) => begin(app, provider),
        None => app.follow(),
    }
}
