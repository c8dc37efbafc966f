use super::*;

#[tokio::test]
async fn is_created_once_and_found_again() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    let first = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    let again = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    assert_eq!(first, again);
    let users = tenancy.users();
    assert_eq!(users.len(), 1);
    assert_eq!(first.number.as_deref(), users[0]["id"].as_str());
    assert_eq!(
        users[0]["identifiers"],
        json!([{"external_id": "a", "external_id_type": "club"}])
    );
    assert_eq!(users[0]["opted_in"], false);
    let contact = directory.contact(person("a")).await.unwrap().unwrap();
    assert_eq!(Some(contact.number), first.number);
    assert_eq!(directory.contact(person("b")).await.unwrap(), None);
}

#[tokio::test]
async fn is_not_created_before_it_is_complete() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    let claims = Claims {
        profile: [(Field::Email, ALICE.to_owned())].into_iter().collect(),
        ..verified(ALICE)
    };
    let synced = directory.sync(person("a"), &claims).await.unwrap();
    assert_eq!((synced.number, tenancy.users().len()), (None, 0));
    let answers = [(Field::GivenName, "Alice".to_owned())]
        .into_iter()
        .collect();
    let synced = directory.complete(person("a"), &answers).await.unwrap();
    let users = tenancy.users();
    assert_eq!(synced.number.as_deref(), users[0]["id"].as_str());
    assert_eq!(
        (&users[0]["email"], &users[0]["first_name"]),
        (&json!(ALICE), &json!("Alice"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_many_tabs_at_two_instances() {
    let tenancy = Tenancy::start().await;
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("shared.db").display());
    let clock = Clock::default();
    let config = config(&tenancy.url);
    let instances = [
        instance(&config, &database, &clock).await,
        instance(&config, &database, &clock).await,
    ];
    let mut tabs = tokio::task::JoinSet::new();
    for at in 0..8 {
        let directory = instances[at % 2].clone();
        tabs.spawn(async move {
            directory
                .sync(person("a"), &verified(ALICE))
                .await
                .unwrap()
                .number
        });
    }
    let mut numbers = tabs.join_all().await;
    numbers.dedup();
    assert_eq!((numbers.len(), tenancy.users().len()), (1, 1));
    assert_eq!(tenancy.count(Method::POST, "users"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_one_customer_at_two_providers_at_once() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    let other = Person {
        provider: "diner",
        iss: "https://diner.example",
        sub: "alice",
    };
    let (claims, same) = (verified(ALICE), verified(ALICE));
    let (one, two) = tokio::join!(
        directory.sync(person("a"), &claims),
        directory.sync(other, &same)
    );
    assert_eq!(one.unwrap().number, two.unwrap().number);
    assert_eq!(tenancy.users().len(), 1);
    assert_eq!(
        tenancy.users()[0]["identifiers"].as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn whose_creation_was_answered_too_late() {
    let Scene {
        tenancy, directory, ..
    } = brief_scene().await;
    tenancy.fault(Method::POST, "users", Fault::Lost);
    let synced = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    assert_eq!(synced.number.as_deref(), tenancy.users()[0]["id"].as_str());
    assert_eq!(
        (tenancy.users().len(), tenancy.count(Method::POST, "users")),
        (1, 1)
    );
}

#[tokio::test]
async fn whose_creation_was_answered_with_an_error_after_it_was_done() {
    for (status, answer) in [
        (500, Value::Null),
        (200, error("internal_server_error")),
        (200, json!("?")),
    ] {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        tenancy.fault(Method::POST, "users", Fault::After(status, answer));
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        assert_eq!(tenancy.users().len(), 1);
    }
}

#[tokio::test]
async fn whose_creation_happens_after_everybody_has_given_up() {
    let Scene {
        tenancy,
        directory,
        clock,
    } = brief_scene().await;
    tenancy.fault(Method::POST, "users", Fault::Late);
    assert_eq!(
        code(directory.sync(person("a"), &verified(ALICE))).await,
        Code::DirectoryUnavailable
    );
    // Meanwhile nobody tries again.
    let busy = directory.sync(person("a"), &verified(ALICE)).await;
    if let Err(failure) = busy {
        assert_eq!(failure.code, Code::DirectoryBusy);
        assert!(failure.retry_after.is_some());
    }
    assert_eq!(tenancy.count(Method::POST, "users"), 1);
    tokio::time::sleep(Duration::from_millis(2 * TIMEOUT_MS)).await;
    clock.advance(60);
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    assert_eq!(
        (tenancy.users().len(), tenancy.count(Method::POST, "users")),
        (1, 1)
    );
}

#[tokio::test]
async fn whose_creation_never_reached_anybody() {
    let Scene {
        tenancy,
        directory,
        clock,
    } = brief_scene().await;
    tenancy.fault(Method::POST, "users", Fault::Silent);
    assert_eq!(
        code(directory.sync(person("a"), &verified(ALICE))).await,
        Code::DirectoryUnavailable
    );
    clock.advance(60);
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    assert_eq!(tenancy.users().len(), 1);
}

#[tokio::test]
async fn after_a_crash_between_search_and_creation() {
    let Scene {
        tenancy,
        directory,
        clock,
    } = brief_scene().await;
    // The crashed instance holds the lease, and has noted that it is about to create.
    let key = directory.who(person("a")).key;
    let name = format!("person\n{}\n{}", key.iss, key.sub);
    assert!(
        directory
            .store
            .lease(&name, "crashed", 20_000)
            .await
            .unwrap()
    );
    directory.store.creating(&key).await.unwrap();
    let waiting = directory
        .sync(person("a"), &verified(ALICE))
        .await
        .unwrap_err();
    assert_eq!(waiting.code, Code::DirectoryBusy);
    assert_eq!(tenancy.users().len(), 0);
    clock.advance(60);
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    assert_eq!(tenancy.users().len(), 1);
}

#[tokio::test]
async fn that_the_crashed_instance_had_created_is_found() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    directory
        .store
        .creating(&directory.who(person("a")).key)
        .await
        .unwrap();
    let id = tenancy.has(
        json!({"external_id": "a", "external_id_type": "club", "email": ALICE, "first_name": "A"}),
    );
    let synced = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    assert_eq!((synced.number, tenancy.users().len()), (Some(id), 1));
}

#[tokio::test]
async fn that_somebody_made_between_search_and_creation_is_taken() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    let id = tenancy.has(json!({"email": ALICE, "first_name": "A"}));
    // The search misses it once.
    tenancy.fault(
        Method::POST,
        "/api",
        Fault::Answer(200, error("user_not_found"), ""),
    );
    let synced = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    assert_eq!((synced.number, tenancy.users().len()), (Some(id), 1));
    assert_eq!(
        tenancy.count(Method::POST, "users"),
        1,
        "SessionM refused the second"
    );
}

#[tokio::test]
async fn goes_on_being_made_when_the_buyer_has_gone() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    let claims = verified(ALICE);
    let begun = async {
        while tenancy.count(Method::GET, "external/") == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        _ = directory.sync(person("a"), &claims) => {}
        () = begun => {}
    }
    for _ in 0..500 {
        if directory.contact(person("a")).await.unwrap().is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(tenancy.users().len(), 1);
    assert!(directory.contact(person("a")).await.unwrap().is_some());
}

#[tokio::test]
async fn that_was_erased_is_made_anew() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    tenancy.with(|inner| inner.users.clear());
    assert_eq!(directory.contact(person("a")).await.unwrap(), None);
    let synced = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    assert!(synced.number.is_some());
    assert_eq!(tenancy.users().len(), 1);
}

#[tokio::test]
async fn is_not_made_of_what_was_known_a_week_ago() {
    let Scene {
        tenancy,
        directory,
        clock,
    } = scene().await;
    let claims = Claims {
        profile: [(Field::Email, ALICE.to_owned())].into_iter().collect(),
        ..verified(ALICE)
    };
    directory.sync(person("a"), &claims).await.unwrap();
    clock.advance(8 * 86_400);
    // The address may be somebody else's by now.
    let answers = [(Field::GivenName, "Alice".to_owned())]
        .into_iter()
        .collect();
    let synced = directory.complete(person("a"), &answers).await.unwrap();
    assert_eq!((synced.number, tenancy.users().len()), (None, 0));
    assert_eq!(synced.profile.get(Field::Email), None);
}
