//! What the operator's brand changes in the template: two tokens of `style/tokens.css`, the mark above each page, the icon.

use std::fmt::Write as _;

use super::built::{self, Asset};
use crate::config::{Brand, Color, Logo};

/// The mark and the name above each page, as Trunk left them.
const MASTHEAD: (&str, &str) = ("<header class=\"masthead\">", "</header>");
/// The page's icon; there are no double quotes in its address.
const ICON: (&str, &str) = ("<link rel=\"icon\" ", "\">");
/// What a button stands on where it is dark: `--card`.
const DARK_CARD: Color = Color([0x17, 0x1e, 0x30]);
/// A colour of the operator's on it is at least this far off (WCAG 2.2, 1.4.11).
const VISIBLE: f64 = 3.0;
/// Text on a colour is at least this far off (WCAG 2.2, 1.4.3).
const READABLE: f64 = 4.5;

/// The template with the brand in it, and the logo as it is served.
pub(super) fn apply(brand: &Brand, template: String) -> (String, Option<(String, Asset)>) {
    let mut template = template;
    if let Some(color) = brand.color {
        template = template.replacen("</head>", &(style(color, brand.dark_color) + "</head>"), 1);
    }
    let logo = brand.logo.as_ref().map(|logo| {
        let (path, asset) = Asset::hashed("logo", logo.ending, logo.image.clone());
        template = with_logo(&template, logo, &path);
        (path, asset)
    });
    (template, logo)
}

fn with_logo(template: &str, logo: &Logo, path: &str) -> String {
    // A logo that says the name is read in its place.
    let (alt, name) = if logo.alone {
        ("%app.name%", "")
    } else {
        ("", "<span>%app.name%</span>")
    };
    let masthead = format!("<img src=\"{path}\" alt=\"{alt}\">{name}");
    let template = replaced(template, MASTHEAD, &masthead);
    if logo.alone {
        return template; // as wide as a name is, which no icon can be
    }
    let icon = format!("type=\"{}\" href=\"{path}", built::kind(path));
    replaced(&template, ICON, &icon)
}

/// What stands between two texts in another form.
fn replaced(template: &str, (open, close): (&str, &str), by: &str) -> String {
    let parts = template
        .split_once(open)
        .and_then(|(before, rest)| Some((before, &rest[rest.find(close)?..])));
    match parts {
        Some((before, after)) => [before, open, by, after].concat(),
        None => template.to_owned(),
    }
}

/// The tokens of a colour, light and dark.
fn style(light: Color, dark: Option<Color>) -> String {
    let dark = dark.unwrap_or_else(|| visible(light));
    let mut style = format!("<style>:root{{{}}}", tokens(light));
    let _ = write!(
        style,
        "@media(prefers-color-scheme:dark){{:root{{{}}}}}</style>",
        tokens(dark)
    );
    style
}

/// The colour of buttons, a stronger one below the pointer, and that of the text on both.
fn tokens(brand: Color) -> String {
    let text = text_on(brand);
    format!(
        "--brand:{brand};--brand-strong:{};--on-brand:{text}",
        stronger(brand, text)
    )
}

/// White, or black where white can't be read. On every colour one of them can: their contrasts make 21.
fn text_on(brand: Color) -> Color {
    if WHITE.contrast(brand) >= READABLE {
        WHITE
    } else {
        BLACK
    }
}

/// A step away from the text.
fn stronger(brand: Color, text: Color) -> Color {
    brand.mixed(if text == WHITE { BLACK } else { WHITE }, 0.25)
}

/// As light as it has to be to be seen where it is dark.
fn visible(color: Color) -> Color {
    (0..=20)
        .map(|step| color.mixed(WHITE, f64::from(step) / 20.0))
        .find(|lighter| lighter.contrast(DARK_CARD) >= VISIBLE)
        .unwrap_or(WHITE)
}

const WHITE: Color = Color([255; 3]);
const BLACK: Color = Color([0; 3]);

impl Color {
    /// The contrast ratio of two colours, 1 to 21
    /// ([WCAG 2.2](https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)).
    fn contrast(self, other: Color) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// [Relative luminance](https://www.w3.org/TR/WCAG22/#dfn-relative-luminance), 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let channel = f64::from(channel) / 255.0;
            if channel <= 0.04045 {
                channel / 12.92
            } else {
                ((channel + 0.055) / 1.055).powf(2.4)
            }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// With a part of another one in it, 0 to 1.
    fn mixed(self, other: Color, part: f64) -> Color {
        let mix = |(one, two): (u8, u8)| {
            (f64::from(one) + (f64::from(two) - f64::from(one)) * part).round() as u8
        };
        let [red, green, blue] = self.0;
        let [other_red, other_green, other_blue] = other.0;
        Color([(red, other_red), (green, other_green), (blue, other_blue)].map(mix))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEMPLATE: &str = "<head><link rel=\"icon\" type=\"image/svg+xml\" href=\"data:image/svg+xml,<svg><path d='m0'/></svg>\">\
                            <style>a{}</style></head><header class=\"masthead\"><svg></svg><span>%app.name%</span></header>";

    fn brand(alone: bool) -> Brand {
        let logo = Logo {
            image: b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            ending: "svg",
            alone,
        };
        Brand {
            color: Some(Color([0xff, 0xd4, 0])),
            logo: Some(logo),
            ..Brand::default()
        }
    }

    #[test]
    fn contrasts_are_wcags() {
        let contrast = WHITE.contrast(BLACK);
        assert!((contrast - 21.0).abs() < 1e-9, "{contrast}");
        // #767676 is the lightest grey that is readable on white.
        assert!(Color([0x76; 3]).contrast(WHITE) >= READABLE);
        assert!(Color([0x77; 3]).contrast(WHITE) < READABLE);
    }

    #[test]
    fn a_dark_card_is_as_the_style_has_it() {
        let tokens = include_str!("../../../../style/tokens.css");
        let (_, dark) = tokens.split_once("prefers-color-scheme: dark").unwrap();
        assert!(dark.contains(&format!("--card: {DARK_CARD};")), "{dark}");
    }

    #[test]
    fn a_logo_stands_for_the_mark_and_is_the_icon() {
        let (page, logo) = apply(&brand(false), TEMPLATE.to_owned());
        let (path, _) = logo.unwrap();
        assert!(
            path.starts_with("/logo-") && path.ends_with(".svg"),
            "{path}"
        );
        assert_eq!(
            page,
            format!(
                "<head><link rel=\"icon\" type=\"image/svg+xml\" href=\"{path}\"><style>a{{}}</style>\
                 <style>:root{{--brand:#ffd400;--brand-strong:#ffdf40;--on-brand:#000000}}\
                 @media(prefers-color-scheme:dark){{:root{{--brand:#ffd400;--brand-strong:#ffdf40;--on-brand:#000000}}}}</style></head>\
                 <header class=\"masthead\"><img src=\"{path}\" alt=\"\"><span>%app.name%</span></header>"
            )
        );
    }

    #[test]
    fn a_logo_that_says_the_name_is_read_as_it() {
        let (page, logo) = apply(&brand(true), TEMPLATE.to_owned());
        let (path, _) = logo.unwrap();
        assert!(
            page.ends_with(&format!(
                "\"masthead\"><img src=\"{path}\" alt=\"%app.name%\"></header>"
            )),
            "{page}"
        );
        assert!(page.contains("href=\"data:"), "{page}");
    }

    #[test]
    fn without_a_brand_the_template_stays() {
        assert_eq!(apply(&Brand::default(), TEMPLATE.to_owned()).0, TEMPLATE);
    }

    proptest! {
        #[test]
        fn whatever_the_colour_its_text_can_be_read_and_it_can_be_seen(color: [u8; 3]) {
            let light = Color(color);
            let dark = visible(light);
            prop_assert!(dark.contrast(DARK_CARD) >= VISIBLE);
            for brand in [light, dark] {
                let text = text_on(brand);
                prop_assert!(text.contrast(brand) >= READABLE);
                prop_assert!(text.contrast(stronger(brand, text)) >= READABLE);
            }
        }
    }
}
