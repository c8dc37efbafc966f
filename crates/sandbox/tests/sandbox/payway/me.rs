use super::*;

#[tokio::test]
async fn is_an_item_with_an_id_of_24_hexadecimal_digits() {
    let sandbox = sandbox();
    for (at, name) in ["alice", "bob", "carol", "dave"].into_iter().enumerate() {
        let token = token(&sandbox, name).await;
        for path in ["v1/me", "v1/me/", "v3/me", "v3/me/"] {
            let path = format!("/external/api/{path}");
            let item = api(&sandbox, &path, &token).await.json()["item"].clone();
            let id = item["id"].as_str().unwrap();
            let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            assert!(id.len() == 24 && id.bytes().all(hex), "{id}");
            assert_eq!(id, Persona::all()[at].id_at(System::Payway));
            assert_eq!(item["status"], "created");
            assert_eq!(item["verified"], name != "carol");
            assert!(item["customer_number"].is_string());
        }
    }
    let token = token(&sandbox, "carol").await;
    let item = api(&sandbox, "/external/api/v1/me", &token).await.json()["item"].clone();
    let names = ["email", "first_name", "last_name"].map(|name| item[name].clone());
    assert_eq!(names, ["alice@example.test", "Carol", "O'Neill"]);
}

#[tokio::test]
async fn has_the_address_in_parts_and_null_for_what_is_missing() {
    let sandbox = sandbox();
    let me = async |name: &str| {
        let token = token(&sandbox, name).await;
        api(&sandbox, "/external/api/v3/me", &token).await.json()["item"].clone()
    };
    let alice = me("alice").await;
    assert_eq!(alice["mobile_phone_number"], "+41225550101");
    assert_eq!(alice["birth_date"], "1988-04-12");
    assert_eq!(
        alice["address"],
        json!({
            "first_name": "Alice", "last_name": "Martin", "street": "Rue du Stade", "street_number": "1",
            "zip_code": "1200", "city": "Genève", "country_code": "CH",
        })
    );
    let bob = me("bob").await;
    assert_eq!(
        (&bob["mobile_phone_number"], &bob["address"]["country_code"]),
        (&Value::Null, &Value::Null)
    );
    let carol = me("carol").await["address"].clone();
    assert_eq!(
        (&carol["street"], &carol["street_number"]),
        (&json!("2 Terrace Lane"), &Value::Null)
    );
}

#[tokio::test]
async fn answers_errors_in_the_form_of_the_api() {
    let sandbox = sandbox();
    let refused = api(&sandbox, "/external/api/v1/me", "x").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let token = token(&sandbox, "alice").await;
    let unknown = api(&sandbox, "/external/api/v1/me?access_token=x", &token).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    let body = unknown.json();
    assert_eq!(
        (&body["code"], &body["field"]),
        (&json!("unknown_parameter"), &json!("access_token"))
    );
    let lost = api(&sandbox, "/external/api/v1/you", &token).await;
    assert_eq!(lost.status, StatusCode::NOT_FOUND);
    assert_eq!(lost.json()["code"], "not_found");
    let path = "/external/api/v1/me/active_products?include_articles=true";
    let products = api(&sandbox, path, &token).await.json();
    assert_eq!(
        products["item"]["active_products"],
        json!(["paper-digital"])
    );
}

#[tokio::test]
async fn needs_its_scope() {
    let sandbox = sandbox();
    let at = ticket(&sandbox, "alice").await;
    let pairs = [("ticket", &*at), ("scope", "/external/account/r")];
    let answer = access_token(&sandbox, &pairs).await.json();
    let token = answer["access_token"].as_str().unwrap();
    let me = api(&sandbox, "/external/api/v1/me", token).await;
    assert_eq!(me.status, StatusCode::FORBIDDEN);
}
