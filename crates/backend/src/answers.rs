//! Answers kept for a minute, so that a retry after a lost response, or a second tab, burns no code and no rotated
//! refresh token: one upstream call for everybody who asks with the same proof of possession.

use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use aws_lc_rs::digest;

use crate::failure::Failure;

/// What an answer belongs to: a hash of what was asked and by which key.
pub(crate) type Question = [u8; 32];

/// The hash of a question's parts.
pub(crate) fn question(parts: &[&str]) -> Question {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in parts {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut question = [0; 32];
    question.copy_from_slice(hash.finish().as_ref());
    question
}

/// The answers of the last minute, at most `capacity` of them.
pub(crate) struct Answers<T> {
    capacity: usize,
    kept: Mutex<Kept<T>>,
}

struct Kept<T> {
    by_question: HashMap<Question, Arc<Slot<T>>>,
    in_order: VecDeque<(Question, Instant)>,
}

type Slot<T> = tokio::sync::OnceCell<T>;

/// A call to a provider.
pub(crate) type Asking<T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send>>;

/// A call that goes on by itself when nobody waits for it any more; while somebody does, it costs no task.
struct Ongoing<T: Send + 'static>(Option<Asking<T>>);

impl<T: Send + 'static> Future for Ongoing<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(asking) = &mut self.0 else {
            return Poll::Pending;
        };
        let outcome = asking.as_mut().poll(context);
        if outcome.is_ready() {
            self.0 = None;
        }
        outcome
    }
}

impl<T: Send + 'static> Drop for Ongoing<T> {
    fn drop(&mut self) {
        if let (Some(asking), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(asking);
        }
    }
}

const KEPT_FOR: Duration = Duration::from_secs(60);

impl<T: Clone + Send + Sync + 'static> Answers<T> {
    pub(crate) fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            capacity,
            kept: Mutex::new(Kept {
                by_question: HashMap::new(),
                in_order: VecDeque::new(),
            }),
        })
    }

    /// The answer of before, or that of `ask`, which goes on when the one who asked has gone.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        question: Question,
        ask: Asking<T>,
    ) -> Result<T, Failure> {
        let slot = self.slot(question);
        if let Some(answer) = slot.get() {
            return Ok(answer.clone());
        }
        let this = self.clone();
        Ongoing(Some(Box::pin(async move {
            let outcome = slot.get_or_try_init(|| ask).await.cloned();
            if outcome.is_err() {
                this.forget(&question, &slot);
            }
            outcome
        })))
        .await
    }

    fn slot(&self, question: Question) -> Arc<Slot<T>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while let Some((oldest, at)) = kept.in_order.front() {
            if now.duration_since(*at) < KEPT_FOR && kept.in_order.len() < self.capacity {
                break;
            }
            let oldest = *oldest;
            kept.by_question.remove(&oldest);
            kept.in_order.pop_front();
        }
        if let Some(slot) = kept.by_question.get(&question) {
            return slot.clone();
        }
        let slot = Arc::new(Slot::new());
        kept.by_question.insert(question, slot.clone());
        kept.in_order.push_back((question, now));
        slot
    }

    fn forget(&self, question: &Question, slot: &Arc<Slot<T>>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept
            .by_question
            .get(question)
            .is_some_and(|kept| Arc::ptr_eq(kept, slot))
        {
            kept.by_question.remove(question);
            kept.in_order.retain(|(other, _)| other != question);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use admit_one_protocol::Code;

    use super::*;

    #[tokio::test]
    async fn two_who_ask_at_once_share_one_answer() {
        let answers = Answers::new(8);
        let asked = Arc::new(AtomicUsize::new(0));
        let ask = || {
            let asked = asked.clone();
            let asking: Asking<usize> = Box::pin(async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Ok(asked.fetch_add(1, Ordering::SeqCst))
            });
            asking
        };
        let (one, two) = tokio::join!(
            answers.answer([1; 32], ask()),
            answers.answer([1; 32], ask())
        );
        assert_eq!((one.unwrap(), two.unwrap()), (0, 0));
        assert_eq!(answers.answer([2; 32], ask()).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_failure_is_not_kept_and_memory_is_bounded() {
        let answers = Answers::<u8>::new(4);
        let failed = answers
            .answer(
                [1; 32],
                Box::pin(async { Err(Failure::new(Code::UpstreamTimeout, "")) }),
            )
            .await;
        assert!(failed.is_err());
        assert_eq!(
            answers
                .answer([1; 32], Box::pin(async { Ok(7) }))
                .await
                .unwrap(),
            7
        );
        for at in 10..40 {
            assert_eq!(
                answers
                    .answer([at; 32], Box::pin(async { Ok(1) }))
                    .await
                    .unwrap(),
                1
            );
        }
        assert!(answers.kept.lock().unwrap().by_question.len() <= 4);
    }

    #[tokio::test]
    async fn who_leaves_early_leaves_the_answer_behind() {
        let answers = Answers::<u8>::new(4);
        let (go, gone) = tokio::sync::oneshot::channel();
        let slow = answers.answer(
            [1; 32],
            Box::pin(async {
                let _ = gone.await;
                Ok(1)
            }),
        );
        assert!(
            tokio::time::timeout(Duration::from_millis(5), slow)
                .await
                .is_err()
        );
        let again = answers.answer([1; 32], Box::pin(async { Ok(2) }));
        let _ = go.send(());
        assert_eq!(again.await.unwrap(), 1);
    }
}
