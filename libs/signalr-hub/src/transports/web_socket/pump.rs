//! Moves bytes between a socket and a connection's two queues.

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    sync::{Mutex, PoisonError},
    task::ready,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf, WriteHalf},
    sync::Notify,
    time::timeout,
};

use super::frame::{
    self, BrokenFrame, CLOSE_ERROR, CLOSE_NORMAL, CLOSE_PROTOCOL_ERROR, FrameReader, Piece,
};
use crate::{connection::Connection, inbox::InputEnd, outbox::Outgoing};

/// Bytes read at once. They are lent by the stack: an idle socket has no buffer.
const READ_BYTES: usize = 4 * 1024;
/// Larger messages are written from where they are, not copied next to others first.
const LARGE: usize = 8 * 1024;

/// Serves a socket until either side ends it; gives how the client's side ended.
pub(super) async fn pump<S>(socket: S, connection: &Connection, close_timeout: Duration) -> InputEnd
where
    S: AsyncRead + AsyncWrite,
{
    let (reader, writer) = tokio::io::split(socket);
    let replies = Replies::default();
    let mut receiving = pin!(receive(reader, connection, &replies));
    let mut sending = pin!(send(writer, connection, &replies));

    tokio::select! {
        end = &mut receiving => {
            replies.finish(end.close_code());
            let end = InputEnd::from(end);
            if end == InputEnd::Closed {
                connection.end_input(end.clone());
            }
            // A frame that is half written has to be written to its end before the farewell.
            let _ = timeout(close_timeout, sending).await;
            end
        }
        sent = &mut sending => match sent {
            Ok(()) => {
                // The client answers the farewell with its own.
                let _ = timeout(close_timeout, receiving).await;
                InputEnd::Closed
            }
            Err(error) => InputEnd::Lost(error.to_string()),
        },
        () = connection.severed.notified() => {
            InputEnd::Lost("the client stopped reading".to_owned())
        }
    }
}

/// Why nothing more can be read.
enum ReceiveEnd {
    Closed,
    Broken(BrokenFrame),
    Lost(io::Error),
}

impl ReceiveEnd {
    fn close_code(&self) -> u16 {
        match self {
            Self::Closed => CLOSE_NORMAL,
            Self::Broken(_) => CLOSE_PROTOCOL_ERROR,
            Self::Lost(_) => CLOSE_ERROR,
        }
    }
}

impl From<ReceiveEnd> for InputEnd {
    fn from(end: ReceiveEnd) -> Self {
        match end {
            ReceiveEnd::Closed => Self::Closed,
            ReceiveEnd::Broken(error) => Self::Lost(error.to_string()),
            ReceiveEnd::Lost(error) => Self::Lost(error.to_string()),
        }
    }
}

async fn receive<R>(mut reader: R, connection: &Connection, replies: &Replies) -> ReceiveEnd
where
    R: AsyncRead + Unpin,
{
    let mut frames = FrameReader::default();
    let mut input = BytesMut::new();
    loop {
        if let Err(error) = read_some(&mut reader, &mut input).await {
            return ReceiveEnd::Lost(error);
        }
        loop {
            match frames.next(&mut input) {
                Err(error) => return ReceiveEnd::Broken(error),
                Ok(None) => break,
                Ok(Some(Piece::Close)) => return ReceiveEnd::Closed,
                Ok(Some(Piece::Pong)) => {}
                Ok(Some(Piece::Ping(payload))) => replies.pong(payload),
                Ok(Some(Piece::Payload(bytes))) => {
                    // After its session the rest is read for nothing: a socket that is closed with bytes
                    // unread loses the farewell.
                    connection.inbox.write(&bytes).await;
                }
            }
        }
        if input.is_empty() {
            input = BytesMut::new();
        }
    }
}

async fn read_some<R>(reader: &mut R, into: &mut BytesMut) -> io::Result<()>
where
    R: AsyncRead + Unpin,
{
    poll_fn(|context| {
        let mut lent = [0; READ_BYTES];
        let mut read = ReadBuf::new(&mut lent);
        ready!(Pin::new(&mut *reader).poll_read(context, &mut read))?;
        if read.filled().is_empty() {
            return std::task::Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        into.extend_from_slice(read.filled());
        std::task::Poll::Ready(Ok(()))
    })
    .await
}

/// Sends what is in the outbox until it is finished or the client has left, then the farewell.
async fn send<S: AsyncWrite>(
    mut writer: WriteHalf<S>,
    connection: &Connection,
    replies: &Replies,
) -> io::Result<()> {
    let code = loop {
        tokio::select! {
            biased;
            reply = replies.next() => match reply {
                Reply::Pong(payload) => {
                    let _sending = connection.sending();
                    writer.write_all(&frame::pong(&payload)).await?;
                    writer.flush().await?;
                }
                Reply::Close(code) => break code,
            },
            batch = connection.outbox.take() => match batch {
                None if connection.has_failed() => break CLOSE_ERROR,
                None => break CLOSE_NORMAL,
                Some(batch) => {
                    let _sending = connection.sending();
                    write_batch(&mut writer, &batch, connection.is_binary()).await?;
                }
            },
        }
    };
    writer.write_all(&frame::close(code)).await?;
    writer.flush().await
}

async fn write_batch<S: AsyncWrite>(
    writer: &mut WriteHalf<S>,
    batch: &[Outgoing],
    is_binary: bool,
) -> io::Result<()> {
    let mut buffer = Vec::new();
    for Outgoing { bytes, .. } in batch {
        frame::message_header(&mut buffer, is_binary, bytes.len());
        if bytes.len() < LARGE {
            buffer.extend_from_slice(bytes);
        } else {
            writer.write_all(&buffer).await?;
            writer.write_all(bytes).await?;
            buffer.clear();
        }
    }
    writer.write_all(&buffer).await?;
    writer.flush().await
}

/// What the reading half wants the writing half to do.
#[derive(Default)]
struct Replies {
    state: Mutex<ReplyState>,
    changed: Notify,
}

#[derive(Default)]
struct ReplyState {
    /// Only the latest ping has to be answered.
    pong: Option<Bytes>,
    close: Option<u16>,
}

enum Reply {
    Pong(Bytes),
    Close(u16),
}

impl Replies {
    fn pong(&self, payload: Bytes) {
        self.lock().pong = Some(payload);
        self.changed.notify_one();
    }

    fn finish(&self, code: u16) {
        self.lock().close = Some(code);
        self.changed.notify_one();
    }

    async fn next(&self) -> Reply {
        loop {
            if let Some(reply) = self.next_now() {
                return reply;
            }
            self.changed.notified().await;
        }
    }

    fn next_now(&self) -> Option<Reply> {
        let mut state = self.lock();
        let pong = state.pong.take().map(Reply::Pong);
        pong.or(state.close.map(Reply::Close))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ReplyState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
