//! The browser application of Admit One: the sign-in pages for ticket buyers, rendered in the browser.
//!
//! It exists for wasm32 alone; on the host this library is empty. The steps of a sign-in have the names that they have
//! everywhere: [`start`], [`callback`], [`verify`], [`sync`], [`grant`], [`refresh`], [`sign_out`].
#![cfg(target_arch = "wasm32")]

#[cfg(feature = "pages")]
pub mod again;
#[cfg(feature = "pages")]
pub mod api;
#[cfg(feature = "pages")]
pub mod app;
pub mod browser;
#[cfg(feature = "pages")]
pub mod callback;
#[cfg(feature = "pages")]
pub mod consent;
pub mod custody;
pub mod failure;
pub mod finish;
#[cfg(feature = "pages")]
pub mod grant;
#[cfg(feature = "pages")]
pub mod landing;
pub mod leave;
#[cfg(feature = "pages")]
pub mod messages;
#[cfg(feature = "pages")]
pub mod pages;
pub mod pending;
pub mod press;
#[cfg(feature = "pages")]
pub mod refresh;
pub mod route;
#[cfg(feature = "pages")]
pub mod session;
#[cfg(feature = "pages")]
pub mod sign_out;
pub mod signed_in;
#[cfg(feature = "pages")]
pub mod start;
#[cfg(feature = "pages")]
pub mod status;
#[cfg(feature = "pages")]
pub mod step_up;
#[cfg(feature = "pages")]
pub mod sync;
#[cfg(feature = "pages")]
pub mod tabs;
pub mod verify;
#[cfg(feature = "pages")]
pub mod widget;

/// A third of the size of the one that comes with Rust.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
