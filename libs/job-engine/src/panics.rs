use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::pin::Pin;
use std::sync::Once;
use std::task::Poll;

use crate::job::ErrorReport;

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps a value whose destructor may panic.
pub(crate) struct Contained<T>(Option<T>);

impl<T> Contained<T> {
    pub(crate) const fn hold(value: T) -> Self {
        Self(Some(value))
    }

    pub(crate) fn get(&self) -> &T {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl<T> Drop for Contained<T> {
    fn drop(&mut self) {
        if let Err(panic) = caught(|| drop(self.0.take())) {
            tracing::error!(
                panic = panic.message,
                at = panic.details,
                "a job panicked when dropped"
            );
        }
    }
}

/// Lets the future run to its end; a panic ends it with an error that says what and where.
pub(crate) async fn contained<T>(
    future: Pin<Box<dyn Future<Output = T> + Send + '_>>,
) -> Result<T, ErrorReport> {
    let mut future = Contained::hold(future);
    poll_fn(|context| {
        let future = future.0.as_mut().expect("it is there until it is dropped");
        match caught(|| future.as_mut().poll(context)) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

/// What the code comes to, or the panic in it.
pub(crate) fn caught<T>(code: impl FnOnce() -> T) -> Result<T, ErrorReport> {
    note_places();
    let outer = WATCHED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(code));
    WATCHED.set(outer);
    outcome.map_err(|payload| report(payload.as_ref()))
}

fn report(payload: &(dyn Any + Send)) -> ErrorReport {
    let message = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned());
    let place = PLACE.take();
    ErrorReport {
        kind: "panic".to_owned(),
        details: format!("{message}\nat {place}"),
        message,
    }
}

/// Only the panic hook learns where a panic happened, so this adds to the one that is there.
fn note_places() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
            if WATCHED.get() {
                let place = panic.location().map(ToString::to_string);
                PLACE.set(place.unwrap_or_else(|| "an unknown place".to_owned()));
            }
            before(panic);
        }));
    });
}
