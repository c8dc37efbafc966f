//! Every fault of Airlock: the right code, and the session as it was; or, where Airlock is only unusual, a step-up.

use std::collections::BTreeSet;

use admit_one_sandbox::{Fault, System};

use super::{DONE, OTP, arena, confirm, give_second_factor, heard, session, weakly};
use crate::directory::{Directory, with_both_directories};

/// A fault and the code that the buyer reads.
type Case = (Fault, &'static str);

/// What shows before the buyer leaves.
const BEFORE: &[Case] = &[
    (Fault::AirlockResourceUnauthorized, "step_up_ticket_refused"),
    (Fault::AirlockResourceForbidden, "step_up_ticket_scope"),
    (Fault::AirlockResourceNotFound, "step_up_ticket_resource"),
    (Fault::AirlockResourceHttp500, "upstream_error"),
    (Fault::AirlockResourceNotJson, "step_up_ticket_invalid"),
    (Fault::AirlockResourceSlow, "upstream_timeout"),
    (Fault::AirlockTicketFieldWrong, "step_up_ticket_field"),
    (Fault::AirlockTicketEmpty, "step_up_ticket_invalid"),
    (Fault::AirlockParHttp500, "upstream_error"),
    (Fault::AirlockParRefused, "step_up_par_refused"),
    (Fault::AirlockParUriMissing, "step_up_par_invalid"),
];

/// What shows after the second factor.
const AFTER: &[Case] = &[
    (Fault::AirlockAccessDenied, "access_denied"),
    (Fault::AirlockAcrWeaker, "id_token_acr"),
    (Fault::AirlockAcrMissing, "id_token_acr"),
    (Fault::AirlockAcrCase, "id_token_acr"),
    (Fault::AirlockSubOther, "step_up_sub"),
    (Fault::AirlockTicketOfAnotherPerson, "step_up_sub"),
    (Fault::AirlockAuthTimeStale, "id_token_auth_time"),
    (Fault::AirlockAuthTimeMissing, "id_token_auth_time"),
];

/// The ticket isn't taken: the password page shows, and the buyer gets there all the same.
const PASSWORD_TOO: &[Fault] = &[
    Fault::AirlockTicketExpired,
    Fault::AirlockTicketUsed,
    Fault::AirlockTicketIgnored,
];

/// Shown by journeys of their own.
const ELSEWHERE: &[Fault] = &[
    Fault::AirlockParNotOffered,
    Fault::AirlockParExpired,
    Fault::AirlockResourceMoreMembers,
];

#[test]
fn each_fault_of_airlock_has_a_journey() {
    let cases = BEFORE.iter().chain(AFTER).map(|(fault, _)| fault);
    let others = [PASSWORD_TOO, ELSEWHERE];
    let covered: BTreeSet<Fault> = cases.chain(others.into_iter().flatten()).copied().collect();
    let missing: Vec<_> = Fault::ALL
        .iter()
        .filter(|fault| fault.system() == System::Airlock && !covered.contains(fault))
        .collect();
    assert!(missing.is_empty(), "no journey has {missing:?}");
}

with_both_directories!(
    before_leaving_has_its_code_and_leaves_the_session_as_it_was,
    after_the_second_factor_has_its_code_and_leaves_the_session_as_it_was,
    a_ticket_that_is_not_taken_costs_the_buyer_the_password_and_no_more,
    another_person_at_the_password_page_signs_nobody_up,
    a_second_factor_that_is_wrong_three_times_leaves_the_session_as_it_was,
    other_members_beside_the_ticket_do_not_matter,
    a_pushed_request_that_has_expired_is_made_anew,
);

async fn before_leaving_has_its_code_and_leaves_the_session_as_it_was(directory: Directory) {
    let setup = crate::stage::Setup {
        timeout_ms: 1500,
        ..arena().with(directory)
    };
    weakly(setup, "alice", async |j, b| {
        for (fault, code) in BEFORE {
            j.stage.sandbox.set_faults([*fault]);
            let before = session(b).await;
            b.press("step-up").await;
            b.wait_for(&format!(
                "document.querySelector('[data-testid=error]')?.dataset.code === '{code}'"
            ))
            .await;
            let after = session(b).await;
            assert_eq!(after["claims"]["acr"], "weak-acr", "{fault}");
            assert_eq!(after["claims"]["sub"], before["claims"]["sub"], "{fault}");
            if *fault != Fault::AirlockResourceUnauthorized {
                assert_eq!(after, before, "{fault}");
            }
            let pending = b
                .eval("JSON.stringify([Object.keys(localStorage), Object.keys(sessionStorage)])")
                .await;
            let pending = pending.as_str().unwrap().to_owned();
            assert!(
                !pending.contains("pending") && !pending.contains("step-up"),
                "{fault}: {pending}"
            );
        }
        // A refused access token is refreshed, once.
        assert_eq!(j.stage.backend_gate.count("/v1/refresh"), 1);
        j.stage.sandbox.set_faults([]);
        b.press("step-up").await;
        give_second_factor(b).await;
        b.wait_for(DONE).await;
    })
    .await;
}

async fn after_the_second_factor_has_its_code_and_leaves_the_session_as_it_was(
    directory: Directory,
) {
    weakly(arena().with(directory), "alice", async |j, b| {
        let weak = session(b).await;
        for (fault, code) in AFTER {
            j.stage.sandbox.set_faults([*fault]);
            b.press("step-up").await;
            give_second_factor(b).await;
            b.wait_for("location.pathname === '/account'").await;
            b.sees_error(code).await;
            assert_eq!(session(b).await, weak, "{fault}");
            let text = b.text().await;
            assert!(text.contains("still signed in"), "{fault}: {text}");
        }
        j.stage.sandbox.set_faults([]);
        b.press("step-up").await;
        give_second_factor(b).await;
        b.wait_for(DONE).await;
    })
    .await;
}

async fn a_ticket_that_is_not_taken_costs_the_buyer_the_password_and_no_more(directory: Directory) {
    for fault in PASSWORD_TOO {
        weakly(arena().with(directory), "alice", async |j, b| {
            j.stage.sandbox.set_faults([*fault]);
            b.press("step-up").await;
            b.log_in("alice").await;
            confirm(b, "000000").await;
            b.wait_for(DONE).await;
        })
        .await;
    }
}

async fn another_person_at_the_password_page_signs_nobody_up(directory: Directory) {
    weakly(arena().with(directory), "alice", async |j, b| {
        let weak = session(b).await;
        j.stage.sandbox.set_faults([Fault::AirlockTicketIgnored]);
        b.press("step-up").await;
        b.log_in("bob").await;
        confirm(b, "000000").await;
        b.sees_error("step_up_sub").await;
        assert_eq!(session(b).await, weak);
    })
    .await;
}

async fn a_second_factor_that_is_wrong_three_times_leaves_the_session_as_it_was(
    directory: Directory,
) {
    weakly(arena().with(directory), "alice", async |_, b| {
        let weak = session(b).await;
        b.press("step-up").await;
        for _ in 0..3 {
            b.wait_for(&format!("document.querySelector('{OTP}')?.value === ''"))
                .await;
            confirm(b, "123456").await;
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
        b.sees_error("access_denied").await;
        assert_eq!(session(b).await, weak);
    })
    .await;
}

async fn other_members_beside_the_ticket_do_not_matter(directory: Directory) {
    weakly(arena().with(directory), "alice", async |j, b| {
        j.stage
            .sandbox
            .set_faults([Fault::AirlockResourceMoreMembers]);
        b.press("step-up").await;
        give_second_factor(b).await;
        b.wait_for(DONE).await;
    })
    .await;
}

async fn a_pushed_request_that_has_expired_is_made_anew(directory: Directory) {
    weakly(arena().with(directory), "alice", async |j, b| {
        let weak = session(b).await;
        j.stage.sandbox.set_faults([Fault::AirlockParExpired]);
        b.press("step-up").await;
        b.wait_for("location.hostname.startsWith('airlock.') || document.querySelector('[data-testid=error]')")
            .await;
        if b.url().await.contains("airlock.") {
            b.back().await;
        }
        b.wait_for("document.querySelector('[data-testid=error]')")
            .await;
        assert_eq!(session(b).await, weak);
        j.stage.sandbox.set_faults([]);
        b.press("step-up").await;
        give_second_factor(b).await;
        b.wait_for(DONE).await;
        assert_eq!(heard(&j.stage, "/par").len(), 2);
    })
    .await;
}
