//! A counted number of requests over some connections, each sending one after the other; and what they took.

use crate::Error;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

/// Most requests of one load.
pub const MOST: usize = 1_000_000;
/// A load that takes longer is given up.
pub const LONGEST: Duration = Duration::from_secs(300);

/// What is sent.
#[derive(Debug, Clone)]
pub struct Load {
    /// Of this machine.
    pub to: SocketAddr,
    /// The path.
    pub path: String,
    /// Connections at once.
    pub connections: usize,
    /// The bodies, each sent once.
    pub bodies: Vec<Bytes>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Answers with 2xx.
    pub accepted: usize,
    /// From the first request to the last answer.
    pub took: Duration,
    /// Half of the requests took no longer, and 99 of 100.
    pub latency: [Duration; 2],
}

impl Outcome {
    /// Requests a second.
    pub fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a million at most")]
        let accepted = self.accepted as f64;
        accepted / self.took.as_secs_f64()
    }
}

impl Load {
    /// Sends all of it, on this thread.
    ///
    /// # Errors
    /// Another address than loopback, too many bodies, a connection that breaks, an answer that is no 2xx, or too long a time.
    pub fn run(self) -> Result<Outcome, Error> {
        if !self.to.ip().is_loopback() || self.bodies.len() > MOST || self.bodies.is_empty() {
            return Err(format!("loads go to this machine alone and have 1 to {MOST} requests").into());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, async { tokio::time::timeout(LONGEST, self.send()).await? })
    }

    async fn send(self) -> Result<Outcome, Error> {
        let mut senders = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            let socket = TcpStream::connect(self.to).await?;
            socket.set_nodelay(true)?;
            let (sender, connection) = handshake::<_, Full<Bytes>>(TokioIo::new(socket)).await?;
            tokio::task::spawn_local(connection);
            senders.push(sender);
        }
        let count = self.bodies.len();
        let mut shares = self.bodies.chunks(count.div_ceil(self.connections)).map(<[Bytes]>::to_vec);
        let mut tasks = JoinSet::new();
        let began = Instant::now();
        for mut sender in senders {
            let Some(share) = shares.next() else { break };
            let (path, host) = (self.path.clone(), self.to.to_string());
            tasks.spawn_local(async move {
                let mut took = Vec::with_capacity(share.len());
                for body in share {
                    let request = Request::builder().method(Method::POST).uri(&path).header(HOST, &host).header(CONTENT_TYPE, "application/json");
                    let sent = Instant::now();
                    sender.ready().await?;
                    let answer = sender.send_request(request.body(Full::new(body))?).await?;
                    let status = answer.status();
                    let text = answer.into_body().collect().await?.to_bytes();
                    if !status.is_success() {
                        return Err(format!("{status}: {}", String::from_utf8_lossy(&text)).into());
                    }
                    took.push(sent.elapsed());
                }
                Ok::<_, Error>(took)
            });
        }
        let mut all = Vec::with_capacity(count);
        while let Some(done) = tasks.join_next().await {
            all.extend(done??);
        }
        let took = began.elapsed();
        all.sort_unstable();
        let at = |per_cent: usize| all.get((all.len() * per_cent / 100).min(all.len().saturating_sub(1))).copied().unwrap_or_default();
        Ok(Outcome { accepted: all.len(), took, latency: [at(50), at(99)] })
    }
}
