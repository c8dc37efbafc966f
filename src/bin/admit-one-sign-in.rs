//! Signs in, where that is plain; nothing else.

fn main() {
    #[cfg(target_arch = "wasm32")]
    match admit_one_app::route::Route::here() {
        admit_one_app::route::Route::Callback => admit_one_app::finish::run(),
        _ => admit_one_app::press::run(),
    }
}
