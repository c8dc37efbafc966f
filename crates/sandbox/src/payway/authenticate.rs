//! What the operations do to a session: status, sign-in by password or ticket, sign-out.

use serde_json::{Map, Value};

use super::{Session, Status, Ticket, client::Client, person::Account};
use crate::{
    entropy::{self, same},
    state::State as Sandboxed,
};

/// Wrong passwords in a row.
#[derive(Default)]
pub(super) struct Attempts {
    pub(super) failures: u32,
    pub(super) frozen_until: i64,
}

/// The claims of an answer.
#[derive(Default)]
pub(super) struct Reply {
    pub(super) sid: String,
    pub(super) sts: Option<&'static str>,
    pub(super) at: Option<String>,
    pub(super) err: Option<Error>,
}

/// `err`, with what comes beside it.
#[derive(Clone, Copy)]
pub(super) enum Error {
    SessionNotFound,
    /// With `raa`, the remaining attempts.
    InvalidCredentials(u32),
    /// With `frf`, the seconds that it is frozen for.
    AccountFrozen(i64),
    AccountNotActive,
    /// The word isn't published by the vendor.
    InvalidTicket,
}

impl Reply {
    fn error(sid: &str, err: Error) -> Reply {
        Reply {
            sid: sid.to_owned(),
            err: Some(err),
            ..Reply::default()
        }
    }

    fn status(sid: &str, sts: &'static str, at: Option<String>) -> Reply {
        Reply {
            sid: sid.to_owned(),
            sts: Some(sts),
            at,
            err: None,
        }
    }

    pub(super) fn claims(&self) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut add = |name: &str, value: Value| {
            claims.insert(name.to_owned(), value);
        };
        add("sid", self.sid.as_str().into());
        if let Some(sts) = self.sts {
            add("sts", sts.into());
        }
        if let Some(at) = &self.at {
            add("at", at.as_str().into());
        }
        match self.err {
            None => {}
            Some(Error::SessionNotFound) => add("err", "session_not_found".into()),
            Some(Error::InvalidCredentials(remaining)) => {
                add("err", "invalid_credentials".into());
                add("raa", remaining.into());
            }
            Some(Error::AccountFrozen(seconds)) => {
                add("err", "account_frozen".into());
                add("frf", seconds.into());
            }
            Some(Error::AccountNotActive) => add("err", "account_not_active".into()),
            Some(Error::InvalidTicket) => add("err", "invalid_ticket".into()),
        }
        claims
    }
}

/// A ticket for this client, made at the moment that it goes out.
pub(super) fn issue_ticket(state: &mut Sandboxed, client: &Client, sub: &str, now: i64) -> String {
    let at = entropy::token();
    let ticket = Ticket {
        client_id: client.id,
        sub: sub.to_owned(),
        expires_at: now + state.settings.payway.ticket_lifetime,
        used: false,
    };
    state.payway.tickets.insert(at.clone(), ticket);
    at
}

/// Whose ticket it is, if it is good: once, for this client, not too late.
pub(super) fn redeem_ticket(
    state: &mut Sandboxed,
    client: &Client,
    at: &str,
    now: i64,
) -> Option<String> {
    let ticket = state.payway.tickets.get_mut(at)?;
    if ticket.used || ticket.client_id != client.id || now >= ticket.expires_at {
        return None;
    }
    ticket.used = true;
    Some(ticket.sub.clone())
}

/// Steps H and I: a site that doesn't know of the sign-in yet gets a ticket with the status.
pub(super) fn session_status(
    state: &mut Sandboxed,
    client: &Client,
    sid: &str,
    lks: &str,
    now: i64,
) -> Reply {
    let Some(session) = state.payway.sessions.get_mut(sid) else {
        return Reply::error(sid, Error::SessionNotFound);
    };
    session.used_at = now;
    let status = session.status.clone();
    let at = match &status {
        Status::LoggedIn(sub) if lks != "loggedin" || state.settings.payway.ticket_always => {
            Some(issue_ticket(state, client, sub, now))
        }
        _ => None,
    };
    Reply::status(sid, status.as_str(), at)
}

/// Signs the session in with `usr` and `pwd`.
pub(super) fn authenticate(
    state: &mut Sandboxed,
    client: &Client,
    sid: &str,
    usr: &str,
    pwd: &str,
    now: i64,
) -> Reply {
    if let Some(reply) = gone(state, sid) {
        return reply;
    }
    let settings = state.settings.payway.clone();
    let account = Account::named(state, usr);
    // Without an account it counts as well: otherwise the answers would tell who has one.
    let name = account.as_ref().map_or_else(
        || usr.trim().to_lowercase(),
        |account| account.persona.sub.clone(),
    );
    let attempts = state.payway.attempts.entry(name).or_default();
    let frozen = |until: i64| Reply::error(sid, Error::AccountFrozen(until - now));
    if attempts.frozen_until > now {
        return frozen(attempts.frozen_until);
    }
    let is_frozen = account.as_ref().is_some_and(Account::is_frozen);
    let proven = account.filter(|account| same(&account.persona.password, pwd));
    if is_frozen || (proven.is_none() && attempts.failures + 1 >= settings.attempts) {
        attempts.failures = 0;
        attempts.frozen_until = now + settings.frozen_for;
        return frozen(attempts.frozen_until);
    }
    let Some(account) = proven else {
        attempts.failures += 1;
        let remaining = settings.attempts - attempts.failures;
        return Reply::error(sid, Error::InvalidCredentials(remaining));
    };
    attempts.failures = 0;
    if !account.is_active {
        return Reply::error(sid, Error::AccountNotActive);
    }
    log_in(state, client, sid, account.persona.sub, now)
}

/// Signs the session in with a ticket that Payway made for this client.
pub(super) fn authenticate_with_ticket(
    state: &mut Sandboxed,
    client: &Client,
    sid: &str,
    at: &str,
    now: i64,
) -> Reply {
    if let Some(reply) = gone(state, sid) {
        return reply;
    }
    match redeem_ticket(state, client, at, now) {
        Some(sub) => log_in(state, client, sid, sub, now),
        None => Reply::error(sid, Error::InvalidTicket),
    }
}

/// Ends the session for all sites: the others see `terminated`.
pub(super) fn log_out(state: &mut Sandboxed, sid: &str) -> Reply {
    match state.payway.sessions.get_mut(sid) {
        None => Reply::error(sid, Error::SessionNotFound),
        Some(session) => {
            session.status = Status::Terminated;
            Reply::status(sid, session.status.as_str(), None)
        }
    }
}

fn log_in(state: &mut Sandboxed, client: &Client, sid: &str, sub: String, now: i64) -> Reply {
    let at = issue_ticket(state, client, &sub, now);
    let session = Session {
        status: Status::LoggedIn(sub),
        used_at: now,
    };
    let reply = Reply::status(sid, session.status.as_str(), Some(at));
    state.payway.sessions.insert(sid.to_owned(), session);
    reply
}

/// A session that nobody can sign in to.
fn gone(state: &Sandboxed, sid: &str) -> Option<Reply> {
    match state.payway.sessions.get(sid) {
        None => Some(Reply::error(sid, Error::SessionNotFound)),
        Some(session) if session.status == Status::Terminated => {
            Some(Reply::status(sid, session.status.as_str(), None))
        }
        Some(_) => None,
    }
}
