//! Signs in, where that is plain; nothing else.

fn main() {
    #[cfg(target_arch = "wasm32")]
    admit_one_app::quick::run();
}
