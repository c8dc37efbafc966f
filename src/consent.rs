//! What the person who is signed in has agreed that partners may know. Each is asked for once, on a page of ours, and
//! again when it is to receive more; kept in this browser, under our own origin.

use std::cell::RefCell;

use admit_one_protocol::{
    encoding::base64url,
    handoff::{PublicPartner, Release},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{browser::Shelf, custody, session::SignedIn};

/// One person's answers.
#[derive(Clone, Default, Deserialize, Serialize)]
struct Agreed {
    /// A hash of the person: who has been here is nobody's business once they are signed out.
    person: String,
    /// Each partner's id, and what it may receive.
    partners: Vec<(String, Vec<Release>)>,
}

/// Whether this person has agreed that this partner receives all that it does.
pub fn is_given(partner: &PublicPartner, session: &SignedIn) -> bool {
    let agreed = kept().filter(|agreed| agreed.person == hash(session));
    let partners = agreed.map(|agreed| agreed.partners).unwrap_or_default();
    let known = partners.iter().find(|(id, _)| *id == partner.id);
    known.is_some_and(|(_, given)| partner.release.iter().all(|what| given.contains(what)))
}

/// Keeps that this person has agreed to what this partner receives now.
pub fn give(partner: &PublicPartner, session: &SignedIn) {
    let person = hash(session);
    let mut agreed = kept()
        .filter(|agreed| agreed.person == person)
        .unwrap_or_default();
    agreed.person = person;
    agreed.partners.retain(|(id, _)| *id != partner.id);
    agreed
        .partners
        .push((partner.id.clone(), partner.release.clone()));
    Shelf::Local.set(KEY, &agreed);
    MEMORY.set(Some(agreed));
}

/// Forgets the answers of anybody but this person.
pub fn forget_others(session: &SignedIn) {
    if kept().is_some_and(|agreed| agreed.person != hash(session)) {
        forget();
    }
}

/// Forgets all answers.
pub fn forget() {
    Shelf::Local.remove(KEY);
    MEMORY.set(None);
}

/// What another page has kept or forgotten counts; memory is for a browser that stores nothing.
fn kept() -> Option<Agreed> {
    if custody::is_readable() {
        Shelf::Local.get(KEY)
    } else {
        MEMORY.with_borrow(Clone::clone)
    }
}

fn hash(session: &SignedIn) -> String {
    base64url(Sha256::digest(session.person()))
}

thread_local! {
    static MEMORY: RefCell<Option<Agreed>> = const { RefCell::new(None) };
}

const KEY: &str = "admit-one.partners";
