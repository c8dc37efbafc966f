//! One tab at a time, with Web Locks and without.

use std::{cell::Cell, rc::Rc};

use admit_one_app::browser::{self, Lock, Shelf, lease, lock};
use wasm_bindgen_test::wasm_bindgen_test;

/// Another tab's wish for the same lock; the cell says whether it was granted.
fn wish(lock: impl Future<Output = Lock> + 'static) -> Rc<Cell<bool>> {
    let granted = Rc::new(Cell::new(false));
    let told = granted.clone();
    browser::spawn(async move {
        let lock = lock.await;
        told.set(true);
        drop(lock);
    });
    granted
}

#[wasm_bindgen_test]
async fn a_web_lock_is_held_until_it_is_dropped() {
    let held = lock("test.web").await;
    assert!(matches!(held, Lock::Web(_)));
    let other = wish(lock("test.web"));
    browser::sleep(100).await;
    assert!(!other.get());
    drop(held);
    browser::sleep(100).await;
    assert!(other.get());
}

#[wasm_bindgen_test]
async fn a_lease_does_the_same_where_there_are_no_web_locks() {
    let held = lease("test").await;
    assert!(matches!(held, Lock::Lease(_)));
    let other = wish(lease("test"));
    browser::sleep(400).await;
    assert!(!other.get());
    drop(held);
    browser::sleep(500).await;
    assert!(other.get());
}

#[wasm_bindgen_test]
async fn a_lease_of_a_tab_that_died_runs_out() {
    Shelf::Local.put("dead.lease", &format!("1 {}", browser::now_ms() + 200));
    let other = wish(lease("dead"));
    browser::sleep(100).await;
    assert!(!other.get());
    browser::sleep(600).await;
    assert!(other.get());
}
