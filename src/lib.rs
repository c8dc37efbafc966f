//! The browser application of Admit One: the sign-in pages for ticket buyers, rendered in the browser.
//!
//! It exists for wasm32 alone; on the host this library is empty. The steps of a sign-in have the names that they have
//! everywhere: [`start`], [`callback`], [`verify`], [`sync`], [`grant`], [`refresh`], [`sign_out`].
#![cfg(target_arch = "wasm32")]

pub mod api;
pub mod app;
pub mod browser;
pub mod callback;
pub mod custody;
pub mod failure;
pub mod grant;
pub mod messages;
pub mod pages;
pub mod pending;
pub mod quick;
pub mod refresh;
pub mod route;
pub mod session;
pub mod sign_out;
pub mod start;
pub mod sync;
pub mod tabs;
pub mod verify;
