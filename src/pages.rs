//! One file per page.

pub mod account;
pub mod callback;
pub mod failure;
pub mod landing;
pub mod parts;
pub mod profile;
pub mod sign_in;
pub mod signed_out;
pub mod widget;
