//! The token endpoint, UserInfo and revocation.

use admit_one_sandbox::{Client, ClientAuth, Sandbox, SandboxOptions};
use axum::http::StatusCode;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use crate::browser::{
    APP, Browser, REDIRECT_URI, VERIFIER, backend, backend_as, claims_of, exchange, refresh,
    sandbox, userinfo,
};

fn error(answer: &crate::browser::Answer) -> String {
    answer.json()["error"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// RFC 6749 4.1.2: once, and what it gave is revoked when it comes again.
#[tokio::test]
async fn a_code_is_good_once() {
    let sandbox = sandbox();
    let code = Browser::new(&sandbox).sign_in("alice").await.redirected()["code"].clone();
    let tokens = exchange(&sandbox, &code).await.json();
    assert_eq!(userinfo(&sandbox, &tokens).await.status, StatusCode::OK);
    assert_eq!(error(&exchange(&sandbox, &code).await), "invalid_grant");
    assert_eq!(
        userinfo(&sandbox, &tokens).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(error(&refresh(&sandbox, &tokens).await), "invalid_grant");
}

#[tokio::test]
async fn a_code_expires_after_a_minute_of_the_sandboxs_clock() {
    let sandbox = sandbox();
    let code = Browser::new(&sandbox).sign_in("alice").await.redirected()["code"].clone();
    sandbox.advance_clock(60);
    assert_eq!(error(&exchange(&sandbox, &code).await), "invalid_grant");
}

/// RFC 6749 4.1.3, RFC 7636 4.6.
#[tokio::test]
async fn a_code_is_bound_to_client_redirect_uri_and_verifier() {
    let sandbox = sandbox();
    let code = Browser::new(&sandbox).sign_in("alice").await.redirected()["code"].clone();
    let with = |redirect_uri, verifier| {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        pairs.to_vec()
    };
    for wrong in [
        with("http://localhost:8800/callback/other", VERIFIER),
        with(REDIRECT_URI, "x"),
        with(REDIRECT_URI, ""),
    ] {
        assert_eq!(
            error(&backend(&sandbox, "token", &wrong).await),
            "invalid_grant"
        );
    }
    let mut public = with(REDIRECT_URI, VERIFIER);
    public.push(("client_id", "shop-public"));
    assert_eq!(
        error(&backend_as(&sandbox, "token", "", &public).await),
        "invalid_grant"
    );
    let mut twice = with(REDIRECT_URI, VERIFIER);
    twice.push(("code", &code));
    assert_eq!(
        error(&backend(&sandbox, "token", &twice).await),
        "invalid_request"
    );
    assert_eq!(
        exchange(&sandbox, &code).await.status,
        StatusCode::OK,
        "none of these used it up"
    );
}

async fn code_for(sandbox: &Sandbox, client: &str) -> String {
    let back = Browser::new(sandbox)
        .sign_in_with("alice", &[("client_id", client)])
        .await;
    back.redirected()["code"].clone()
}

/// OpenID Connect Core 9: the registered method, and no other.
#[tokio::test]
async fn each_client_proves_itself_by_its_own_method() {
    let sandbox = sandbox();
    let grant = |code: &str| {
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ]
        .map(|(name, value)| (name, value.to_owned()))
    };
    let post = [
        ("client_id", "shop-post"),
        ("client_secret", SandboxOptions::CLIENT_SECRET),
    ];
    let basic = format!(
        "Basic {}",
        STANDARD.encode(format!("shop-post:{}", SandboxOptions::CLIENT_SECRET))
    );
    let wrong = format!("Basic {}", STANDARD.encode("shop:wrong"));

    let code = code_for(&sandbox, "shop-post").await;
    let base = grant(&code);
    let pairs: Vec<_> = base.iter().map(|(name, value)| (*name, &**value)).collect();
    for (authorization, more) in [
        (&*basic, &[][..]),
        (&*wrong, &[]),
        ("", &[("client_id", "shop-post")]),
        ("", &[]),
    ] {
        let refused = backend_as(
            &sandbox,
            "token",
            authorization,
            &[&pairs[..], more].concat(),
        )
        .await;
        assert_eq!(
            (refused.status, &*error(&refused)),
            (StatusCode::UNAUTHORIZED, "invalid_client"),
            "{authorization}"
        );
        assert!(refused.headers.contains_key("www-authenticate"));
    }
    let answer = backend_as(&sandbox, "token", "", &[&pairs[..], &post].concat()).await;
    assert_eq!(answer.status, StatusCode::OK);

    let code = code_for(&sandbox, "shop-public").await;
    let base = grant(&code);
    let mut pairs: Vec<_> = base.iter().map(|(name, value)| (*name, &**value)).collect();
    pairs.push(("client_id", "shop-public"));
    assert_eq!(
        backend_as(&sandbox, "token", "", &pairs).await.status,
        StatusCode::OK
    );
}

/// RFC 6749 2.3.1: both halves are form-encoded.
#[tokio::test]
async fn a_secret_with_special_characters_is_form_encoded_in_basic() {
    let mut options = SandboxOptions::default();
    options.clients.push(Client::of_app(
        "odd:id",
        ClientAuth::Basic("p+ss: w&rd%".to_owned()),
        APP,
    ));
    let sandbox = Sandbox::new(options);
    let code = code_for(&sandbox, "odd:id").await;
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let raw = backend_as(&sandbox, "token", &basic("odd:id:p+ss: w&rd%"), &pairs).await;
    assert_eq!(error(&raw), "invalid_client");
    let encoded = backend_as(
        &sandbox,
        "token",
        &basic("odd%3Aid:p%2Bss%3A+w%26rd%25"),
        &pairs,
    )
    .await;
    assert_eq!(encoded.status, StatusCode::OK);
}

/// OpenID Connect Core 9, RFC 7523 3.
#[tokio::test]
async fn private_key_jwt_is_checked_and_good_once() {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
    };
    let sandbox = sandbox();
    let pem = sandbox.client_key_pem();
    let der = STANDARD
        .decode(
            pem.lines()
                .filter(|line| !line.starts_with('-'))
                .collect::<String>(),
        )
        .unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).unwrap();
    let now = sandbox.now();
    let right = json!({
        "iss": "shop-jwt", "sub": "shop-jwt", "aud": sandbox.issuer(), "jti": "once", "iat": now, "exp": now + 60,
    });
    let sign = |claims: &Value| {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#);
        let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = key.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    };
    let code = code_for(&sandbox, "shop-jwt").await;
    let send = async |assertion: &str| {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
            ("client_assertion", assertion),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
        ];
        backend_as(&sandbox, "token", "", &pairs).await
    };
    for (name, value) in [
        ("aud", json!("https://elsewhere.example")),
        ("exp", json!(now - 1)),
        ("iss", json!("shop")),
    ] {
        let mut wrong = right.clone();
        wrong[name] = value;
        assert_eq!(
            error(&send(&sign(&wrong)).await),
            "invalid_client",
            "{name}"
        );
    }
    let mut altered = sign(&right);
    let at = altered.len() - 5;
    altered.replace_range(
        at..at + 1,
        if &altered[at..at + 1] == "A" {
            "B"
        } else {
            "A"
        },
    );
    assert_eq!(error(&send(&altered).await), "invalid_client");
    let assertion = sign(&right);
    assert_eq!(send(&assertion).await.status, StatusCode::OK);
    assert_eq!(error(&send(&assertion).await), "invalid_client");
}

/// RFC 9700 4.14.2.
#[tokio::test]
async fn refresh_tokens_rotate_and_a_used_one_revokes_its_family() {
    let sandbox = sandbox();
    let first = Browser::new(&sandbox).tokens("alice").await;
    let second = refresh(&sandbox, &first).await.json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let (before, after) = (claims_of(&first), claims_of(&second));
    for same in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert_eq!(
            before[same], after[same],
            "OpenID Connect Core 12.2: {same}"
        );
    }
    assert!(after.get("nonce").is_none());

    assert_eq!(error(&refresh(&sandbox, &first).await), "invalid_grant");
    assert_eq!(
        error(&refresh(&sandbox, &second).await),
        "invalid_grant",
        "the family is gone"
    );
    assert_eq!(
        userinfo(&sandbox, &second).await.status,
        StatusCode::UNAUTHORIZED
    );
}

/// RFC 7009 2.1 and 2.2.
#[tokio::test]
async fn revoking_a_refresh_token_ends_its_access_tokens() {
    let sandbox = sandbox();
    let tokens = Browser::new(&sandbox).tokens("alice").await;
    assert_eq!(
        backend(&sandbox, "revoke", &[("token", "unknown")])
            .await
            .status,
        StatusCode::OK
    );
    let token = tokens["refresh_token"].as_str().unwrap();
    let public = [("token", token), ("client_id", "shop-public")];
    assert_eq!(
        backend_as(&sandbox, "revoke", "", &public).await.status,
        StatusCode::OK
    );
    assert_eq!(
        userinfo(&sandbox, &tokens).await.status,
        StatusCode::OK,
        "another client revokes nothing"
    );
    assert_eq!(
        backend(&sandbox, "revoke", &[("token", token)])
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        userinfo(&sandbox, &tokens).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(error(&refresh(&sandbox, &tokens).await), "invalid_grant");
}

#[tokio::test]
async fn an_access_token_expires() {
    let sandbox = sandbox();
    let tokens = Browser::new(&sandbox).tokens("alice").await;
    sandbox.advance_clock(600);
    let refused = userinfo(&sandbox, &tokens).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(
        refused.headers["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("invalid_token")
    );
}
