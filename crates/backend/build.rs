//! Watches the files of the app's room that are compiled in.

use std::{env, fs, path::PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=../../locales");
    println!("cargo::rerun-if-changed=../../src/shell");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    for name in ["sign_in", "provider", "callback", "blank"] {
        let shell = fs::read_to_string(format!("../../src/shell/{name}.html")).unwrap_or_else(|_| match name {
            "sign_in" => "<main>%sign_in.title%<!--providers--></main>".to_owned(),
            "provider" => "<button type=\"button\" class=\"provider\" data-testid=\"%testid%\" data-provider=\"%id%\">%text%</button>".to_owned(),
            _ => "<main></main>".to_owned(),
        });
        fs::write(out.join(format!("{name}.html")), shell).expect("OUT_DIR can be written");
    }
}
