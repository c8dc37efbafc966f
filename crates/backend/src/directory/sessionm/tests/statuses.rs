use super::*;

#[tokio::test]
async fn an_error_with_200_is_an_error() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    tenancy.fault(
        Method::GET,
        "external/",
        Fault::Answer(200, error("ACCESS_DENIED"), ""),
    );
    assert_eq!(
        code(directory.sync(person("a"), &verified(ALICE))).await,
        Code::DirectoryRefused
    );
    assert_eq!(tenancy.users().len(), 0);
}

#[tokio::test]
async fn retry_after_is_obeyed_by_everybody() {
    retry_after_is_obeyed(429).await;
}

#[tokio::test]
async fn retry_after_of_a_service_that_is_unavailable_is_obeyed_too() {
    retry_after_is_obeyed(503).await;
}

async fn retry_after_is_obeyed(status: u16) {
    let Scene {
        tenancy,
        directory,
        clock,
    } = scene().await;
    tenancy.fault(
        Method::GET,
        "external/",
        Fault::Answer(status, Value::Null, "30"),
    );
    let busy = directory
        .sync(person("a"), &verified(ALICE))
        .await
        .unwrap_err();
    assert_eq!(
        (busy.code, busy.retry_after),
        (Code::DirectoryBusy, Some(30))
    );
    let before = tenancy.with(|inner| inner.seen.len());
    let busy = directory
        .sync(person("b"), &verified("b@x.example"))
        .await
        .unwrap_err();
    assert_eq!(busy.code, Code::DirectoryBusy);
    assert_eq!(
        tenancy.with(|inner| inner.seen.len()),
        before,
        "nothing is sent meanwhile"
    );
    clock.advance(31);
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
}

#[tokio::test]
async fn a_short_retry_after_is_waited_for() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    let busy = Fault::Answer(429, Value::Null, "1");
    tenancy.fault(Method::GET, "external/", busy.clone());
    tenancy.fault(Method::POST, "users", busy);
    let since = std::time::Instant::now();
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    assert!(since.elapsed() >= Duration::from_secs(2));
    assert_eq!(tenancy.users().len(), 1);
}

#[tokio::test]
async fn without_retry_after_it_is_tried_again_by_itself() {
    let Scene {
        tenancy, directory, ..
    } = scene().await;
    tenancy.fault(
        Method::GET,
        "external/",
        Fault::Answer(429, Value::Null, ""),
    );
    tenancy.fault(Method::POST, "users", Fault::Answer(429, Value::Null, ""));
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    assert_eq!(
        tenancy.count(Method::POST, "users"),
        2,
        "429 has created nothing"
    );
    assert_eq!(tenancy.users().len(), 1);
}

#[tokio::test]
async fn trouble_that_passes_is_waited_for_within_the_time_out_and_told_after_it() {
    let Scene {
        tenancy, directory, ..
    } = brief_scene().await;
    tenancy.fault(
        Method::GET,
        "external/",
        Fault::Answer(503, Value::Null, ""),
    );
    directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    for _ in 0..8 {
        tenancy.fault(Method::GET, "users/", Fault::Answer(503, Value::Null, ""));
    }
    assert_eq!(
        code(directory.sync(person("a"), &verified(ALICE))).await,
        Code::DirectoryUnavailable
    );
}

#[tokio::test]
async fn a_silent_directory_ends_in_time() {
    let Scene {
        tenancy, directory, ..
    } = brief_scene().await;
    tenancy.fault(Method::GET, "external/", Fault::Silent);
    let since = std::time::Instant::now();
    assert_eq!(
        code(directory.sync(person("a"), &verified(ALICE))).await,
        Code::DirectoryUnavailable
    );
    assert!(since.elapsed() < Duration::from_millis(4 * TIMEOUT_MS));
}

#[tokio::test]
async fn without_retry_after_each_pause_is_longer_until_the_time_out_would_be_over() {
    // Room for pauses of 200, 400 and 800 ms, and not for the 1600 ms after them.
    let timeout_ms = 2_900;
    let asked = async |status| {
        let Scene {
            tenancy, directory, ..
        } = scene_with(|config| config.timeout_ms = timeout_ms).await;
        for _ in 0..8 {
            let busy = Fault::Answer(status, Value::Null, "");
            tenancy.fault(Method::GET, "external/", busy);
        }
        let since = std::time::Instant::now();
        let trouble = directory.calls.retrieve_external("a").await.err().unwrap();
        assert!(
            since.elapsed() < Duration::from_millis(timeout_ms),
            "it isn't waited for in vain"
        );
        let at = tenancy.with(|inner| inner.at.clone());
        let pauses: Vec<_> = at.windows(2).map(|two| two[1] - two[0]).collect();
        assert_eq!(pauses.len(), 3, "{pauses:?}");
        for (pause, least_ms) in pauses.iter().zip([200, 400, 800]) {
            assert!(*pause >= Duration::from_millis(least_ms), "{pauses:?}");
        }
        assert!(pauses.is_sorted(), "{pauses:?}");
        Failure::from(trouble)
    };
    let (busy, unavailable) = tokio::join!(asked(429), asked(503));
    assert_eq!(
        (busy.code, busy.retry_after),
        (Code::DirectoryBusy, Some(5))
    );
    assert_eq!(unavailable.code, Code::DirectoryUnavailable);
}
