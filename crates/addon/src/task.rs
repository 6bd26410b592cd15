use std::panic::{catch_unwind, AssertUnwindSafe};

use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName};
use napi::{Env, Error, Result, Task};

/// Work for libuv's threads. A panic in it becomes a rejected promise.
pub struct Job<W, O, J> {
    work: Option<W>,
    convert: fn(O) -> J,
}

/// Runs `work` on a libuv thread, then `convert` on the event loop.
pub fn run<W, O, J>(work: W, convert: fn(O) -> J) -> AsyncTask<Job<W, O, J>>
where
    W: FnOnce() -> Result<O> + Send,
    O: Send + 'static,
    J: ToNapiValue + TypeName,
{
    AsyncTask::new(Job {
        work: Some(work),
        convert,
    })
}

impl<W, O, J> Task for Job<W, O, J>
where
    W: FnOnce() -> Result<O> + Send,
    O: Send + 'static,
    J: ToNapiValue + TypeName,
{
    type Output = O;
    type JsValue = J;

    fn compute(&mut self) -> Result<O> {
        let Some(work) = self.work.take() else {
            return Err(Error::from_reason("this work was done already"));
        };
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            let text = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            Err(Error::from_reason(format!(
                "the native kernel panicked: {text}"
            )))
        })
    }

    fn resolve(&mut self, _env: Env, output: O) -> Result<J> {
        Ok((self.convert)(output))
    }
}
