//! What Trunk built: the page's template with the policy that fits it, and the files beside it with their compressed
//! siblings.

use std::{collections::HashMap, fmt::Write as _, io, path::Path, sync::Arc, time::SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{
    brand,
    encoding::{self, Encoding},
};
use crate::config::Brand;

pub(super) struct Built {
    pub(super) modified: SystemTime,
    pub(super) template: String,
    pub(super) csp: HeaderValue,
    pub(super) assets: HashMap<String, Arc<Asset>>,
}

/// A file, in memory.
pub(super) struct Asset {
    kind: &'static str,
    cache: &'static str,
    etag: HeaderValue,
    raw: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

impl Built {
    pub(super) fn read(folder: &Path, brand: &Brand) -> io::Result<Self> {
        let index = folder.join("index.html");
        let modified = std::fs::metadata(&index)?.modified()?;
        let template = std::fs::read_to_string(&index)?;
        let (template, logo) = brand::apply(brand, template);
        let csp = HeaderValue::from_str(&policy(&template)).map_err(io::Error::other)?;
        let mut assets = HashMap::new();
        collect(folder, "", &mut assets)?;
        if let Some((path, logo)) = logo {
            assets.insert(path, Arc::new(logo));
        }
        Ok(Self {
            modified,
            template,
            csp,
            assets,
        })
    }
}

fn collect(
    folder: &Path,
    prefix: &str,
    assets: &mut HashMap<String, Arc<Asset>>,
) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            continue;
        };
        if name.starts_with('.') {
            continue; // what belongs to a tool, such as `.git`
        }
        let path = format!("{prefix}/{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &path, assets)?;
        } else if path != "/index.html" && !name.ends_with(".br") && !name.ends_with(".gz") {
            assets.insert(path, Arc::new(Asset::read(&entry.path(), &name)?));
        }
    }
    Ok(())
}

impl Asset {
    /// One that is made here, with the path that its content gives it.
    pub(super) fn hashed(stem: &str, ending: &str, raw: Vec<u8>) -> (String, Self) {
        let hash = digest(&SHA256, &raw);
        let hash = hash.as_ref()[..8]
            .iter()
            .fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            });
        let name = format!("{stem}-{hash}.{ending}");
        let raw = Bytes::from(raw);
        let asset = Self {
            kind: kind(&name),
            cache: FOR_GOOD,
            etag: HeaderValue::from_str(&format!("\"{hash}\""))
                .unwrap_or(HeaderValue::from_static("\"\"")),
            brotli: Some(encoding::brotli(&raw)),
            gzip: Some(encoding::gzip(&raw)),
            raw,
        };
        (format!("/{name}"), asset)
    }

    fn read(path: &Path, name: &str) -> io::Result<Self> {
        let raw = Bytes::from(std::fs::read(path)?);
        let sibling = |encoding: Encoding, ending: &str| {
            let mut sibling = path.as_os_str().to_owned();
            sibling.push(ending);
            let compressed = std::fs::read(&sibling).ok().map(Bytes::from)?;
            // One of an earlier build says something else; the files' times say nothing once they were copied.
            encoding.holds(&compressed, &raw).then_some(compressed)
        };
        let etag = format!(
            "\"{}\"",
            admit_one_protocol::encoding::base64url(&digest(&SHA256, &raw).as_ref()[..12])
        );
        Ok(Self {
            kind: kind(name),
            cache: if is_hashed(name) {
                FOR_GOOD
            } else {
                "no-cache"
            },
            etag: HeaderValue::from_str(&etag).map_err(io::Error::other)?,
            brotli: sibling(Encoding::Brotli, ".br"),
            gzip: sibling(Encoding::Gzip, ".gz"),
            raw,
        })
    }

    pub(super) fn respond(&self, asked: &HeaderMap) -> Response {
        let (encoding, body) = match (Encoding::accepted(asked), &self.brotli, &self.gzip) {
            (Encoding::Brotli, Some(brotli), _) => (Encoding::Brotli, brotli),
            (Encoding::Brotli | Encoding::Gzip, _, Some(gzip)) => (Encoding::Gzip, gzip),
            _ => (Encoding::Identity, &self.raw),
        };
        let known = asked
            .get(header::IF_NONE_MATCH)
            .is_some_and(|etag| etag == self.etag);
        let mut response = Response::new(if known {
            Body::empty()
        } else {
            Body::from(body.clone())
        });
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.cache));
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if !known {
            encoding.mark(headers);
        }
        response
    }
}

/// For a name that has its content's hash in it.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// Trunk writes a hash of at least eight hexadecimal digits into a name: `app-0123456789abcdef_bg.wasm`.
fn is_hashed(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

pub(super) fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        "txt" | "ts" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The Content Security Policy: our own files, and the inline scripts and styles that were there when Trunk was done.
fn policy(page: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{}; style-src 'self'{}; connect-src 'self'; \
         img-src 'self' data:; font-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
        hashes(page, "script"),
        hashes(page, "style"),
    )
}

/// What a policy says to allow the inline elements of a name.
pub(super) fn hashes(page: &str, tag: &str) -> String {
    inline(page, tag).fold(String::new(), |mut hashes, text| {
        let _ = write!(
            hashes,
            " 'sha256-{}'",
            base64(digest(&SHA256, text.as_bytes()).as_ref())
        );
        hashes
    })
}

/// The text of inline elements of a name; data blocks aren't scripts.
fn inline<'a>(page: &'a str, tag: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{tag}"), format!("</{tag}"));
    let mut rest = page;
    std::iter::from_fn(move || {
        loop {
            let at = rest.find(&open)? + open.len();
            rest = &rest[at..];
            let (attributes, text) = rest.split_once('>')?;
            if !attributes.is_empty() && !attributes.starts_with([' ', '\n', '\t']) {
                continue;
            }
            let text = &text[..text.find(&close)?];
            rest = &rest[attributes.len() + 1 + text.len()..];
            if !attributes.contains("src=")
                && !attributes.contains("application/json")
                && !text.is_empty()
            {
                return Some(text);
            }
        }
    })
}

/// RFC 4648 section 4, as CSP wants it.
fn base64(bytes: &[u8]) -> String {
    let unpadded = admit_one_protocol::encoding::base64url(bytes)
        .replace('-', "+")
        .replace('_', "/");
    let padding = "=".repeat((4 - unpadded.len() % 4) % 4);
    unpadded + &padding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_and_styles_are_allowed_by_hash() {
        let page = "<style>a{}</style><script>alert(1)</script><script src=\"/x.js\"></script>\
                    <script type=\"application/json\">{}</script><script type=\"module\">import x</script>";
        let policy = policy(page);
        // printf 'alert(1)' | openssl dgst -sha256 -binary | base64
        assert!(
            policy.contains("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"),
            "{policy}"
        );
        assert_eq!(
            inline(page, "script").collect::<Vec<_>>(),
            ["alert(1)", "import x"]
        );
        assert_eq!(inline(page, "style").count(), 1);
        assert!(!policy.contains("unsafe-inline"));
    }

    #[test]
    fn no_form_is_sent_but_by_the_app() {
        // A form whose handler has failed would put what was typed, a password too, into the address.
        assert!(policy("").contains("form-action 'none'"));
    }

    #[test]
    fn trunks_names_are_hashed() {
        assert!(is_hashed("admit-one-app-7243c9a24bb35a1c.js"));
        assert!(is_hashed("admit-one-app-7243c9a24bb35a1c_bg.wasm"));
        assert!(!is_hashed("favicon.svg"));
        assert!(!is_hashed("admit-one.js"));
    }
}
