//! The description of the interface, kept by hand beside this file; a test compares it with the routes.

/// OpenAPI 3.1.
pub const DOCUMENT: &str = include_str!("openapi.json");
