//! The pages and the files beside them, and what operators look at.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod support;

use admit_one_backend::{App, Config};
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use support::{Browser, ORIGIN, Upstream, secrets, toml};

#[tokio::test]
async fn the_page_has_its_buttons_and_its_data_before_any_script() {
    let browser = Browser::start().await;
    let page = browser.get("/").await;
    assert_eq!(page.status, 200);
    let html = page.body.as_str().unwrap();
    assert!(
        html.contains("data-testid=\"sign-in\"") && html.contains("data-provider=\"club\""),
        "{html}"
    );
    assert!(
        html.contains("Club &lt;account&gt;") && !html.contains("Club <account>"),
        "labels are escaped"
    );
    assert!(
        html.contains("<noscript>To sign in, this page needs JavaScript"),
        "{html}"
    );
    assert!(html.contains("<html lang=\"en\" dir=\"ltr\">") && html.contains("width: 100% }"));
    let data = html
        .split("<script type=\"application/json\" id=\"admit-one\">")
        .nth(1)
        .unwrap()
        .split("</script>")
        .next()
        .unwrap();
    let data: admit_one_protocol::api::PublicConfiguration = serde_json::from_str(data).unwrap();
    assert_eq!(data.providers[0].label, "Club <account>");
    assert_eq!(
        data.providers[0].authorization_endpoint.as_deref(),
        Some(&*format!("{}/auth", browser.upstream.issuer))
    );
    assert!(!html.contains("s e:cret"));
}

#[tokio::test]
async fn the_page_has_the_operators_name() {
    let named = "[brand]\nname = \"Club & Tickets\"\nnames = { fr = \"Billets du club\" }";
    let browser = Browser::configured("", named).await;
    for (lang, name) in [("de", "Club &amp; Tickets"), ("fr", "Billets du club")] {
        let page = browser.get(&format!("/?lang={lang}")).await;
        let html = page.body.as_str().unwrap();
        assert!(html.contains(&format!("<span>{name}</span>")), "{html}");
        assert!(html.contains(&format!(" · {name}</title>")), "{html}");
        assert!(!html.contains("Admit One"), "{html}");
    }
}

#[tokio::test]
async fn a_label_is_in_the_language_of_the_page() {
    let upstream = support::Upstream::start().await;
    let partner = "[[partners]]\nid = \"fanzine\"\nlabel = \"Fanzine\"\nlabels = { fr = \"Le <Fan>\" }\norigins = [\"https://fanzine.example\"]\n";
    let text = support::toml(&upstream.issuer, "", partner)
        .replace(
            "label = \"Club <account>\"",
            "label = \"Club\"\nlabels = { fr = \"Compte <du> club\" }",
        )
        .replace(
            "label = \"Shop\"",
            "label = \"Shop\"\nlabels = { fr = \"Billetterie\" }",
        );
    let config = admit_one_backend::Config::parse(&text, "test.toml", &support::secrets).unwrap();
    let app = admit_one_backend::App::start(config).await.unwrap();
    let browser = Browser::of(app, upstream).await;
    for (lang, button, club, shop, fanzine) in [
        (
            "fr",
            "Continuer avec Compte &lt;du&gt; club",
            "Compte <du> club",
            "Billetterie",
            "Le &lt;Fan&gt;",
        ),
        ("de", "Weiter mit Club", "Club", "Shop", "Fanzine"),
        ("en", "Continue with Club", "Club", "Shop", "Fanzine"),
    ] {
        let page = browser.get(&format!("/?lang={lang}")).await;
        assert!(page.body.as_str().unwrap().contains(button), "{lang}");
        let data = browser
            .get(&format!("/v1/configuration?lang={lang}"))
            .await
            .ok();
        assert_eq!(data["providers"][0]["label"], club);
        assert_eq!(data["shop"]["label"], shop);
        let widget = browser
            .get(&format!("/widget?partner=fanzine&lang={lang}"))
            .await;
        let label = format!("&quot;label&quot;:&quot;{fanzine}&quot;");
        assert!(widget.body.as_str().unwrap().contains(&label), "{lang}");
    }
}

#[tokio::test]
async fn the_sentences_are_in_a_file_that_browsers_keep() {
    let browser = Browser::start().await;
    let page = browser.get("/?lang=de").await;
    let html = page.body.as_str().unwrap();
    assert!(html.contains("\"lang\":\"de\"") && !html.contains("\"error."));
    let (_, rest) = html
        .split_once("<meta name=\"admit-one:messages\" content=\"")
        .unwrap();
    let file = browser.get(rest.split_once('"').unwrap().0).await;
    assert_eq!(file.status, 200);
    assert_eq!(
        file.headers["cache-control"],
        "public, max-age=31536000, immutable"
    );
    let offline = file.body["error.offline"].as_str().unwrap();
    assert!(offline.contains("Verbindung"), "{offline}");
}

#[tokio::test]
async fn pages_are_never_cached_and_strictly_framed() {
    let browser = Browser::start().await;
    for path in [
        "/",
        "/callback/club?code=x&state=y",
        "/profile",
        "/account",
        "/signed-out",
    ] {
        let page = browser.get(path).await;
        let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
        assert_eq!(
            (page.status, &*header("cache-control")),
            (200, "no-store"),
            "{path}"
        );
        let csp = header("content-security-policy");
        assert!(
            csp.contains("default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-"),
            "{csp}"
        );
        assert!(
            csp.contains("style-src 'self' 'sha256-")
                && csp.contains("frame-ancestors 'none'")
                && !csp.contains("unsafe-inline")
        );
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(
            header("cross-origin-opener-policy"),
            "same-origin-allow-popups"
        );
        assert!(header("strict-transport-security").starts_with("max-age="));
        assert!(header("permissions-policy").contains("camera=()"));
    }
}

/// Over http a browser has to ignore it (RFC 6797 section 8.1), and a localhost that took it would be lost for others.
#[tokio::test]
async fn https_is_insisted_on_where_it_is_ours_and_nowhere_else() {
    for (public_url, expected) in [
        (ORIGIN, Some("max-age=31536000")),
        ("http://localhost:8800", None),
    ] {
        let upstream = Upstream::start().await;
        let text = toml(&upstream.issuer, "", "").replace(ORIGIN, public_url);
        let config =
            Config::parse(&text, "test.toml", &secrets).unwrap_or_else(|error| panic!("{error}"));
        let browser = Browser::of(App::start(config).await.unwrap(), upstream).await;
        for path in [
            "/",
            "/callback/club",
            "/app-0123456789abcdef.js",
            "/v1/configuration",
            "/healthz",
            "/nothing-here",
        ] {
            let answer = browser.get(path).await;
            let insisted = answer.headers.get("strict-transport-security");
            let insisted = insisted.map(|value| value.to_str().unwrap());
            assert_eq!(insisted, expected, "{public_url}{path}");
        }
    }
}

#[tokio::test]
async fn pages_are_compressed_and_translated() {
    let browser = Browser::start().await;
    let request = Request::get("/?lang=fr")
        .header("accept-encoding", "gzip, br")
        .header("accept-language", "de")
        .body(Body::empty())
        .unwrap();
    let response = browser.app.answer(request).await;
    assert_eq!(response.headers()["content-encoding"], "br");
    assert_eq!(response.headers()["content-language"], "fr");
    let compressed = response.into_body().collect().await.unwrap().to_bytes();
    let mut html = Vec::new();
    brotli::BrotliDecompress(&mut compressed.as_ref(), &mut html).unwrap();
    assert!(
        String::from_utf8(html)
            .unwrap()
            .contains("<html lang=\"fr\"")
    );
}

#[tokio::test]
async fn hashed_files_are_kept_for_a_year_and_served_as_they_were_compressed() {
    let browser = Browser::start().await;
    let get = |path: &'static str, accept: &'static str| {
        let request = Request::get(path)
            .header("accept-encoding", accept)
            .body(Body::empty())
            .unwrap();
        browser.send(request)
    };
    let script = get("/app-0123456789abcdef.js", "br, gzip").await;
    assert_eq!(
        script.headers["cache-control"],
        "public, max-age=31536000, immutable"
    );
    assert_eq!(script.headers["content-encoding"], "br");
    assert_eq!(
        get("/app-0123456789abcdef.js", "gzip").await.headers["content-encoding"],
        "gzip"
    );
    let plain = get("/app-0123456789abcdef.js", "").await;
    assert_eq!(
        (plain.headers.get("content-encoding"), plain.body.as_str()),
        (None, Some("export default 1\n"))
    );
    // Its siblings are of an earlier build, or broken.
    for accept in ["br", "gzip"] {
        let robots = get("/robots.txt", accept).await;
        assert_eq!(robots.headers.get("content-encoding"), None, "{accept}");
    }
    let robots = get("/robots.txt", "br").await;
    assert_eq!(
        (&robots.headers["cache-control"], robots.body.as_str()),
        (&"no-cache".parse().unwrap(), Some("hi\n"))
    );
    let again = Request::get("/robots.txt")
        .header("if-none-match", &robots.headers["etag"])
        .body(Body::empty())
        .unwrap();
    assert_eq!(browser.send(again).await.status, 304);
    for path in [
        "/index.html",
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/app-0123456789abcdef.js.br",
    ] {
        assert_eq!(get(path, "").await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_provider_that_is_down_leaves_the_page_up() {
    let upstream = support::Upstream::start().await;
    let down = support::Upstream {
        issuer: "http://127.0.0.1:9/op".to_owned(),
        inner: upstream.inner,
    };
    let browser = Browser::at(down, "", "").await;
    assert_eq!(browser.get("/").await.status, 200);
    let configuration = browser.get("/v1/configuration").await.ok();
    assert_eq!(
        configuration["providers"][0].get("authorization_endpoint"),
        None
    );
}

#[tokio::test]
async fn operators_see_health_readiness_and_counts() {
    let mut browser = Browser::start().await;
    assert_eq!(browser.get("/healthz").await.status, 200);
    assert_eq!(browser.get("/readyz").await.ok(), "database ok\napp ok\n");
    browser.exchange().await.ok();
    browser.upstream.answers(500, "text/plain", "");
    browser.exchange().await;
    let metrics = browser.get("/metrics").await.ok();
    let metrics = metrics.as_str().unwrap();
    for line in [
        "admit_one_requests_total{provider=\"club\",step=\"exchange\",outcome=\"ok\"} 1",
        "admit_one_requests_total{provider=\"club\",step=\"exchange\",outcome=\"upstream_error\"} 1",
        "admit_one_upstream_requests_total{provider=\"club\",call=\"token\",outcome=\"5xx\"} 1",
        "admit_one_request_seconds_count{step=\"exchange\"} 2",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

#[tokio::test]
async fn without_an_app_it_is_not_ready() {
    let upstream = support::Upstream::start().await;
    let text = support::toml(&upstream.issuer, "", "")
        .replace("tests/support/dist", "tests/support/nothing");
    let config = admit_one_backend::Config::parse(&text, "test.toml", &support::secrets).unwrap();
    let browser = Browser::of(
        admit_one_backend::App::start(config).await.unwrap(),
        upstream,
    )
    .await;
    assert_eq!(browser.get("/readyz").await.status, 503);
    assert_eq!(browser.get("/").await.status, 503);
}
