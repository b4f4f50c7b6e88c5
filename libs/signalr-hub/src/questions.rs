//! Calls to clients that wait for a result.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::{
    arguments::ClientArguments,
    backplane::{Command, Parcel, ResultOf},
    connection::random_id,
    connections::Client,
    core::Core,
    error::{ClientResultError, SendError},
    outbox::Outgoing,
    protocol::{Outcome, Payload, Protocol},
};

/// Questions that clients of this server, or callers on this server, wait about.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    open: Mutex<HashMap<String, Question>>,
}

#[derive(Debug)]
struct Question {
    /// Who may answer.
    connection: Arc<str>,
    asker: Asker,
}

#[derive(Debug)]
enum Asker {
    Here(oneshot::Sender<ResultOf>),
    Server(String),
}

/// A client answered a question that was put to another one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotAsked;

impl Questions {
    /// Takes the answer another server has sent.
    pub(crate) fn answer_here(&self, question: &str, result: ResultOf) {
        let answered = self.lock().remove(question);
        if let Some(Question {
            asker: Asker::Here(asker),
            ..
        }) = answered
        {
            // The asker may have given up waiting.
            let _ = asker.send(result);
        }
    }

    fn open(&self, question: String, connection: Arc<str>, asker: Asker) {
        self.lock().insert(question, Question { connection, asker });
    }

    /// Takes an open question; none if it was answered, given up, or never asked.
    fn close(&self, question: &str, by: &str) -> Result<Option<Asker>, NotAsked> {
        let mut open = self.lock();
        match open.get(question) {
            None => Ok(None),
            Some(found) if *found.connection != *by => Err(NotAsked),
            Some(_) => Ok(open.remove(question).map(|found| found.asker)),
        }
    }

    fn close_all(&self, by: &str) -> Vec<(String, Asker)> {
        self.lock()
            .extract_if(|_, question| *question.connection == *by)
            .map(|(id, question)| (id, question.asker))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Question>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a question when its asker stops waiting.
struct Waiting<'a> {
    questions: &'a Questions,
    question: &'a str,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.questions.lock().remove(self.question);
    }
}

impl Core {
    /// Calls a method of one client, wherever it is connected, and waits for the result.
    pub(crate) async fn ask(
        &self,
        connection: &str,
        method: &str,
        arguments: &impl ClientArguments,
    ) -> Result<Payload, ClientResultError> {
        let question = random_id();
        let parcel = self
            .write(Some(&question), method, None, arguments)
            .map_err(SendError::from)?;
        let (sender, answer) = oneshot::channel();
        self.questions
            .open(question.to_string(), connection.into(), Asker::Here(sender));
        let _waiting = Waiting {
            questions: &self.questions,
            question: &question,
        };

        self.put(connection, &question, parcel).await?;
        let answer = tokio::time::timeout(self.options.client_result_timeout, answer);
        tokio::select! {
            biased;
            answer = answer => match answer {
                Err(_) => Err(ClientResultError::TimedOut),
                Ok(Err(_)) => Err(ClientResultError::Disconnected(connection.to_owned())),
                Ok(Ok(result)) => value_of(result, connection),
            },
            () = self.is_nowhere(connection) => {
                Err(ClientResultError::NotConnected(connection.to_owned()))
            }
        }
    }

    /// Waits until all servers have said that they do not have this connection, maybe for ever.
    async fn is_nowhere(&self, connection: &str) {
        let is_here = self.connections.find(connection).is_some();
        if is_here || !matches!(self.has_connection(connection).await, Ok(false)) {
            std::future::pending::<()>().await;
        }
    }

    async fn put(
        &self,
        connection: &str,
        question: &str,
        parcel: Parcel,
    ) -> Result<(), ClientResultError> {
        if let Some(client) = self.connections.find(connection) {
            client.ask(&parcel);
            return Ok(());
        }
        if !self.has_backplane() {
            return Err(ClientResultError::NotConnected(connection.to_owned()));
        }
        let command = Command::Ask {
            connection: connection.to_owned(),
            question: question.to_owned(),
            parcel,
        };
        Ok(self.publish(command).await.map_err(SendError::from)?)
    }

    /// Puts the question of another server to a client of this one.
    pub(crate) fn ask_for(
        &self,
        server: String,
        connection: &str,
        question: String,
        parcel: &Parcel,
    ) {
        let Some(client) = self.connections.find(connection) else {
            return;
        };
        self.questions
            .open(question, connection.into(), Asker::Server(server));
        client.ask(parcel);
    }

    /// Takes the answer of a client of this server.
    pub(crate) async fn answer(
        &self,
        client: &Client,
        question: &str,
        outcome: Outcome,
    ) -> Result<(), NotAsked> {
        match self.questions.close(question, client.id())? {
            None => tracing::debug!("an answer came too late"),
            Some(asker) => self.tell(asker, question, outcome.into()).await,
        }
        Ok(())
    }

    /// Tells everyone who waits for this client that it is gone.
    pub(crate) async fn give_up_questions(&self, client: &Client) {
        for (question, asker) in self.questions.close_all(client.id()) {
            self.tell(asker, &question, ResultOf::Disconnected).await;
        }
    }

    async fn tell(&self, asker: Asker, question: &str, result: ResultOf) {
        match asker {
            // The asker may have given up waiting.
            Asker::Here(asker) => drop(asker.send(result)),
            Asker::Server(to) => {
                let answer = Command::Answer {
                    to,
                    question: question.to_owned(),
                    result,
                };
                if let Err(error) = self.publish(answer).await {
                    tracing::warn!(%error, "a client's answer did not reach the server that asked");
                }
            }
        }
    }
}

impl Client {
    fn ask(&self, parcel: &Parcel) {
        if let Some(bytes) = parcel.written_in(self.protocol) {
            self.connection.send(Outgoing::answer(bytes.clone()));
        }
    }
}

impl From<Outcome> for ResultOf {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Void => Self::Nothing,
            Outcome::Error(error) => Self::Failed(error),
            Outcome::Value(value) => match value.protocol {
                Protocol::Json => Self::Json(value.bytes),
                Protocol::MessagePack => Self::MessagePack(value.bytes),
            },
        }
    }
}

fn value_of(result: ResultOf, connection: &str) -> Result<Payload, ClientResultError> {
    let (protocol, bytes) = match result {
        ResultOf::Json(bytes) => (Protocol::Json, bytes),
        ResultOf::MessagePack(bytes) => (Protocol::MessagePack, bytes),
        ResultOf::Nothing => (Protocol::Json, bytes::Bytes::from_static(b"null")),
        ResultOf::Failed(error) => return Err(ClientResultError::Client(error)),
        ResultOf::Disconnected => {
            return Err(ClientResultError::Disconnected(connection.to_owned()));
        }
    };
    Ok(Payload { protocol, bytes })
}
