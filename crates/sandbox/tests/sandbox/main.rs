//! The sandbox from outside: what a browser and a client's backend see of it.
#![allow(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod airlock;
mod browser;
mod control;
mod fault;
mod login;
mod partner;
mod paytronix;
mod paytronix_fault;
mod payway;
mod payway_fault;
mod sessionm;
mod shop;
mod sign_in;
mod systems;
mod token;
