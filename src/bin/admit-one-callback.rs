//! Finishes a callback in its plain form, nothing else.

fn main() {
    #[cfg(target_arch = "wasm32")]
    admit_one_app::finish::run();
}
