//! Answers kept for a minute, so that a retry after a lost response, or a second tab, burns no code and no rotated
//! refresh token: one upstream call for everybody who asks with the same proof of possession.

use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use aws_lc_rs::digest;
use tokio::time::Instant;

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

/// The answers of the last minute, at most `capacity` of them, and those under way.
pub(crate) struct Answers<T> {
    capacity: usize,
    kept: Mutex<Kept<T>>,
}

struct Kept<T> {
    by_question: HashMap<Question, Arc<Slot<T>>>,
    /// Those that are there, by when they came.
    in_order: VecDeque<(Question, Instant)>,
}

type Slot<T> = tokio::sync::OnceCell<Result<T, Failure>>;

const KEPT_FOR: Duration = Duration::from_secs(60);

impl<T: Clone + Send + Sync + 'static> Answers<T> {
    /// Wants a runtime, in which what is older than a minute is forgotten in the next.
    pub(crate) fn new(capacity: usize) -> Arc<Self> {
        let this = Arc::new(Self {
            capacity,
            kept: Mutex::new(Kept {
                by_question: HashMap::new(),
                in_order: VecDeque::new(),
            }),
        });
        let weak: Weak<Self> = Arc::downgrade(&this);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(KEPT_FOR).await;
                let Some(this) = weak.upgrade() else { break };
                this.kept().expire(Instant::now());
            }
        });
        this
    }

    /// The answer of before, or that of `ask`. Who asks the same meanwhile shares what comes of it, and who asks after a failure
    /// asks anew. `ask` goes to its end, or what it was asked stays with whoever asks next. It had better be in a box: its room
    /// would be in each of the futures that it goes through.
    pub(crate) async fn answer(
        &self,
        question: Question,
        ask: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let slot = {
            let mut kept = self.kept();
            kept.expire(Instant::now());
            kept.by_question.entry(question).or_default().clone()
        };
        let mut is_ours = false;
        let outcome = slot.get_or_init(|| {
            is_ours = true;
            ask
        });
        let outcome = outcome.await.clone();
        if is_ours {
            let mut kept = self.kept();
            if outcome.is_err() {
                kept.by_question.remove(&question);
            } else {
                kept.in_order.push_back((question, Instant::now()));
                if kept.in_order.len() > self.capacity {
                    kept.forget_oldest();
                }
            }
        }
        outcome
    }

    fn kept(&self) -> MutexGuard<'_, Kept<T>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Kept<T> {
    fn expire(&mut self, now: Instant) {
        while let Some((_, at)) = self.in_order.front()
            && now.duration_since(*at) >= KEPT_FOR
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((oldest, _)) = self.in_order.pop_front() {
            self.by_question.remove(&oldest);
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
        let asked = AtomicUsize::new(0);
        let ask = || async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok(asked.fetch_add(1, Ordering::SeqCst))
        };
        let (one, two) = tokio::join!(
            answers.answer([1; 32], ask()),
            answers.answer([1; 32], ask())
        );
        assert_eq!((one.unwrap(), two.unwrap()), (0, 0));
        assert_eq!(answers.answer([2; 32], ask()).await.unwrap(), 1);
    }

    async fn failing<T>() -> Result<T, Failure> {
        tokio::task::yield_now().await;
        Err(Failure::new(Code::UpstreamTimeout, ""))
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let answers = Answers::<u8>::new(4);
        assert!(answers.answer([1; 32], failing()).await.is_err());
        assert!(answers.kept().by_question.is_empty());
        assert_eq!(answers.answer([1; 32], async { Ok(7) }).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_failure_is_everybodys_who_waited_for_it_and_nobodys_after() {
        let answers = Answers::<u8>::new(4);
        let asked = AtomicUsize::new(0);
        let ask = || async {
            asked.fetch_add(1, Ordering::SeqCst);
            failing().await
        };
        let outcomes = tokio::join!(
            answers.answer([1; 32], ask()),
            answers.answer([1; 32], ask()),
            answers.answer([1; 32], async { Ok(7) })
        );
        assert!(outcomes.0.is_err() && outcomes.1.is_err() && outcomes.2.is_err());
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert!(answers.kept().by_question.is_empty());
        assert_eq!(answers.answer([1; 32], async { Ok(8) }).await.unwrap(), 8);
    }

    #[tokio::test]
    async fn memory_is_bounded_and_what_is_asked_for_again_is_still_there() {
        let answers = Answers::<u8>::new(4);
        let (go, gone) = tokio::sync::oneshot::channel();
        let slow = answers.answer([0; 32], async {
            let _ = gone.await;
            Ok(0)
        });
        let others = async {
            for at in 1..40 {
                assert_eq!(
                    answers.answer([at; 32], async { Ok(at) }).await.unwrap(),
                    at
                );
            }
            assert_eq!(answers.kept().in_order.len(), 4);
            // With the one under way.
            assert_eq!(answers.kept().by_question.len(), 5);
            // The oldest, with all places taken.
            assert_eq!(
                answers.answer([36; 32], async { Ok(99) }).await.unwrap(),
                36
            );
            // Whoever asks the same as one under way, as old as that may be, still shares it.
            let (same, ()) = tokio::join!(answers.answer([0; 32], async { Ok(99) }), async {
                let _ = go.send(());
            });
            assert_eq!(same.unwrap(), 0);
        };
        let (slow, ()) = tokio::join!(slow, others);
        assert_eq!(slow.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_for_a_minute_and_gone_after_two_if_nobody_calls() {
        let answers = Answers::<u8>::new(4);
        let slow = async {
            tokio::time::sleep(KEPT_FOR).await;
            Ok(1)
        };
        assert_eq!(answers.answer([1; 32], slow).await.unwrap(), 1);
        tokio::time::sleep(KEPT_FOR - Duration::from_millis(1)).await;
        assert_eq!(answers.answer([1; 32], async { Ok(2) }).await.unwrap(), 1);
        tokio::time::sleep(KEPT_FOR).await;
        assert!(answers.kept().by_question.is_empty());
    }

    #[tokio::test]
    async fn who_asks_next_goes_on_where_one_was_cut_off() {
        let answers = Answers::<u8>::new(4);
        let never = answers.answer([1; 32], std::future::pending());
        let cut = tokio::time::timeout(Duration::from_millis(5), never).await;
        assert!(cut.is_err());
        assert_eq!(answers.answer([1; 32], async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(answers.answer([1; 32], async { Ok(2) }).await.unwrap(), 1);
    }
}
