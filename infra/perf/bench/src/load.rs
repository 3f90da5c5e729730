//! A counted number of requests over some connections, each sending one after the other; and what they took.
//!
//! The load shares its machine with the server, so it is lean: every request's bytes are ready before the clock starts, one write sends a request, and an answer is read
//! only as far as it takes to know its status and its end. No HTTP client stands in between. One thread drives all connections; they are kept alive.

use crate::Error;
use httparse::{EMPTY_HEADER, Response, Status, parse_chunk_size};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

/// Most requests of one load.
pub const MOST: usize = 1_000_000;
/// A load that takes longer is given up.
pub const LONGEST: Duration = Duration::from_secs(300);
/// A longer answer is an error.
const LONGEST_ANSWER: usize = 16 * 1024;

/// What is sent: prepared, so that sending is all that is left.
#[derive(Debug, Clone)]
pub struct Load {
    to: SocketAddr,
    /// For each connection its requests, head and body as they go out.
    shares: Vec<Vec<Vec<u8>>>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Answers with 2xx.
    pub accepted: usize,
    /// Other answers.
    pub refused: usize,
    /// From the first request to the last answer.
    pub took: Duration,
    /// Half of the requests took no longer, and 99 of 100.
    pub latency: [Duration; 2],
}

impl Outcome {
    /// Accepted requests a second.
    pub fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a million at most")]
        let accepted = self.accepted as f64;
        accepted / self.took.as_secs_f64()
    }
}

impl Load {
    /// These bodies, each posted once to the path, shared out among so many connections.
    ///
    /// # Errors
    /// Another address than loopback, no connection, no body or too many.
    pub fn new(to: SocketAddr, path: &str, connections: usize, bodies: &[String]) -> Result<Self, Error> {
        if !to.ip().is_loopback() || bodies.len() > MOST || bodies.is_empty() || connections == 0 {
            return Err(format!("loads go to this machine alone, over a connection or more, and have 1 to {MOST} requests").into());
        }
        let request = |body: &String| {
            let length = body.len();
            format!("POST {path} HTTP/1.1\r\nHost: {to}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
        };
        let shares = bodies.chunks(bodies.len().div_ceil(connections)).map(|share| share.iter().map(request).collect()).collect();
        Ok(Self { to, shares })
    }

    /// Sends all of it, on this thread.
    ///
    /// # Errors
    /// A connection that breaks or is not kept, an answer that is no HTTP, or too long a time.
    pub fn run(self) -> Result<Outcome, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, async { tokio::time::timeout(LONGEST, self.send()).await? })
    }

    async fn send(self) -> Result<Outcome, Error> {
        let mut sockets = Vec::with_capacity(self.shares.len());
        for share in self.shares {
            let socket = TcpStream::connect(self.to).await?;
            socket.set_nodelay(true)?;
            sockets.push((socket, share));
        }
        let mut tasks = JoinSet::new();
        let began = Instant::now();
        for (socket, share) in sockets {
            tasks.spawn_local(one_after_the_other(socket, share));
        }
        let (mut all, mut refused) = (Vec::new(), 0);
        while let Some(done) = tasks.join_next().await {
            let (latencies, others) = done??;
            all.extend(latencies);
            refused += others;
        }
        let took = began.elapsed();
        all.sort_unstable();
        let at = |per_cent: usize| all.get((all.len() * per_cent / 100).min(all.len().saturating_sub(1))).copied().unwrap_or_default();
        Ok(Outcome { accepted: all.len() - refused, refused, took, latency: [at(50), at(99)] })
    }
}

/// How long each request took, and how many were not accepted.
async fn one_after_the_other(mut socket: TcpStream, share: Vec<Vec<u8>>) -> Result<(Vec<Duration>, usize), Error> {
    let mut took = Vec::with_capacity(share.len());
    let mut refused = 0;
    let mut answer = vec![0; LONGEST_ANSWER];
    for request in share {
        let sent = Instant::now();
        socket.write_all(&request).await?;
        let mut length = 0;
        let (status, end) = loop {
            let read = socket.read(answer.get_mut(length..).unwrap_or_default()).await?;
            if read == 0 {
                return Err(format!("hung up, or an answer longer than {LONGEST_ANSWER} bytes, after {} answers", took.len()).into());
            }
            length += read;
            if let Some(whole) = whole_answer(answer.get(..length).unwrap_or_default())? {
                break whole;
            }
        };
        if end != length {
            return Err("more than one answer to a request".into());
        }
        took.push(sent.elapsed());
        refused += usize::from(!(200..300).contains(&status));
    }
    Ok((took, refused))
}

/// The status of an answer and where it ends, once all of it is there: by its length, or by its last chunk.
///
/// # Errors
/// What is no HTTP/1.1, or has no end but the connection's.
///
/// ```
/// # use tocsin_bench::load::whole_answer;
/// assert_eq!(whole_answer(b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}").unwrap(), Some((202, 46)));
/// assert_eq!(whole_answer(b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{").unwrap(), None);
/// ```
pub fn whole_answer(bytes: &[u8]) -> Result<Option<(u16, usize)>, Error> {
    let mut headers = [EMPTY_HEADER; 32];
    let mut head = Response::new(&mut headers);
    let Status::Complete(body) = head.parse(bytes)? else { return Ok(None) };
    let status = head.code.unwrap_or_default();
    let header = |name: &str| head.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value);
    if let Some(length) = header("content-length") {
        let end = std::str::from_utf8(length)?.trim().parse::<usize>()?.saturating_add(body);
        return Ok((end <= bytes.len()).then_some((status, end)));
    }
    if status == 204 {
        return Ok(Some((status, body)));
    }
    if !header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case(b"chunked")) {
        return Err("an answer that says nothing of its length".into());
    }
    let mut at = body;
    loop {
        let Some(rest) = bytes.get(at..) else { return Ok(None) };
        let Status::Complete((line, size)) = parse_chunk_size(rest).map_err(|_| "no chunk")? else { return Ok(None) };
        // A chunk's bytes and their line's end; behind the last one, which is empty, there is the body's (trailers are not asked for).
        at = usize::try_from(size)?.saturating_add(at + line + 2);
        if size == 0 {
            return Ok((at <= bytes.len()).then_some((status, at)));
        }
    }
}
