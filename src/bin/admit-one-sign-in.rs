//! Mounts the sign-in page, nothing else.

fn main() {
    #[cfg(target_arch = "wasm32")]
    admit_one_app::app::mount_sign_in();
}
