use super::*;

#[tokio::test]
async fn with_an_id_of_our_type_keeps_their_profile() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    tenancy.has(json!({"email": ALICE, "external_id": "other", "external_id_type": "club", "last_name": "Secret"}));
    let refused = directory
        .sync(person("a"), &verified(ALICE))
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::DirectoryConflict);
    assert!(
        refused.cause.contains("000000000001"),
        "the operator reads which: {}",
        refused.cause
    );
    assert!(!refused.cause.contains("Secret") && !refused.cause.contains(ALICE));
    assert_eq!(tenancy.users().len(), 1);
    assert_eq!(tenancy.count(Method::PUT, ""), 0);
}

#[tokio::test]
async fn with_the_same_id_of_another_type_is_not_us() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    tenancy.has(json!({"external_id": "a", "external_id_type": "diner"}));
    assert_eq!(
        code(directory.sync(person("a"), &verified(ALICE))).await,
        Code::DirectoryConflict
    );
    assert_eq!(tenancy.users().len(), 1);
}

#[tokio::test]
async fn with_the_same_id_of_no_type_is_us_only_where_there_is_one() {
    for one_type in [false, true] {
        let Scene {
            tenancy, directory, ..
        } = scene_with(|config| config.one_type = one_type).await;
        let user = json!({"id": "u", "external_id": "a", "email": ALICE, "first_name": "A"});
        for path in ["external/", "users/"] {
            let answer = json!({"status": "ok", "user": user});
            tenancy.fault(Method::GET, path, Fault::Answer(200, answer, ""));
        }
        let synced = directory.sync(person("a"), &verified(ALICE)).await;
        match one_type {
            true => assert_eq!(synced.unwrap().number.as_deref(), Some("u")),
            false => assert_eq!(synced.unwrap_err().code, Code::DirectoryConflict),
        }
    }
}

#[tokio::test]
async fn found_by_a_search_for_us_is_not_shown() {
    for wrong in [
        json!({"email": "other@x.example"}),
        json!({"email": ALICE, "external_id": "other", "external_id_type": "club"}),
    ] {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        let id = tenancy.has(wrong);
        let hit = json!({"status": "ok", "payload": {"user": {"user_id": id, "email": ALICE}}});
        tenancy.fault(Method::POST, "/api", Fault::Answer(200, hit, ""));
        assert_eq!(
            code(directory.sync(person("a"), &verified(ALICE))).await,
            Code::DirectoryConflict
        );
        assert_eq!(tenancy.users().len(), 1);
    }
}

#[tokio::test]
async fn answered_instead_of_the_one_asked_for_is_not_shown() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    let other = json!({"status": "ok", "user": {"id": "other", "email": "o@x.example"}});
    tenancy.fault(Method::GET, "users/", Fault::Answer(200, other.clone(), ""));
    assert_eq!(
        code(directory.sync(person("a"), &verified(ALICE))).await,
        Code::DirectoryConflict
    );
    // It was a slip: the next search finds the way again.
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    tenancy.fault(Method::POST, "users", Fault::After(200, other));
    let created = directory.sync(person("b"), &verified("b@x.example")).await;
    assert_eq!(created.unwrap_err().code, Code::DirectoryConflict);
}

#[tokio::test]
async fn several_hits_are_nobody() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    tenancy.has(json!({"email": ALICE}));
    tenancy.has(json!({"email": ALICE}));
    let synced = directory.sync(person("a"), &verified(ALICE)).await;
    let failure = synced.err().unwrap();
    assert_eq!(failure.code, Code::DirectoryConflict);
    // The operator is told which search it was, and nobody's address.
    assert!(
        failure.cause.contains("the search by e-mail"),
        "{failure:?}"
    );
    assert!(!failure.cause.contains(ALICE), "{failure:?}");
    assert_eq!(tenancy.users().len(), 2);
}

#[tokio::test]
async fn who_claims_the_same_profile_at_the_same_time_has_to_share_no_data() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    tenancy.has(json!({"email": ALICE}));
    let claims = verified(ALICE);
    let (one, two) = tokio::join!(
        directory.sync(person("a"), &claims),
        directory.sync(person("b"), &claims)
    );
    let codes: Vec<_> = [one, two]
        .into_iter()
        .filter_map(|outcome| outcome.err().map(|failure| failure.code))
        .collect();
    assert_eq!(codes, [Code::DirectoryConflict]);
}

#[tokio::test]
async fn linked_by_us_keeps_the_profile_even_if_sessionm_forgets_the_id() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    tenancy.has(json!({"email": ALICE}));
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    tenancy.with(|inner| {
        inner.users[0]
            .as_object_mut()
            .unwrap()
            .remove("identifiers")
    });
    tenancy.with(|inner| {
        inner.users[0]
            .as_object_mut()
            .unwrap()
            .remove("external_id")
    });
    assert_eq!(
        code(directory.sync(person("b"), &verified(ALICE))).await,
        Code::DirectoryConflict
    );
    // And the id comes back.
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    assert_eq!(tenancy.users()[0]["identifiers"][0]["external_id"], "a");
}
