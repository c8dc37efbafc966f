//! What the pages look like.

use std::fmt::{self, Display, Formatter};

use toml::Spanned;

use super::{Reader, Result};
use crate::config::{Brand, Color, Logo, file};

/// The largest logo, bytes: every buyer downloads it.
const LARGEST: usize = 64 << 10;

impl Reader<'_> {
    pub(super) fn brand(&self, brand: file::Brand) -> Result<Brand> {
        if let (None, Some(name)) = (&brand.name, brand.names.values().next()) {
            let found = "names in other languages";
            return Err(self
                .source
                .mistake(name.span(), found, "them beside `brand.name`"));
        }
        if let (None, Some(dark)) = (&brand.color, &brand.dark_color) {
            let found = "the colour of dark pages alone";
            return Err(self
                .source
                .mistake(dark.span(), found, "it beside `brand.color`"));
        }
        if let (None, Some(alone)) = (&brand.logo_file, &brand.logo_alone) {
            return Err(self.source.mistake(
                alone.span(),
                "no logo",
                "it beside `brand.logo_file`",
            ));
        }
        let alone = brand.logo_alone.is_some_and(Spanned::into_inner);
        let logo = brand.logo_file.map(|file| self.logo(&file, alone));
        Ok(Brand {
            name: brand
                .name
                .map(|name| self.label(name, brand.names, "what buyers call you"))
                .transpose()?,
            color: brand.color.map(|color| self.color(&color)).transpose()?,
            dark_color: brand
                .dark_color
                .map(|color| self.color(&color))
                .transpose()?,
            logo: logo.transpose()?,
        })
    }

    fn color(&self, written: &Spanned<String>) -> Result<Color> {
        let digits = written.get_ref().strip_prefix('#');
        let digits = digits.filter(|digits| {
            digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        });
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match number.map(u32::to_be_bytes) {
            Some([_, red, green, blue]) => Ok(Color([red, green, blue])),
            None => Err(self.not(written, "`#` and six hexadecimal digits, such as `#1d3f8f`")),
        }
    }

    fn logo(&self, file: &Spanned<String>, alone: bool) -> Result<Logo> {
        let image = std::fs::read(file.get_ref()).map_err(|error| self.unreadable(file, &error))?;
        let what = match ending(&image) {
            _ if image.len() > LARGEST => format!("{} bytes", image.len()),
            Some(ending) => {
                return Ok(Logo {
                    image,
                    ending,
                    alone,
                });
            }
            None => "another kind of file".to_owned(),
        };
        let found = format!("{:?} ({what})", file.get_ref());
        let allowed = format!("an SVG, PNG or WebP of at most {} KiB", LARGEST >> 10);
        Err(self.source.mistake(file.span(), found, allowed))
    }
}

/// The ending of an image's name, by how it begins.
fn ending(image: &[u8]) -> Option<&'static str> {
    if image.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some("png");
    }
    if image.starts_with(b"RIFF") && image.get(8..12) == Some(b"WEBP") {
        return Some("webp");
    }
    let text = std::str::from_utf8(image).ok()?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    (text.starts_with('<') && text.contains("<svg")).then_some("svg")
}

impl Display for Color {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(formatter, "#{red:02x}{green:02x}{blue:02x}")
    }
}
