use super::*;

#[tokio::test]
async fn sends_the_whole_list_of_numbers() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    let phones = json!([{"phone_number": "41791111111", "phone_type": "home", "preference_flags": ["primary"]}]);
    tenancy.has(json!({"email": ALICE, "first_name": "A", "phone_numbers": phones}));
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    let city = [(Field::Locality, "Lausanne".to_owned())]
        .into_iter()
        .collect();
    directory.complete(person("a"), &city).await.unwrap();
    assert_eq!(tenancy.users()[0]["phone_numbers"], phones);
    let phone = [(Field::PhoneNumber, "+41792222222".to_owned())]
        .into_iter()
        .collect();
    let synced = directory.complete(person("a"), &phone).await.unwrap();
    assert_eq!(synced.profile.get(Field::PhoneNumber), Some("+41792222222"));
    assert_eq!(
        tenancy.users()[0]["phone_numbers"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn is_sent_again_where_nobody_knows_whether_it_arrived() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    tenancy.fault(Method::PUT, "users/", Fault::After(500, Value::Null));
    let city = [(Field::Locality, "Lausanne".to_owned())]
        .into_iter()
        .collect();
    directory.complete(person("a"), &city).await.unwrap();
    assert_eq!(tenancy.count(Method::PUT, "users/"), 2);
}

#[tokio::test]
async fn whose_answers_are_lost_is_seen_to_have_happened() {
    let Scene {
        tenancy, directory, ..
    } = brief_scene().await;
    tenancy.has(json!({"email": ALICE}));
    for _ in 0..5 {
        tenancy.fault(Method::PUT, "users/", Fault::After(500, Value::Null));
    }
    // The claim with what was lacking, and then an answer of the buyer's.
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    let city = [(Field::Locality, "Lausanne".to_owned())]
        .into_iter()
        .collect();
    let synced = directory.complete(person("a"), &city).await.unwrap();
    assert_eq!(synced.profile.get(Field::Locality), Some("Lausanne"));
    // One that didn't happen is told.
    tenancy.with(|inner| inner.faults.clear());
    for _ in 0..5 {
        tenancy.fault(Method::PUT, "users/", Fault::Answer(500, Value::Null, ""));
    }
    let city = [(Field::Locality, "Bern".to_owned())].into_iter().collect();
    assert_eq!(
        code(directory.complete(person("a"), &city)).await,
        Code::DirectoryUnavailable
    );
}

#[tokio::test]
async fn an_email_changes_at_the_provider() {
    let Scene { directory, .. } = scene().await;
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    let email = [(Field::Email, "new@x.example".to_owned())]
        .into_iter()
        .collect();
    assert_eq!(
        code(directory.complete(person("a"), &email)).await,
        Code::ProfileInvalid
    );
}

#[tokio::test]
async fn refused_is_told_and_a_refused_filling_in_is_left_out() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    tenancy.fault(
        Method::PUT,
        "users/",
        Fault::Answer(200, error("VALIDATION"), ""),
    );
    let young = [(Field::Birthdate, "2020-01-01".to_owned())]
        .into_iter()
        .collect();
    assert_eq!(
        code(directory.complete(person("a"), &young)).await,
        Code::DirectoryProfileRefused
    );
    tenancy.fault(
        Method::PUT,
        "users/",
        Fault::Answer(200, error("validation"), ""),
    );
    let mut claims = verified(ALICE);
    claims.profile.set(Field::Birthdate, "2020-01-01");
    let synced = directory.sync(person("a"), &claims).await.unwrap();
    assert_eq!(synced.profile.get(Field::Birthdate), None);
}

#[tokio::test]
async fn a_refused_creation_can_be_corrected() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    tenancy.fault(
        Method::POST,
        "users",
        Fault::Answer(200, error("validation"), ""),
    );
    assert_eq!(
        code(directory.sync(person("a"), &verified(ALICE))).await,
        Code::DirectoryProfileRefused
    );
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    assert_eq!(tenancy.users().len(), 1);
}
