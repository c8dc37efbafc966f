//! Waits for a press on the sign-in page, nothing else.

fn main() {
    #[cfg(target_arch = "wasm32")]
    admit_one_app::press::run();
}
