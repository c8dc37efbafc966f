//! The upstream identity systems, emulated, with a ticket shop to sign in to.
//!
//! What a client of Admit One would meet outside: an OpenID provider with a real login page, the systems of four
//! vendors ([`System`]), personas, keys that rotate and [faults](Fault) that break one rule each, and a ticket shop that
//! takes a grant. Everything on the wire is written by hand from the specifications and the vendors' documentation, and
//! nothing is shared with `admit-one-protocol`, so that client and emulator can't be wrong together.
//!
//! ```no_run
//! # async fn demo() -> std::io::Result<()> {
//! use admit_one_sandbox::{Fault, Sandbox, SandboxOptions};
//!
//! let sandbox = Sandbox::new(SandboxOptions::new("http://localhost:8900", "http://localhost:8800"));
//! sandbox.set_faults([Fault::InvalidIss]);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8900").await?;
//! axum::serve(listener, sandbox.router()).await
//! # }
//! ```

mod airlock;
mod client;
mod clock;
mod control;
mod entropy;
mod fault;
mod keys;
mod messages;
mod oauth;
mod options;
mod page;
mod partner;
mod paytronix;
mod payway;
mod persona;
mod provider;
mod sandbox;
mod sessionm;
mod shop;
mod state;
mod system;
mod wire;

pub use crate::{
    client::{Client, ClientAuth},
    fault::{Fault, Group, UnknownFault},
    keys::{Alg, UnknownAlg},
    messages::{Message, Party},
    options::SandboxOptions,
    persona::{Account, OTP, PASSWORD, Persona},
    sandbox::Sandbox,
    system::System,
};
