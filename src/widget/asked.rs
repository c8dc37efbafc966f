//! What stands in the address of `/widget`, and what this tab remembers of it while the journey leads elsewhere.

use admit_one_protocol::{Code, encoding::base64url, handoff::PublicPartner};
use serde::{Deserialize, Serialize};

use crate::browser::{self, Served, Shelf};

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Action {
    SignIn,
    StepUp,
    SignOut,
}

/// What stands in the address.
pub(super) struct Asked {
    pub(super) action: Action,
    pub(super) challenge: String,
    /// The origin of the page that asks.
    pub(super) origin: String,
    /// Who asks, by the backend's word; `None` where it has said nothing of them yet.
    pub(super) partner: Option<PublicPartner>,
    /// The buyer has just signed in for this, in this tab.
    pub(super) is_fresh: bool,
}

impl Asked {
    /// Reads the address.
    pub(super) fn here() -> Result<Asked, Code> {
        let parameter = |name| browser::parameter(name).unwrap_or_default();
        let action = match &*parameter("action") {
            "sign-in" => Action::SignIn,
            "step-up" => Action::StepUp,
            "sign-out" => Action::SignOut,
            _ => return Err(Code::NotFound),
        };
        let (id, origin) = (parameter("partner"), parameter("origin"));
        let mut is_fresh = false;
        let partner = match browser::partner() {
            Served::Partner(known) if known.id == id => {
                if !known.origins.contains(&origin) {
                    return Err(Code::PartnerOrigin);
                }
                Visit::new(known.clone(), address()).keep();
                Some(known)
            }
            Served::Nobody => return Err(Code::PartnerUnknown),
            // The journey has led here, and the page that was served was another.
            _ => Visit::kept().and_then(|visit| {
                is_fresh = visit.is_signed_in_for();
                if is_fresh {
                    // Once: whoever is signed in here later hasn't been asked.
                    Visit::new(visit.partner.clone(), address()).keep();
                } else if visit.address != address() {
                    return None;
                }
                Some(visit.partner)
            }),
        };
        Ok(Asked {
            challenge: parameter("challenge"),
            partner,
            action,
            origin,
            is_fresh,
        })
    }

    /// The page of the partner's that we come back to: whoever asks doesn't choose where a result stands in an address.
    /// `None` where the backend has said nothing of the partner; then nothing but a seal of its is sent.
    pub(super) fn return_uri(&self) -> Option<String> {
        let partner = self.partner.as_ref()?;
        Some([self.origin.as_str(), &partner.return_path].concat())
    }
}

/// A page of `/widget` as it was served in this tab.
#[derive(Deserialize, Serialize)]
pub(super) struct Visit {
    pub(super) partner: PublicPartner,
    pub(super) address: String,
    /// Where a sign-in that began there comes back to. No other page can know it, so that nothing else leads there.
    signed_in_at: Option<String>,
    /// The buyer is signing out there, and comes back.
    is_leaving: bool,
}

impl Visit {
    fn new(partner: PublicPartner, address: String) -> Visit {
        Visit {
            partner,
            address,
            signed_in_at: None,
            is_leaving: false,
        }
    }

    /// The last one in this tab.
    pub(super) fn kept() -> Option<Visit> {
        Shelf::Session.get(KEY)
    }

    /// It is over.
    pub(super) fn forget() {
        Shelf::Session.remove(KEY);
    }

    fn keep(&self) {
        Shelf::Session.set(KEY, self);
    }

    fn is_signed_in_for(&self) -> bool {
        self.signed_in_at.as_deref() == Some(&*address())
    }

    /// Begins a sign-in; the address that it comes back to.
    pub(super) fn sign_in() -> String {
        let here = address();
        let visit = Visit::kept().filter(|visit| visit.address == here);
        let Some((mut visit, entropy)) = visit.zip(browser::entropy()) else {
            return here;
        };
        let back = [&here, "&signed_in=", &base64url(entropy)].concat();
        visit.signed_in_at = Some(back.clone());
        visit.keep();
        back
    }

    /// The partner that a sign-in which comes back to this address is for.
    pub(super) fn awaits(address: &str) -> Option<PublicPartner> {
        let visit = Visit::kept()?;
        (visit.signed_in_at.as_deref() == Some(address)).then_some(visit.partner)
    }

    /// Where whoever is signed in already is taken by a link to this address: a sign-in that began for the partner is over
    /// with somebody who has signed in elsewhere, who is asked.
    pub(super) fn instead_of(address: String) -> String {
        match Visit::kept() {
            Some(visit) if visit.signed_in_at.as_ref() == Some(&address) => {
                Visit::new(visit.partner, visit.address.clone()).keep();
                visit.address
            }
            _ => address,
        }
    }

    /// Begins a sign-out, which comes back.
    pub(super) fn sign_out() {
        if let Some(visit) = Visit::kept() {
            Visit {
                is_leaving: true,
                ..visit
            }
            .keep();
        }
    }

    /// Back from it: the address to go on at.
    pub(super) fn signed_out() -> Option<String> {
        let visit = Visit::kept().filter(|visit| visit.is_leaving)?;
        Visit::new(visit.partner, visit.address.clone()).keep();
        Some(visit.address)
    }
}

/// The address of this page, to come back to.
pub(super) fn address() -> String {
    ["/widget?", &browser::query()].concat()
}

/// Whether a step-up is what comes of this address.
pub(super) fn is_for_step_up(address: &str) -> bool {
    let query = address.strip_prefix("/widget?").unwrap_or_default();
    query.split('&').any(|pair| pair == "action=step-up")
}

/// Where a [`Visit`] is kept.
const KEY: &str = "admit-one.widget";
