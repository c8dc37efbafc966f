//! Which compression a browser takes (RFC 9110 section 12.5.3), and the compression of what is rendered.

use std::io::{Read, Write};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let mut accepted = Self::Identity;
        let ranges = headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        for range in ranges {
            let (coding, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let refused = weight
                .trim()
                .strip_prefix("q=")
                .is_some_and(|weight| weight.parse() == Ok(0.0));
            match coding.trim() {
                "br" if !refused => return Self::Brotli,
                "gzip" if !refused => accepted = Self::Gzip,
                _ => {}
            }
        }
        accepted
    }

    pub(super) fn mark(self, headers: &mut HeaderMap) {
        let name = match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => return,
        };
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }

    /// Whether `compressed` is `raw` in this encoding.
    pub(super) fn holds(self, compressed: &[u8], raw: &[u8]) -> bool {
        let mut decoder: Box<dyn Read + '_> = match self {
            Self::Brotli => Box::new(brotli::Decompressor::new(compressed, 4096)),
            Self::Gzip => Box::new(flate2::read::GzDecoder::new(compressed)),
            Self::Identity => Box::new(compressed),
        };
        let mut held = Vec::with_capacity(raw.len());
        let longest = raw.len() as u64 + 1;
        decoder
            .by_ref()
            .take(longest)
            .read_to_end(&mut held)
            .is_ok()
            && held == raw
    }
}

/// Quick, and nearly as small as it gets: a page is a few dozen kilobytes.
pub(super) fn brotli(text: &Bytes) -> Bytes {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 5,
        lgwin: 17,
        size_hint: text.len(),
        ..Default::default()
    };
    let mut compressed = Vec::with_capacity(text.len() / 3);
    match brotli::BrotliCompress(&mut text.as_ref(), &mut compressed, &parameters) {
        Ok(_) => compressed.into(),
        Err(_) => Bytes::new(),
    }
}

pub(super) fn gzip(text: &Bytes) -> Bytes {
    let mut encoder = flate2::write::GzEncoder::new(
        Vec::with_capacity(text.len() / 3),
        flate2::Compression::new(6),
    );
    let written = encoder.write_all(text).and_then(|()| encoder.finish());
    written.unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample};

    use super::*;

    fn of(accept: &'static str) -> Encoding {
        Encoding::accepted(&HeaderMap::from_iter([(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static(accept),
        )]))
    }

    #[test]
    fn the_smallest_that_is_accepted() {
        assert_eq!(of("gzip, deflate, br, zstd"), Encoding::Brotli);
        assert_eq!(of("gzip;q=0.5, br;q=0"), Encoding::Gzip);
        assert_eq!(of("identity"), Encoding::Identity);
    }

    fn of_all(values: &[Vec<u8>]) -> Encoding {
        let values = values.iter().map(|value| HeaderValue::from_bytes(value));
        let headers = values.map(|value| (header::ACCEPT_ENCODING, value.unwrap()));
        Encoding::accepted(&headers.collect())
    }

    /// A weight as RFC 9110 section 12.4.2 writes it, and whether it is nought.
    fn weight() -> impl Strategy<Value = (&'static str, bool)> {
        sample::select(vec![
            ("", false),
            (";q=1", false),
            ("; q=0.5", false),
            (" ;q=0.001", false),
            (";q=1.000", false),
            (";q=0", true),
            ("; q=0.0", true),
            (" ; q=0.", true),
            (";q=0.000", true),
        ])
    }

    proptest! {
        #[test]
        fn what_is_taken_was_named_and_not_refused(
            br in proptest::option::of(weight()), gzip in proptest::option::of(weight()),
            others in "((deflate|zstd|brotli|x-gzip|\\*)(;q=(0|1))?){0,1}", turn in 0..3_usize, together: bool,
        ) {
            let range = |name: &str, weight: Option<(&str, bool)>| {
                weight.map(|(weight, _)| format!("{name}{weight}").into_bytes())
            };
            let ranges = [range("br", br), range("gzip", gzip), Some(others.into_bytes())];
            let mut ranges: Vec<_> = ranges.into_iter().flatten().collect();
            let places = ranges.len();
            ranges.rotate_left(turn % places);
            let ranges = if together { vec![ranges.join(&b", "[..])] } else { ranges };
            let taken = |weight: Option<(&str, bool)>| weight.is_some_and(|(_, is_nought)| !is_nought);
            let expected = match (taken(br), taken(gzip)) {
                (true, _) => Encoding::Brotli,
                (false, true) => Encoding::Gzip,
                (false, false) => Encoding::Identity,
            };
            prop_assert_eq!(of_all(&ranges), expected);
        }

        #[test]
        fn whatever_is_sent_nothing_is_taken_that_was_not_named(
            values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..4),
        ) {
            let fit = |value: &Vec<u8>| HeaderValue::from_bytes(value).is_ok();
            let values: Vec<_> = values.into_iter().filter(fit).collect();
            let named = |name: &[u8]| {
                let has = |value: &Vec<u8>| value.windows(name.len()).any(|part| part == name);
                values.iter().any(has)
            };
            match of_all(&values) {
                Encoding::Brotli => prop_assert!(named(b"br")),
                Encoding::Gzip => prop_assert!(named(b"gzip")),
                Encoding::Identity => {}
            }
        }

        #[test]
        fn what_was_compressed_is_held_and_nothing_else(text in "\\PC{0,200}", other in "\\PC{0,20}") {
            let raw = Bytes::from(text);
            let longer = [&*raw, b"x"].concat();
            for (encoding, compressed) in [(Encoding::Brotli, brotli(&raw)), (Encoding::Gzip, gzip(&raw))] {
                prop_assert!(encoding.holds(&compressed, &raw));
                prop_assert!(!encoding.holds(&compressed, &longer));
                prop_assert!(*other.as_bytes() == *raw || !encoding.holds(&compressed, other.as_bytes()));
                prop_assert!(!encoding.holds(&raw, &raw) || raw.is_empty());
            }
        }
    }
}
