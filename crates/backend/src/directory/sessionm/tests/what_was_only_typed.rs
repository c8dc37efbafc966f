use super::*;

const PHONE: &str = "+41791111111";

fn at_another_provider(sub: &str) -> Person<'_> {
    Person {
        provider: "diner",
        iss: "https://diner.example",
        sub,
    }
}

fn with_phone(claims: Claims, phone_number_verified: bool) -> Claims {
    let mut claims = claims;
    claims.profile.set(Field::PhoneNumber, PHONE);
    Claims {
        phone_number_verified,
        is_old: false,
        ..claims
    }
}

#[tokio::test]
async fn as_an_email_lets_its_owner_into_nobodys_profile() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    let squatter = at_another_provider("m");
    let made = directory.sync(squatter, &unverified(ALICE)).await.unwrap();
    let refused = directory
        .sync(person("a"), &verified(ALICE))
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::DirectoryConflict);
    assert_eq!(tenancy.users().len(), 1);
    assert_eq!(
        tenancy.users()[0]["identifiers"].as_array().unwrap().len(),
        1
    );
    assert_eq!(directory.contact(person("a")).await.unwrap(), None);
    // Once it is verified there, too, both are the same customer.
    let both = [verified("A@x.example"), verified(ALICE)];
    let again = directory.sync(squatter, &both[0]).await.unwrap();
    let found = directory.sync(person("a"), &both[1]).await.unwrap();
    assert_eq!((&again.number, &found.number), (&made.number, &made.number));
}

#[tokio::test]
async fn into_a_profile_of_ones_own_lets_nobody_into_it_either() {
    let Scene {
        tenancy, directory, ..
    } = scene_with(|config| config.timeout_ms = PATIENCE_MS).await;
    let id =
        tenancy.has(json!({"first_name": "M", "external_id": "m", "external_id_type": "diner"}));
    let squatter = at_another_provider("m");
    directory.sync(squatter, &Claims::default()).await.unwrap();
    let typed = [(Field::Email, ALICE.to_owned())].into_iter().collect();
    let synced = directory.complete(squatter, &typed).await.unwrap();
    assert_eq!(synced.number, Some(id));
    assert_eq!(
        code(directory.sync(person("a"), &verified(ALICE))).await,
        Code::DirectoryConflict
    );
}

#[tokio::test]
async fn as_a_number_lets_its_owner_into_nobodys_profile() {
    let Scene { directory, .. } = scene().await;
    let squatter = with_phone(unverified("m@x.example"), false);
    directory
        .sync(at_another_provider("m"), &squatter)
        .await
        .unwrap();
    let owner = with_phone(unverified("b@x.example"), true);
    assert_eq!(
        code(directory.sync(person("a"), &owner)).await,
        Code::DirectoryConflict
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_verified_number_makes_one_profile_of_two_providers_at_once() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    let (one, two) = (
        with_phone(unverified("a@x.example"), true),
        with_phone(unverified("b@x.example"), true),
    );
    let (one, two) = tokio::join!(
        directory.sync(person("a"), &one),
        directory.sync(at_another_provider("b"), &two)
    );
    assert_eq!(one.unwrap().number, two.unwrap().number);
    assert_eq!(tenancy.users().len(), 1);
}
