//! Calls from another runtime than the one that something runs on, from one without timers, and from none at all. Each has
//! to come to an end.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use tokio::runtime::{self, Runtime};

/// Nothing takes this long that comes to an end at all.
pub(crate) const HANG: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Caller {
    OtherRuntime,
    WithoutTimers,
    NoRuntime,
}

pub(crate) const CALLERS: [Caller; 3] = [Caller::OtherRuntime, Caller::WithoutTimers, Caller::NoRuntime];

impl Caller {
    /// Begins a call there; what it answers comes by the channel.
    pub(crate) fn begin<T: Send + 'static>(self, call: impl Future<Output = T> + Send + 'static) -> Receiver<T> {
        let (answer, answered) = channel();
        thread::spawn(move || {
            let current_thread = runtime::Builder::new_current_thread;
            let _ = answer.send(match self {
                Self::OtherRuntime => current_thread().enable_all().build().unwrap().block_on(call),
                Self::WithoutTimers => current_thread().build().unwrap().block_on(call),
                Self::NoRuntime => without_runtime(call),
            });
        });
        answered
    }

    /// What a call answers there.
    pub(crate) fn call<T: Send + 'static>(self, call: impl Future<Output = T> + Send + 'static) -> T {
        heard(&self.begin(call))
    }
}

/// What a call answers that has begun.
pub(crate) fn heard<T>(answer: &Receiver<T>) -> T {
    answer.recv_timeout(HANG).expect("the call has not come to its end")
}

/// Waits on a thread that no runtime knows.
pub(crate) fn without_runtime<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let (mut future, mut context) = (pin!(future), Context::from_waker(&waker));
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => thread::park(),
        }
    }
}

/// A runtime of one's own.
pub(crate) fn new_runtime() -> Runtime {
    runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
