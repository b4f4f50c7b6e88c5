//! The worker processes of a story, and what is done to them.

mod trapping;
mod word;

use std::process::Stdio;
use std::time::Duration;

use job_engine_proof::{CutOff, ledger};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::proxy::Proxy;
use crate::settings::Order;
use crate::worker;

pub(crate) use word::Word;

/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_mins(1);

/// After a process could not be heard, this long others may still take over its jobs, and it may
/// not have noticed.
const ECHO: Duration = Duration::from_secs(6);

pub(crate) struct Crew {
    order: Order,
    workers: Vec<Worker>,
    /// One for each worker that is stopped.
    stops: JoinSet<()>,
    cut_off: Vec<CutOff>,
    /// Whether each has a way of its own to PostgreSQL, on which things are lost.
    through_proxies: bool,
}

struct Worker {
    child: Child,
    process: u32,
    /// Its way to PostgreSQL.
    proxy: Option<Proxy>,
}

impl Crew {
    pub(crate) async fn hire(order: Order, workers: usize, through_proxies: bool) -> Self {
        let mut crew = Self {
            order,
            workers: Vec::new(),
            stops: JoinSet::new(),
            cut_off: Vec::new(),
            through_proxies,
        };
        for _ in 0..workers {
            crew.hire_one().await;
        }
        crew
    }

    /// The next answers of the database to this worker are lost.
    pub(crate) fn lose_answers(&mut self, place: usize, count: usize) {
        self.excuse_all();
        if let Some(proxy) = &self.workers[place].proxy {
            proxy.lose_answers(count);
        }
    }

    /// Nothing comes from or to this worker for a while, and nobody is told.
    pub(crate) async fn cut_off(&mut self, place: usize, time: Duration) {
        self.excuse_all();
        if let Some(proxy) = &self.workers[place].proxy {
            proxy.set_silent(true);
            sleep(time).await;
            proxy.set_silent(false);
        }
        self.excuse_all();
    }

    pub(crate) fn len(&self) -> usize {
        self.workers.len()
    }

    /// Somebody new for each one who died.
    pub(crate) async fn recover(&mut self) {
        for place in (0..self.len()).rev() {
            if self.workers[place].has_ended() {
                self.workers.remove(place);
                self.hire_one().await;
            }
        }
    }

    /// SIGKILL, and a new worker.
    pub(crate) async fn kill(&mut self, place: usize) {
        let mut worker = self.workers.remove(place);
        worker.child.kill().await.expect("it is killed");
        self.hire_one().await;
    }

    /// SIGTERM, the time that it takes, and a new worker.
    pub(crate) async fn end(&mut self, place: usize) {
        let mut worker = self.workers.remove(place);
        worker.signal("TERM").await;
        worker.signal("CONT").await;
        let ended = timeout(PATIENCE, worker.child.wait()).await;
        ended
            .expect("a worker ends when told to")
            .expect("it is ours");
        self.hire_one().await;
    }

    /// SIGSTOP, and SIGCONT after this time, whatever happens meanwhile: on SQLite everybody may
    /// wait for this one.
    pub(crate) async fn stop(&mut self, place: usize, time: Duration) {
        let process = self.workers[place].process;
        self.cut_off.push(CutOff {
            process: Some(process),
            from: ledger::now(),
            to: ledger::now() + micros(time + ECHO),
        });
        signal(process, "STOP").await;
        self.stops.spawn(async move {
            sleep(time).await;
            signal(process, "CONT").await;
        });
    }

    /// For this long after now, nobody is blamed for taking over from somebody who lives.
    pub(crate) fn excuse_all(&mut self) {
        self.cut_off.push(CutOff {
            process: None,
            from: ledger::now(),
            to: ledger::now() + micros(ECHO),
        });
    }

    /// Everybody, and those who come later.
    pub(crate) async fn tell(&mut self, word: Word) {
        match word {
            Word::Clock(ahead) => self.order.clock = ahead,
            Word::Calm => self.order.crowded = false,
            Word::Trap(_) => {}
        }
        for worker in &mut self.workers {
            worker.tell(word).await;
        }
    }

    /// Everybody works undisturbed.
    pub(crate) async fn calm_down(&mut self) {
        self.tell(Word::Calm).await;
        while self.stops.join_next().await.is_some() {}
        self.recover().await;
    }

    /// Ends all, and tells when which of them could not be heard.
    pub(crate) async fn dismiss(mut self) -> Vec<CutOff> {
        for worker in &mut self.workers {
            worker.signal("TERM").await;
        }
        for worker in &mut self.workers {
            let ended = timeout(PATIENCE, worker.child.wait()).await;
            ended
                .expect("a worker ends when told to")
                .expect("it is ours");
        }
        self.cut_off
    }

    async fn hire_one(&mut self) {
        let mut order = self.order.clone();
        let mut proxy = None;
        if self.through_proxies {
            let before = Proxy::before(&order.place).await;
            before.address().clone_into(&mut order.place);
            proxy = Some(before);
        }
        let mut child = Command::new(std::env::current_exe().expect("this is a test"))
            .args(worker::TEST)
            .envs(order.variables())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("a process is started");
        let output = child.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines();
        let works = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains(worker::WORKS) {
                    return;
                }
            }
        };
        timeout(PATIENCE, works).await.expect("a worker starts");
        // Nobody reads what it says after that, and it has nothing to say.
        let process = child.id().expect("it runs");
        if let Some(proxy) = &proxy {
            proxy.leads_from(process);
        }
        self.workers.push(Worker {
            child,
            process,
            proxy,
        });
    }
}

impl Worker {
    fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is ours").is_some()
    }

    /// Who has died hears nothing.
    async fn tell(&mut self, word: Word) {
        let line = format!("{word}\n");
        let ear = self.child.stdin.as_mut().expect("it is piped");
        let _ = ear.write_all(line.as_bytes()).await;
    }

    async fn signal(&mut self, name: &str) {
        if !self.has_ended() {
            signal(self.process, name).await;
        }
    }
}

/// One that has died in the meantime gets none.
async fn signal(process: u32, name: &str) {
    let _ = Command::new("kill")
        .args(["-s", name, &process.to_string()])
        .stderr(Stdio::null())
        .status()
        .await;
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).expect("it is short")
}
