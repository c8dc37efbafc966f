//! `boot.js`: the proofs that it signs are those of RFC 9449, by a key that stays in the browser.

use admit_one_app::browser;
use admit_one_protocol::proof::{
    Proof, ProofExpectations, ProofKey, ProofSignatureCheck, UnverifiedProof, ath,
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{js, js_async};

/// Puts on the page what the backend serves, and runs its scripts.
fn boot() {
    early();
    js(include_str!("../../src/boot.js"));
}

/// The same, as far as `early.js`.
fn early() {
    js(r#"
        document.querySelectorAll('[data-boot]').forEach((element) => element.remove());
        document.head.insertAdjacentHTML('beforeend', `
            <meta data-boot name="admit-one:sign-in" content="data:text/javascript,export default () => {}">
            <meta data-boot name="admit-one:app" content="data:text/javascript,export default () => {}">`);
        document.body.insertAdjacentHTML('beforeend', `
            <div data-boot id="app"><div class="providers"><button class="provider" data-provider="a">A</button>
            <button class="provider" data-provider="b">B</button></div></div>
            <script data-boot type="application/json" id="admit-one">{"nonce":"first"}</script>`);
    "#);
    js(include_str!("../../src/early.js"));
}

/// Whether the proof's signature is right, by WebCrypto.
async fn accepted(proof: &str, expected: ProofExpectations<'_>) -> Proof {
    let unverified = UnverifiedProof::parse(proof).unwrap();
    let ProofSignatureCheck {
        signing_input,
        signature,
        key,
    } = unverified.signature_check();
    let (name, point) = match key {
        ProofKey::P256(point) => ("ECDSA", point.as_slice()),
        ProofKey::Ed25519(point) => ("Ed25519", point.as_slice()),
    };
    let valid = js_async(&format!(
        "const alg = {{name: '{name}', namedCurve: 'P-256', hash: 'SHA-256'}};
        const key = await crypto.subtle.importKey('raw', new Uint8Array({point:?}), alg, false, ['verify']);
        return crypto.subtle.verify(alg, key, new Uint8Array({signature:?}), new Uint8Array({signing_input:?}));",
    ))
    .await;
    unverified.accept(valid.is_truthy(), expected).unwrap()
}

/// The kind of key of the next proof, which is right; and the thumbprint.
async fn signs_with() -> (&'static str, String) {
    let text = browser::proof("POST", "/v1/exchange", None).await.unwrap();
    let kind = match UnverifiedProof::parse(&text).unwrap().signature_check().key {
        ProofKey::P256(_) => "P-256",
        ProofKey::Ed25519(_) => "Ed25519",
    };
    let url = format!("{}/v1/exchange", browser::origin());
    let expected = ProofExpectations {
        method: "POST",
        url: &url,
        ath: None,
    };
    (kind, accepted(&text, expected).await.thumbprint)
}

/// Forgets the key that is kept, and puts this script before `boot.js`; `undo` is run once it has signed twice, on two
/// pages.
async fn signs_twice_with(script: &str, undo: &str) -> &'static str {
    const FORGET: &str = "await new Promise((resolve) => {
        const opening = indexedDB.open('admit-one', 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
        opening.onsuccess = () => {
            const forgetting = opening.result.transaction('keys', 'readwrite');
            forgetting.objectStore('keys').clear();
            forgetting.oncomplete = () => { opening.result.close(); resolve(); };
        };
    });";
    js_async(FORGET).await;
    js(script);
    boot();
    let first = signs_with().await;
    boot();
    let second = signs_with().await;
    js(undo);
    js_async(FORGET).await;
    assert_eq!(first, second, "the key is kept");
    first.0
}

#[wasm_bindgen_test]
async fn the_key_is_of_ed25519_where_the_browser_has_it() {
    assert_eq!(signs_twice_with("", "").await, "Ed25519");
}

#[wasm_bindgen_test]
async fn the_key_is_of_p_256_where_the_browser_has_no_other() {
    let script = "window.realGenerate = SubtleCrypto.prototype.generateKey;
        SubtleCrypto.prototype.generateKey = function (algorithm, ...more) {
            return algorithm.name === 'Ed25519' ? Promise.reject(new DOMException('', 'NotSupportedError'))
                : realGenerate.call(this, algorithm, ...more);
        };";
    let undo = "SubtleCrypto.prototype.generateKey = window.realGenerate;";
    assert_eq!(signs_twice_with(script, undo).await, "P-256");
}

#[wasm_bindgen_test]
async fn the_key_is_of_p_256_where_the_browser_can_not_keep_another() {
    let script = "window.realClone = structuredClone;
        window.structuredClone = () => { throw new DOMException('', 'DataCloneError'); };";
    let undo = "window.structuredClone = window.realClone;";
    assert_eq!(signs_twice_with(script, undo).await, "P-256");
}

#[wasm_bindgen_test]
async fn a_proof_is_accepted_for_its_method_address_and_handle() {
    boot();
    let url = format!("{}/v1/refresh", browser::origin());
    let ath = ath("handle");
    let proof = browser::proof("POST", "/v1/refresh", Some("handle"))
        .await
        .unwrap();
    let proof = accepted(
        &proof,
        ProofExpectations {
            method: "POST",
            url: &url,
            ath: Some(&ath),
        },
    )
    .await;
    assert_eq!(proof.nonce.as_deref(), Some("first"));

    browser::set_boot_nonce("second");
    let next = browser::proof("POST", "/v1/refresh", None).await.unwrap();
    let next = accepted(
        &next,
        ProofExpectations {
            method: "POST",
            url: &url,
            ath: None,
        },
    )
    .await;
    assert_eq!(next.nonce.as_deref(), Some("second"));
    assert_eq!(next.thumbprint, proof.thumbprint);
    assert_ne!(next.jti, proof.jti);
}

#[wasm_bindgen_test]
async fn the_key_outlives_the_page() {
    boot();
    let url = format!("{}/v1/exchange", browser::origin());
    let expected = || ProofExpectations {
        method: "POST",
        url: &url,
        ath: None,
    };
    let before = accepted(
        &browser::proof("POST", "/v1/exchange", None).await.unwrap(),
        expected(),
    )
    .await;
    boot();
    let after = accepted(
        &browser::proof("POST", "/v1/exchange", None).await.unwrap(),
        expected(),
    )
    .await;
    assert_eq!(before.thumbprint, after.thumbprint);
}

#[wasm_bindgen_test]
async fn where_indexeddb_is_blocked_the_key_is_in_memory() {
    js(
        "window.realOpen = indexedDB.open; IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); }",
    );
    boot();
    let proof = browser::proof("POST", "/v1/exchange", None).await;
    js("IDBFactory.prototype.open = window.realOpen;");
    let url = format!("{}/v1/exchange", browser::origin());
    accepted(
        &proof.unwrap(),
        ProofExpectations {
            method: "POST",
            url: &url,
            ath: None,
        },
    )
    .await;
}

/// Opens a callback with these parameters after `code` and `state`, and a proof that was signed so many milliseconds ago;
/// answers what was sent with it.
async fn sent_ahead(age: u32, more: &str) -> Option<String> {
    let sent = js_async(&format!(
        r#"
        const here = location.href, send = window.fetch;
        history.replaceState(null, '', '/callback/club?code=c&state=s{more}');
        localStorage.setItem('admit-one.proof', JSON.stringify({{ proof: 'ahead', at: Date.now() - {age} }}));
        localStorage.setItem('admit-one.pending.s', JSON.stringify({{
            provider: 'club', issuer: 'i', iss_required: false, redirect_uri: location.origin + '/callback/club',
            code_verifier: 'v', started_at: Date.now(),
        }}));
        let sent = null;
        window.fetch = async (url, options) => {{
            if (JSON.parse(options.body).iss === '') throw new Error('an empty `iss` is none');
            sent = options.headers.DPoP;
            return new Response('{{}}');
        }};
        {}
        await self.admitOne.exchange;
        self.admitOne.release();
        window.fetch = send;
        history.replaceState(null, '', here);
        localStorage.removeItem('admit-one.pending.s');
        if (localStorage.getItem('admit-one.proof')) throw new Error('the proof is still there');
        return sent;
        "#,
        include_str!("../../src/early.js")
    ))
    .await;
    sent.as_string()
}

#[wasm_bindgen_test]
async fn a_callback_is_exchanged_with_the_proof_that_was_signed_on_leaving() {
    assert_eq!(sent_ahead(1_000, "").await.as_deref(), Some("ahead"));
}

#[wasm_bindgen_test]
async fn a_parameter_without_a_value_is_none() {
    assert_eq!(sent_ahead(1_000, "&iss=").await.as_deref(), Some("ahead"));
}

#[wasm_bindgen_test]
async fn a_proof_whose_nonce_may_be_too_old_is_not_sent() {
    assert_eq!(sent_ahead(300_000, "").await, None);
}

#[wasm_bindgen_test]
async fn a_callback_that_the_app_would_refuse_is_not_exchanged_ahead() {
    let many = |count| (0..count).map(|at| format!("&p{at}=")).collect::<String>();
    assert_eq!(sent_ahead(1_000, &many(98)).await.as_deref(), Some("ahead"));
    assert_eq!(sent_ahead(1_000, &many(99)).await, None);
    assert_eq!(sent_ahead(1_000, "&code=d").await, None);
    assert_eq!(sent_ahead(1_000, "&error=access_denied").await, None);
}

#[wasm_bindgen_test]
fn a_press_before_the_app_is_there_is_remembered_once() {
    boot();
    js(
        "document.querySelector('[data-provider=a]').click(); document.querySelector('[data-provider=b]').click();",
    );
    assert_eq!(browser::boot_pressed().as_deref(), Some("b"), "the last");
    assert_eq!(browser::boot_pressed(), None);
    browser::boot_ready();
    js("document.querySelector('[data-provider=b]').click();");
    assert_eq!(browser::boot_pressed(), None);
}

#[wasm_bindgen_test]
fn a_press_in_the_middle_of_the_page_is_remembered() {
    early();
    js("document.querySelector('[data-provider=b]').click();");
    js(include_str!("../../src/boot.js"));
    assert_eq!(browser::boot_pressed().as_deref(), Some("b"));
}

#[wasm_bindgen_test]
fn the_provider_used_last_stands_first() {
    js("localStorage.setItem('admit-one.last', 'b')");
    boot();
    let first = js("document.querySelector('.provider').dataset.provider");
    js("localStorage.removeItem('admit-one.last')");
    assert_eq!(first.as_string().as_deref(), Some("b"));
}
