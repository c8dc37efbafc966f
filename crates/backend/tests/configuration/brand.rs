//! `[brand]`.

use admit_one_backend::config::Color;

use crate::*;

fn brand(lines: &str) -> String {
    toml("https://id.example", "", &format!("[brand]\n{lines}\n"))
}

#[test]
fn mistakes_are_named() {
    let cases = [
        (
            "names = { fr = \"Billets\" }",
            "`brand.names`: found names in other languages; allowed: them beside `brand.name`",
        ),
        (
            "color = \"red\"",
            "`brand.color`: found \"red\"; allowed: `#` and six hexadecimal digits",
        ),
        (
            "color = \"#12345é\"",
            "allowed: `#` and six hexadecimal digits",
        ),
        (
            "color = \"#+12345\"",
            "allowed: `#` and six hexadecimal digits",
        ),
        (
            "dark_color = \"#1d3f8f\"",
            "`brand.dark_color`: found the colour of dark pages alone; allowed: it beside `brand.color`",
        ),
        (
            "logo_file = \"absent.svg\"",
            "`brand.logo_file`: found \"absent.svg\" (No such file or directory",
        ),
        (
            "logo_file = \"Cargo.toml\"",
            "found \"Cargo.toml\" (another kind of file); allowed: an SVG, PNG or WebP of at most 64 KiB",
        ),
        (
            "logo_alone = true",
            "`brand.logo_alone`: found no logo; allowed: it beside `brand.logo_file`",
        ),
    ];
    for (lines, expected) in cases {
        let message = message(&brand(lines));
        assert!(message.contains(expected), "{lines}\n{message}");
    }
}

#[test]
fn a_logo_is_known_by_how_it_begins_and_is_small() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().display().to_string();
    let text = brand(&format!("color = \"#C0FFEE\"\nlogo_file = {path:?}"));
    let read = |image: &[u8]| {
        std::fs::write(&path, image).unwrap();
        Config::parse(&text, "admit-one.toml", &secrets)
            .map(|config| config.brand)
            .map_err(|error| error.to_string())
    };
    let png = b"\x89PNG\r\n\x1a\n\0";
    for (image, ending) in [
        (
            b"\xef\xbb\xbf <?xml version='1.0'?><!-- --><svg/>".as_slice(),
            "svg",
        ),
        (png, "png"),
        (b"RIFF\x04\0\0\0WEBPVP8 ", "webp"),
    ] {
        let brand = read(image).unwrap();
        let logo = brand.logo.unwrap();
        assert_eq!((logo.ending, logo.image.as_slice()), (ending, image));
        assert_eq!(brand.color, Some(Color([0xc0, 0xff, 0xee])));
    }
    for image in [
        b"RIFF\x04\0\0\0WAVE".as_slice(),
        b"svg",
        b"<html>",
        b"<\xff<svg>",
    ] {
        assert!(read(image).unwrap_err().contains("another kind of file"));
    }
    let large = [png.as_slice(), &[0; 64 << 10]].concat();
    assert!(read(&large).unwrap_err().contains("65545 bytes"));
}
