//! Several backends behind one address, with one database and the same keys: any of them goes on with what another began.

use crate::browser::Options;
use crate::buyer::{ALICE, NUMBER};
use crate::directory::{Directory, with_both_directories};
use crate::journey::journey_on;
use crate::stage::Setup;

with_both_directories!(a_session_lives_at_whichever_is_asked);

async fn a_session_lives_at_whichever_is_asked(directory: Directory) {
    let setup = Setup {
        instances: 2,
        ..Setup::default()
    };
    journey_on(setup.with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
        // One at each; the refresh token that one of them got is good at the other.
        b.refresh(&j.stage).await;
        b.refresh(&j.stage).await;
        b.press("continue").await;
        let number = b.wait_for(NUMBER).await;
        b.open(&j.stage.app("/account")).await;
        b.press("continue").await;
        assert_eq!(b.wait_for(NUMBER).await, number);
        b.open(&j.stage.app("/account")).await;
        b.press("sign-out").await;
        b.wait_for("location.pathname === '/signed-out'").await;
        assert!(!b.somebody_is_signed_in().await);
    })
    .await;
}
