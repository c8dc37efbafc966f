//! `/account`: who is signed in, through what, until when, and what can be done about it.

use admit_one_protocol::{api::SignOutReach, step_up::StepUp};
use leptos::prelude::*;

use super::parts::{actions, button, card, dynamic, nothing, notice_of, paragraph, status, who};
use crate::{
    again,
    app::App,
    browser::{self, Entry},
    grant,
    messages::{t, t_with},
    refresh,
    route::Route,
    session::SignedIn,
    sign_out::{self, Purpose},
    step_up, sync,
};

/// The account page.
pub fn account(app: App) -> AnyView {
    Effect::new(|_| browser::mark("signed-in"));
    card(
        "account",
        "account.title",
        vec![
            who("who", move || {
                app.session.with(SignedIn::shown_name).unwrap_or_default()
            }),
            notice_of(move || app.notice.get()),
            next(app),
            dynamic(move || {
                app.session
                    .with(|session| facts(app, session))
                    .unwrap_or_else(nothing)
            }),
            buttons(app),
        ],
    )
}

/// What comes next: a profile to complete, the shop, or another try. Who has put the profile off may go on all the same.
fn next(app: App) -> AnyView {
    let known: Memo<Option<(bool, bool)>> = Memo::new(move |_| {
        let lacks = |session: &SignedIn| {
            let missing = session.missing.as_ref()?;
            Some((!missing.is_empty(), session.later))
        };
        app.session.with(lacks).flatten()
    });
    let going = RwSignal::new(false);
    dynamic(move || {
        let onward = || {
            let configuration = app.configuration.read_value();
            let shop = configuration.shop.as_ref()?;
            let label = t_with("account.continue", &[("label", &shop.label)]);
            let press = move || again::press(app, going, move || Box::pin(grant::grant(app)));
            Some(button("primary", "continue", label, Some(going), press))
        };
        let complete = |class| {
            let press = move || app.go(Route::Profile, Entry::Push);
            button(class, "complete", t("account.complete"), None, press)
        };
        let buttons = match known.get() {
            None if app.notice.read().is_some() => vec![retry(app)],
            None => return status("status", true, t("account.syncing")),
            Some((false, _)) => match onward() {
                Some(onward) => vec![onward],
                None => return nothing(),
            },
            Some((true, later)) => {
                let onward = if later { onward() } else { None };
                let class = if onward.is_some() { "" } else { "primary" };
                let first = paragraph("", t("account.incomplete"));
                [Some(first), onward, Some(complete(class))]
                    .into_iter()
                    .flatten()
                    .collect()
            }
        };
        actions("actions", buttons)
    })
}

/// The button that tries the sync again.
pub fn retry(app: App) -> AnyView {
    button("primary", "retry", t("action.retry"), None, move || {
        app.notice.set(None);
        browser::spawn(sync::onward(app));
    })
}

/// Through what, and until when.
fn facts(app: App, session: &SignedIn) -> AnyView {
    let configuration = app.configuration.read_value();
    let known = configuration.provider(&session.provider);
    let provider = known.map_or(&session.provider, |provider| &provider.label);
    let until = browser::moment(session.ends_at, &configuration.lang);
    let mut facts = vec![
        fact("account.through", provider.clone(), None),
        fact("account.until", until, None),
    ];
    if let Some(number) = &session.contact_number {
        facts.insert(
            1,
            fact("account.number", number.clone(), Some("contact-number")),
        );
    }
    if step_up::offered(app, session).is_some_and(|offered| step_up::is_done(&offered, session)) {
        let done = fact(
            "account.confirmed",
            t("account.confirmed_yes"),
            Some("stepped-up"),
        );
        facts.push(done);
    }
    let balances = session.balances.iter();
    facts.extend(balances.map(|balance| {
        let amount = browser::amount(&balance.amount, &configuration.lang);
        balance_of(&balance.name, amount)
    }));
    if let Some(name) = session.name() {
        facts.insert(0, fact("account.name", name, Some("name")));
    }
    view! { <dl class="facts">{facts}</dl> }.into_any()
}

/// In the provider's words.
fn balance_of(name: &str, amount: String) -> AnyView {
    let name = name.to_owned();
    view! { <div data-testid="balance"><dt>{name}</dt><dd>{amount}</dd></div> }.into_any()
}

fn fact(key: &'static str, value: String, testid: Option<&'static str>) -> AnyView {
    view! { <div><dt>{t(key)}</dt><dd data-testid=testid>{value}</dd></div> }.into_any()
}

/// One more proof, where the provider can ask for it and hasn't.
fn confirm(app: App) -> AnyView {
    let confirming = RwSignal::new(false);
    let press = move || {
        again::press(app, confirming, move || {
            Box::pin(async move { step_up::begin(app, &StepUp::default(), None).await })
        });
    };
    let is_open = Memo::new(move |_| {
        let open = |session: &SignedIn| {
            let offered = step_up::offered(app, session);
            offered.is_some_and(|offered| !step_up::is_done(&offered, session))
        };
        app.session.with(open) == Some(true)
    });
    dynamic(move || {
        if is_open.get() {
            button("", "step-up", t("account.confirm"), Some(confirming), press)
        } else {
            nothing()
        }
    })
}

/// Refresh, and the two sign-outs.
fn buttons(app: App) -> AnyView {
    let (refreshing, here, everywhere) = (
        RwSignal::new(false),
        RwSignal::new(false),
        RwSignal::new(false),
    );
    let refreshed = RwSignal::new(false);
    let refresh = move || {
        refreshed.set(false);
        again::press(app, refreshing, move || {
            Box::pin(async move {
                refresh::refresh(app).await?;
                let _ = refreshed.try_set(true);
                // It has taken the place of a sync that couldn't be had.
                let unsynced = |session: SignedIn| session.missing.is_none();
                if app.session.current().is_some_and(unsynced) {
                    browser::spawn(sync::onward(app));
                }
                Ok(())
            })
        });
    };
    let leave = move |busy, reach| {
        again::press(app, busy, move || {
            Box::pin(sign_out::sign_out(app, reach, Purpose::Leave))
        });
    };
    let refresh_button = dynamic(
        move || match app.session.with(|session| session.refreshable) {
            Some(true) => button(
                "",
                "refresh",
                t("account.refresh"),
                Some(refreshing),
                refresh,
            ),
            _ => nothing(),
        },
    );
    let sign_out = button(
        "",
        "sign-out",
        t("account.sign_out"),
        Some(here),
        move || leave(here, SignOutReach::Here),
    );
    let everywhere = button(
        "quiet",
        "sign-out-everywhere",
        t("account.sign_out_everywhere"),
        Some(everywhere),
        move || leave(everywhere, SignOutReach::Everywhere),
    );
    // There before it is said, so that it is read out.
    let told = move || refreshed.get().then(|| t("account.refreshed"));
    let told = view! { <p class="status told" role="status" data-testid=move || refreshed.get().then_some("refreshed")>{told}</p> };
    vec![
        actions(
            "actions secondary",
            vec![confirm(app), refresh_button, sign_out, everywhere],
        ),
        told.into_any(),
    ]
    .into_any()
}
