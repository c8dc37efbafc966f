use super::*;

#[tokio::test]
async fn by_external_id_comes_first() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    let ours = tenancy.has(json!({"external_id": "a", "external_id_type": "club"}));
    tenancy.has(json!({"email": ALICE}));
    let synced = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    assert_eq!(synced.number, Some(ours));
}

#[tokio::test]
async fn by_a_verified_email_claims_a_profile_of_nobody() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    let id = tenancy.has(
        json!({"email": ALICE, "last_name": "Known", "phone_numbers": [{"phone_number": "4179"}]}),
    );
    let synced = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    assert_eq!(synced.number, Some(id));
    assert_eq!(synced.profile.get(Field::FamilyName), Some("Known"));
    assert_eq!(
        synced.profile.get(Field::GivenName),
        Some("A"),
        "what it lacked"
    );
    let user = &tenancy.users()[0];
    assert_eq!(user["identifiers"][0]["external_id"], "a");
    assert_eq!(
        user["phone_numbers"],
        json!([{"phone_number": "4179"}]),
        "the list is sent whole"
    );
}

#[tokio::test]
async fn an_email_that_is_not_verified_claims_nothing_and_makes_no_second_profile() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    tenancy.has(json!({"email": ALICE}));
    let refused = directory
        .sync(person("a"), &unverified(ALICE))
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::ContactEmailUnverified);
    assert_eq!(tenancy.users().len(), 1);
    assert!(tenancy.users()[0].get("identifiers").is_none());
    // One that nobody has is theirs.
    directory
        .sync(person("b"), &unverified("b@x.example"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_typed_email_that_another_profile_has_is_refused() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    tenancy.has(json!({"email": ALICE}));
    let claims = Claims::default();
    assert_eq!(
        directory.sync(person("a"), &claims).await.unwrap().number,
        None
    );
    let answers = verified(ALICE).profile;
    let refused = directory.complete(person("a"), &answers).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.fields),
        (Code::ContactEmailUnverified, vec![Field::Email])
    );
    assert_eq!(tenancy.users().len(), 1);
}

#[tokio::test]
async fn by_a_verified_number_only() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    let id = tenancy.has(json!({"phone_numbers": [{"phone_number": "41791111111"}]}));
    let mut claims = unverified("b@x.example");
    claims.profile.set(Field::PhoneNumber, "+41791111111");
    let synced = directory.sync(person("b"), &claims).await.unwrap();
    assert_ne!(
        synced.number.as_ref(),
        Some(&id),
        "numbers may be shared: another profile is theirs"
    );
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    let id = tenancy.has(json!({"phone_numbers": [{"phone_number": "41791111111"}]}));
    claims.phone_number_verified = true;
    let synced = directory.sync(person("a"), &claims).await.unwrap();
    assert_eq!(synced.number, Some(id));
}

#[tokio::test]
async fn by_number_finds_nobody_with_another_email() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    tenancy.has(
        json!({"email": "husband@x.example", "phone_numbers": [{"phone_number": "41791111111"}]}),
    );
    let mut claims = verified(ALICE);
    claims.profile.set(Field::PhoneNumber, "+41791111111");
    claims.phone_number_verified = true;
    assert_eq!(
        code(directory.sync(person("a"), &claims)).await,
        Code::DirectoryConflict
    );
}

#[tokio::test]
async fn in_the_configured_order_and_by_user_id() {
    let id = "00000000-0000-0000-0000-000000000001";
    let Scene {
        tenancy, directory, ..
    } = scene_with(|config| config.order = vec![Search::UserId, Search::ExternalId]).await;
    tenancy.has(json!({"first_name": "A"}));
    let synced = directory.sync(person(id), &verified(ALICE)).await.unwrap();
    assert_eq!(synced.number.as_deref(), Some(id));
    assert_eq!(
        tenancy.with(|inner| inner.seen[0].1.clone()),
        format!("users/{id}")
    );
    // A `sub` that isn't one isn't looked up as one.
    directory
        .sync(person("b"), &verified("b@x.example"))
        .await
        .unwrap();
    assert_eq!(tenancy.count(Method::GET, "users/b"), 0);
}

#[tokio::test]
async fn each_lookup_has_a_request_id_of_its_own() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    for sub in ["a", "b"] {
        directory
            .sync(person(sub), &verified(&format!("{sub}@x.example")))
            .await
            .unwrap();
    }
    let ids = tenancy.with(|inner| {
        let lookups = inner
            .seen
            .iter()
            .filter(|(_, path, _)| path.starts_with("/api"));
        lookups
            .map(|(_, _, body)| body["request_id"].to_string())
            .collect::<Vec<_>>()
    });
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn by_email_in_the_core_where_the_tenant_has_that() {
    let Scene {
        tenancy, directory, ..
    } = scene_with(|config| config.search_path = Some("users/search".to_owned())).await;
    let id = tenancy.has(json!({"email": ALICE}));
    let synced = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    assert_eq!(synced.number, Some(id));
    assert_eq!(tenancy.count(Method::GET, "users/search"), 1);
    assert_eq!(tenancy.count(Method::POST, "/api/2.0/lookup"), 0);
}

#[tokio::test]
async fn by_a_number_that_is_written_without_the_country() {
    let Scene {
        tenancy, directory, ..
    } = scene_with(|config| config.calling_code = Some("1".to_owned())).await;
    let id = tenancy.has(json!({"phone_numbers": [{"phone_number": "6175550100"}]}));
    let claims = Claims {
        profile: [(Field::PhoneNumber, "+16175550100".to_owned())]
            .into_iter()
            .collect(),
        email_verified: false,
        phone_number_verified: true,
        is_old: false,
    };
    let synced = directory.sync(person("a"), &claims).await.unwrap();
    assert_eq!(synced.number, Some(id));
    assert_eq!(synced.profile.get(Field::PhoneNumber), Some("+16175550100"));
}

/// Norway's +47 42345678 has the digits of +1 474 234 5678.
#[tokio::test]
async fn not_by_the_number_of_another_country_where_they_are_written_without_it() {
    let Scene {
        tenancy, directory, ..
    } = scene_with(|config| config.calling_code = Some("1".to_owned())).await;
    tenancy
        .has(json!({"email": "us@x.example", "phone_numbers": [{"phone_number": "4742345678"}]}));
    let claims = Claims {
        profile: [(Field::PhoneNumber, "+4742345678".to_owned())]
            .into_iter()
            .collect(),
        email_verified: false,
        phone_number_verified: true,
        is_old: false,
    };
    let synced = directory.sync(person("n"), &claims).await.unwrap();
    assert_eq!(synced.number, None);
    assert_eq!(tenancy.count(Method::POST, "/api/2.0/lookup"), 0);
}
