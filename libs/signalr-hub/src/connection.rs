//! One connection below the hub: its two queues, its user, its signs of life.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::{Clock, Moment},
    connect_request::ConnectRequest,
    inbox::{Inbox, InputEnd, Stop},
    options::{ConnectionOptions, Transport},
    outbox::{Outbox, Outgoing, Overflow},
    owner::{Identity, Owner},
    place::Place,
    resume::Resume,
    user::{Token, User},
};

/// Lives from negotiation until its session has ended and all is sent.
pub(crate) struct Connection {
    /// Public: others may address it.
    pub(crate) id: Arc<str>,
    /// Secret: whoever has it may speak as this connection.
    pub(crate) token: Arc<str>,
    pub(crate) ticket: Option<Token>,
    pub(crate) inbox: Inbox,
    pub(crate) outbox: Outbox,
    /// Fires when the client can no longer be reached.
    pub(crate) aborted: CancellationToken,
    /// Tells the transport to let go of its socket without any farewell.
    pub(crate) severed: Notify,
    pub(crate) clock: Clock,
    pub(crate) pulse: Pulse,
    pub(crate) is_binary: AtomicBool,
    /// Whether the client asked to be able to come back, and may.
    pub(crate) asked_to_resume: AtomicBool,
    /// One POST at a time, so that messages are not mixed.
    pub(crate) posting: tokio::sync::Mutex<()>,
    pub(crate) place: Place,
    pub(crate) owner: Owner,
    /// Whether its application failed: the transport's farewell says so.
    has_failed: AtomicBool,
    /// Whether its session has said farewell: it is not continued on another socket.
    has_ended: AtomicBool,
    /// Set if the client may lose its socket and come back.
    pub(crate) resume: OnceLock<Resume>,
    transport: OnceLock<Transport>,
    request: OnceLock<ConnectRequest>,
}

/// When things last happened; a heartbeat compares them with the limits.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    /// Since when no request or socket serves it.
    pub(crate) inactive: Moment,
    /// Since when one send is under way.
    pub(crate) sending: Moment,
    /// When the client last sent a message; unset until its first ping.
    pub(crate) heard: Moment,
    /// Whether the session has yet to finish with a message: it does not look for signs of life then.
    pub(crate) is_handling: AtomicBool,
    /// When the last ping was sent; unset on transports that need none.
    pub(crate) pinged: Moment,
    pub(crate) ping: OnceLock<Bytes>,
}

impl Connection {
    pub(crate) fn open(identity: Identity, clock: Clock, options: &ConnectionOptions) -> Self {
        Self {
            id: random_id(),
            token: random_id(),
            ticket: options.tickets.then(|| Token::from_text(&*random_id())),
            inbox: Inbox::default(),
            outbox: Outbox::bounded(options.outbox),
            aborted: CancellationToken::new(),
            severed: Notify::new(),
            clock,
            pulse: Pulse::default(),
            is_binary: AtomicBool::new(false),
            asked_to_resume: AtomicBool::new(false),
            posting: tokio::sync::Mutex::default(),
            place: Place::default(),
            owner: Owner::proved_by(identity),
            has_failed: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            resume: OnceLock::new(),
            transport: OnceLock::new(),
            request: OnceLock::new(),
        }
    }

    /// Clients that negotiate in the oldest way have one name for both purposes.
    pub(crate) fn with_one_name(mut self) -> Self {
        self.token = Arc::clone(&self.id);
        self
    }

    pub(crate) fn transport(&self) -> Option<Transport> {
        self.transport.get().copied()
    }

    /// The first request decides. False: it was decided otherwise.
    pub(crate) fn use_transport(&self, transport: Transport) -> bool {
        *self.transport.get_or_init(|| transport) == transport
    }

    /// Remembers the request that connected; true for the first, which starts the session.
    pub(crate) fn begin(&self, request: ConnectRequest) -> bool {
        self.request.set(request).is_ok()
    }

    pub(crate) fn request(&self) -> Option<&ConnectRequest> {
        self.request.get()
    }

    pub(crate) fn user(&self) -> Arc<User> {
        self.owner.identity().user
    }

    /// Whether its secret is its own; the oldest way of negotiating makes it public.
    pub(crate) fn has_secret(&self) -> bool {
        self.id != self.token
    }

    pub(crate) fn is_expired(&self) -> bool {
        self.owner.identity().is_expired(self.clock)
    }

    /// A request or socket serves it, or no longer does.
    pub(crate) fn set_active(&self, is_active: bool) {
        if is_active {
            self.pulse.inactive.clear();
        } else {
            self.pulse.inactive.mark(self.clock.now());
        }
    }

    /// Says that a send is under way, until the answer is dropped.
    pub(crate) fn sending(&self) -> Sending<'_> {
        self.pulse.sending.mark(self.clock.now());
        Sending(&self.pulse.sending)
    }

    /// Queues a message; a client too slow for it is disconnected.
    pub(crate) fn send(&self, message: Outgoing) {
        if self.outbox.push(message) == Err(Overflow) {
            tracing::debug!(connection = %self.id, "a client is too slow and is disconnected");
            self.stop(Stop::TooSlow);
        }
    }

    /// Ends the session at once.
    pub(crate) fn stop(&self, stop: Stop) {
        self.inbox.stop(stop);
    }

    /// The client will send no more; what it sent is still handled.
    pub(crate) fn end_input(&self, end: InputEnd) {
        self.inbox.end(end);
        self.aborted.cancel();
    }

    /// After its session: nothing more comes in or is added; what waits is still sent.
    pub(crate) fn finish(&self) {
        self.inbox.close();
        self.outbox.finish();
        self.aborted.cancel();
    }

    /// As [`finish`](Self::finish), after a session that did not come to its end.
    pub(crate) fn fail(&self) {
        self.has_failed.store(true, Ordering::Relaxed);
        self.finish();
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    /// Whether the client may come back on another socket.
    pub(crate) fn can_resume(&self) -> bool {
        self.resume.get().is_some() && !self.has_ended.load(Ordering::Relaxed)
    }

    /// Says that the session ends: from now on no other socket can continue it. False: it was said before.
    pub(crate) fn end(&self) -> bool {
        !self.has_ended.swap(true, Ordering::Relaxed)
    }

    /// The client came back on another socket.
    pub(crate) fn change_socket(&self) {
        if let Some(resume) = self.resume.get() {
            resume.change_socket();
            self.inbox.restart();
            self.outbox.rewind(|first| resume.announcement(first));
        }
    }

    pub(crate) fn is_binary(&self) -> bool {
        self.is_binary.load(Ordering::Relaxed)
    }
}

/// A send that is under way; the heartbeat gives up a client that takes too long for it.
pub(crate) struct Sending<'a>(&'a Moment);

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.0.clear();
    }
}

/// The id alone: the rest holds secrets.
impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Connection({})", self.id)
    }
}

/// 128 random bits in 22 characters that need no escaping anywhere.
pub(crate) fn random_id() -> Arc<str> {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>()).into()
}
