use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use oc_delta::StreamError;

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const ABORTED: u8 = 2;

/// A job that a libuv thread may be working on while JavaScript ends it: whoever holds it last ends it.
pub struct Shared<J> {
    job: Mutex<Option<J>>,
    state: AtomicU8,
    failure: Mutex<Option<StreamError>>,
    abort: fn(J),
}

impl<J> Shared<J> {
    /// `abort` is what ending without success takes, besides dropping the job.
    pub fn new(job: J, abort: fn(J)) -> Self {
        Shared {
            job: Mutex::new(Some(job)),
            state: AtomicU8::new(OPEN),
            failure: Mutex::new(None),
            abort,
        }
    }

    /// Does `work` with the job; `None` when it has ended.
    pub fn with<T>(&self, work: impl FnOnce(&mut J) -> T) -> Option<T> {
        let result = {
            let mut job = lock(&self.job);
            if self.state.load(Ordering::SeqCst) != OPEN {
                None
            } else {
                job.as_mut().map(work)
            }
        };
        self.settle();
        result
    }

    pub fn close(&self) {
        self.end(CLOSED);
    }

    pub fn abort(&self) {
        self.end(ABORTED);
    }

    fn end(&self, how: u8) {
        let _ = self
            .state
            .compare_exchange(OPEN, how, Ordering::SeqCst, Ordering::SeqCst);
        self.settle();
    }

    /// Ends the job if it is to end and nobody is at work on it.
    fn settle(&self) {
        let state = self.state.load(Ordering::SeqCst);
        if state == OPEN {
            return;
        }
        let Ok(mut job) = self.job.try_lock() else {
            return;
        };
        if let Some(job) = job.take() {
            if state == ABORTED {
                (self.abort)(job);
            }
        }
    }

    /// Keeps why the stream is broken.
    pub fn fail(&self, error: StreamError) {
        *lock(&self.failure) = Some(error);
    }

    pub fn failure(&self) -> Option<StreamError> {
        lock(&self.failure).clone()
    }
}

/// Locks; a panic while the lock was held leaves data that is only ever dropped.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
