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
}
