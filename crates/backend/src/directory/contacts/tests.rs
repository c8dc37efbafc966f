//! Who may claim which contact.

use super::*;

const ISS: &str = "https://id.example";

async fn directory() -> Contacts {
    Contacts::new(crate::database::open("sqlite::memory:").await.unwrap())
}

fn person(sub: &str) -> Person<'_> {
    Person {
        provider: "club",
        iss: ISS,
        sub,
    }
}

fn claims(email: &str) -> Profile {
    [
        (Field::Email, email.to_owned()),
        (Field::GivenName, "A".to_owned()),
    ]
    .into_iter()
    .collect()
}

/// A contact that came by import: linked to nobody.
async fn imported(directory: &Contacts, number: &str, email: &str) -> usize {
    let profile = [
        (Field::Email, email.to_owned()),
        (Field::FamilyName, "Imported".to_owned()),
    ];
    let contacts = [(number.to_owned(), profile.into_iter().collect())];
    directory.import(&contacts, 0).await.unwrap()
}

#[tokio::test]
async fn an_import_again_changes_nothing() {
    let directory = directory().await;
    assert_eq!(imported(&directory, "77", "a@x.example").await, 1);
    assert_eq!(imported(&directory, "77", "b@x.example").await, 0);
    let contact = directory
        .sync(person("a"), &claims("a@x.example"), Email::Verified, 1)
        .await
        .unwrap();
    assert_eq!(contact.number, "77", "it keeps its first e-mail");
}

#[tokio::test]
async fn the_same_person_is_the_same_contact() {
    let directory = directory().await;
    let first = directory
        .sync(person("a"), &claims("a@x.example"), Email::Verified, 1)
        .await
        .unwrap();
    let other_name = [(Field::GivenName, "B".to_owned())].into_iter().collect();
    let second = directory
        .sync(person("a"), &other_name, Email::Verified, 2)
        .await
        .unwrap();
    assert_eq!(first, second, "what the contact has stays");
    assert_eq!(first.number.len(), 10);
    assert_eq!(directory.contact(person("a")).await.unwrap(), Some(first));
    assert_eq!(directory.contact(person("b")).await.unwrap(), None);
}

#[tokio::test]
async fn an_email_that_changes_at_its_provider_changes_here() {
    let directory = directory().await;
    let sync = async |sub, email, verified| {
        let contact = directory
            .sync(person(sub), &claims(email), verified, 1)
            .await;
        let email = |contact: Contact| contact.profile.get(Field::Email).map(str::to_owned);
        contact.map(email).map_err(|failure| failure.code)
    };
    let is = |email: &str| Ok(Some(email.to_owned()));
    assert_eq!(
        sync("a", "a@x.example", Email::Verified).await,
        is("a@x.example")
    );
    assert_eq!(
        sync("a", "new@x.example", Email::Unverified).await,
        is("a@x.example"),
        "it proves nothing"
    );
    assert_eq!(
        sync("a", "new@x.example", Email::Verified).await,
        is("new@x.example")
    );
    assert_eq!(
        sync("a", "a@x.example", Email::VerifiedThen).await,
        is("new@x.example"),
        "it was before"
    );
    // The old one is free, the new one is taken.
    assert_eq!(
        sync("b", "a@x.example", Email::Verified).await,
        is("a@x.example")
    );
    assert_eq!(
        sync("c", "new@x.example", Email::Verified).await,
        Err(Code::ContactEmailTaken)
    );
    // Not where it is somebody else's, or may be.
    assert_eq!(
        sync("b", "new@x.example", Email::Verified).await,
        is("a@x.example")
    );
    imported(&directory, "77", "shop@x.example").await;
    assert_eq!(
        sync("b", "shop@x.example", Email::Verified).await,
        is("a@x.example")
    );
    // An e-mail that the buyer has typed is theirs to change.
    assert_eq!(
        sync("d", "typed@x.example", Email::Unverified).await,
        is("typed@x.example")
    );
    assert_eq!(
        sync("d", "other@x.example", Email::Verified).await,
        is("typed@x.example")
    );
}

#[tokio::test]
async fn a_contact_of_two_sign_ins_keeps_its_email() {
    let directory = directory().await;
    let contact = directory
        .sync(person("a"), &claims("a@x.example"), Email::Verified, 1)
        .await
        .unwrap();
    // As the shop's support may do.
    sqlx::query("INSERT INTO links (iss, sub, number, linked_at) VALUES ($1, 'b', $2, 1)")
        .bind(ISS)
        .bind(&contact.number)
        .execute(&directory.pool)
        .await
        .unwrap();
    let again = directory
        .sync(person("b"), &claims("b@x.example"), Email::Verified, 2)
        .await
        .unwrap();
    assert_eq!(again, contact);
}

#[tokio::test]
async fn a_verified_email_claims_an_unlinked_contact() {
    let directory = directory().await;
    imported(&directory, "77", "A@x.example").await;
    let contact = directory
        .sync(person("a"), &claims("a@X.example"), Email::Verified, 1)
        .await
        .unwrap();
    assert_eq!(contact.number, "77");
    assert_eq!(contact.profile.get(Field::FamilyName), Some("Imported"));
    assert_eq!(
        contact.profile.get(Field::GivenName),
        Some("A"),
        "gaps are filled"
    );
}

#[tokio::test]
async fn an_unverified_email_claims_nothing() {
    let directory = directory().await;
    imported(&directory, "77", "a@x.example").await;
    let refused = directory
        .sync(person("a"), &claims("a@x.example"), Email::Unverified, 1)
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::ContactEmailUnverified);
    assert!(
        !refused.to_string().contains("x.example"),
        "the log learns nobody's address"
    );
    assert_eq!(directory.contact(person("a")).await.unwrap(), None);
}

#[tokio::test]
async fn an_email_of_somebody_elses_contact_is_taken() {
    let directory = directory().await;
    directory
        .sync(person("a"), &claims("a@x.example"), Email::Verified, 1)
        .await
        .unwrap();
    for verified in [Email::Verified, Email::Unverified] {
        let refused = directory
            .sync(person("b"), &claims("A@x.example"), verified, 2)
            .await
            .unwrap_err();
        assert_eq!(refused.code, Code::ContactEmailTaken);
    }
}

#[tokio::test]
async fn an_unverified_stored_email_never_blocks_its_verified_owner() {
    let directory = directory().await;
    let squatter = directory
        .sync(
            person("squatter"),
            &claims("a@x.example"),
            Email::Unverified,
            1,
        )
        .await
        .unwrap();
    let owner = directory
        .sync(person("owner"), &claims("a@x.example"), Email::Verified, 2)
        .await
        .unwrap();
    assert_ne!(squatter.number, owner.number);
    let late = directory
        .sync(person("late"), &claims("a@x.example"), Email::Unverified, 3)
        .await
        .unwrap_err();
    assert_eq!(late.code, Code::ContactEmailTaken);
    // And the squatter doesn't become the owner by being verified later.
    directory
        .sync(
            person("squatter"),
            &claims("a@x.example"),
            Email::Verified,
            4,
        )
        .await
        .unwrap();
    let mut tx = directory.pool.begin().await.unwrap();
    assert_eq!(
        super::owner(&mut tx, "a@x.example").await.unwrap(),
        Some(owner.number)
    );
}

#[tokio::test]
async fn two_first_sign_ins_at_once_make_one_contact() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("contacts.db").display());
    let directory = Contacts::new(crate::database::open(&url).await.unwrap());
    let mut signing_in = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let directory = directory.clone();
        signing_in.spawn(async move {
            directory
                .sync(person("a"), &claims("a@x.example"), Email::Verified, 1)
                .await
                .unwrap()
                .number
        });
    }
    let mut numbers = signing_in.join_all().await;
    numbers.dedup();
    assert_eq!(numbers.len(), 1);
}

#[tokio::test]
async fn the_buyer_completes_and_can_not_take_an_email() {
    let directory = directory().await;
    directory
        .sync(person("a"), &claims("a@x.example"), Email::Verified, 1)
        .await
        .unwrap();
    imported(&directory, "77", "free@x.example").await;
    let nothing = Profile::default();
    directory
        .sync(person("b"), &nothing, Email::Unverified, 2)
        .await
        .unwrap();

    let taken = directory
        .complete(person("b"), &claims("a@x.example"), 3)
        .await
        .unwrap_err();
    assert_eq!(
        (taken.code, taken.fields),
        (Code::ContactEmailTaken, vec![Field::Email])
    );
    let unverified = directory
        .complete(person("b"), &claims("free@x.example"), 3)
        .await
        .unwrap_err();
    assert_eq!(unverified.code, Code::ContactEmailUnverified);
    let saved = directory
        .complete(person("b"), &claims("b@x.example"), 3)
        .await
        .unwrap();
    assert_eq!(saved.profile.get(Field::Email), Some("b@x.example"));
    let verified = directory
        .complete(person("a"), &claims("other@x.example"), 3)
        .await
        .unwrap_err();
    assert_eq!(verified.code, Code::ProfileInvalid);
}

#[tokio::test]
async fn letters_that_only_look_like_ascii_stay_themselves() {
    let directory = directory().await;
    directory
        .sync(person("a"), &claims("kim@x.example"), Email::Verified, 1)
        .await
        .unwrap();
    // U+212A KELVIN SIGN becomes `k` in Unicode's lower case.
    let other = directory
        .sync(
            person("b"),
            &claims("\u{212A}im@x.example"),
            Email::Verified,
            1,
        )
        .await;
    assert!(other.is_ok());
}
