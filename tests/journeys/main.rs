//! Journeys through the whole system in a real browser: the built app, the backend and the sandbox (or npm's
//! `oidc-provider`), each journey with its own of everything, in headless Chromium.
//!
//! A journey that fails prints where the browser was, what it showed and what its console said, and leaves a
//! screenshot in `target/journeys/`.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    reason = "a journey fails by panicking; its runner says where it stood"
)]

mod browser;
mod buyer;
mod directory;
mod driver;
mod gate;
mod instances;
mod journey;
mod stage;
mod wire;

mod contacts;
mod control;
mod custody;
mod faults;
mod mix_up;
mod pages;
mod paytronix;
mod profile;
mod provider;
mod recovery;
mod sandbox;
mod sessionm;
mod shop;
mod sso2;
mod step_up;
mod widget;
