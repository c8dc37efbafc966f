//! The sentences are compiled in: the crate is built again when they change.

fn main() {
    println!("cargo::rerun-if-changed=../../locales");
}
