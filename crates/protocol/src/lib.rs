//! The sign-in dialects as functions: state and input go in, the next state or a request to send comes out.
//!
//! No async, no I/O, no clock, no randomness: `now` and entropy are arguments, the caller does the sending. One file
//! carries one specification, and `tests/` has a file of the same name with a module for each clause.

pub mod alg;
pub mod api;
pub mod authorization;
pub mod clock;
pub mod code;
pub mod discovery;
pub mod encoding;
pub mod handoff;
pub mod http;
pub mod id_token;
pub mod jwk;
pub mod logout;
mod object;
pub mod par;
pub mod paytronix;
pub mod pkce;
pub mod profile;
pub mod proof;
pub mod return_to;
pub mod revocation;
pub mod sessionm;
pub mod sso2;
pub mod step_up;
pub mod token;
pub mod userinfo;
mod wire;

pub use code::{Actor, Code};
