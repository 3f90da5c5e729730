//! The function's own handler behind HTTP/1.1: what `main.rs` of ingest does for Lambda, for a socket.
//!
//! So many threads, each with an event loop of its own: a handler is a future of one thread, as it is in Lambda. Called by: `main` and the test.

use crate::{Error, KEY};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread;
use tocsin_app::accept_event::AcceptEvent;
use tocsin_app::count_new::CountNew;
use tocsin_app::fakes::MemoryStore;
use tocsin_app::ports::{AlertStore, ChangeStore, ConfigurationStore, HeartbeatStore, IntegrationKey, RateStore, SecretHash};
use tocsin_aws::system::{RandomIds, SystemClock};
use tocsin_aws::testing::{Embedded, store_on};
use tocsin_domain::configuration::IntegrationKind;
use tocsin_domain::flood::Limits;
use tocsin_ingest::{Call, Ingest};

/// What is behind the ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Store {
    /// The stores of the tests, in memory.
    Memory,
    /// The real stores and their SDK, over an embedded DynamoDB.
    Embedded,
}

/// The function over such a store, with one integration.
///
/// # Errors
/// Where the store can not be prepared.
pub async fn ingest(store: Store) -> Result<Ingest, Error> {
    match store {
        Store::Memory => over(Arc::new(MemoryStore::default())).await,
        Store::Embedded => over(Arc::new(store_on(&Embedded::new()).await)).await,
    }
}

async fn over(store: Arc<impl AlertStore + ConfigurationStore + HeartbeatStore + ChangeStore + RateStore + 'static>) -> Result<Ingest, Error> {
    let (integration, service, team) = ("bench".parse()?, "checkout".parse()?, "web".parse()?);
    // As many new alerts as there are: what is measured is how fast they are taken, not how many may come.
    let limits = Limits { refuse_after: u32::MAX, ..Limits::default() };
    let opens = IntegrationKey { integration, service, team, kind: IntegrationKind::Pagerduty, limits, mapping: Vec::new() };
    store.put_integration_key(&SecretHash::of(KEY), &opens).await?;
    let accept = AcceptEvent { alerts: store.clone(), count: CountNew::new(store.clone()), clock: Arc::new(SystemClock), ids: Arc::new(RandomIds) };
    Ok(Ingest::new(accept, store.clone(), store.clone(), store))
}

/// Serves on a free port of loopback, with so many threads, until the process ends. Connections are kept alive.
///
/// # Errors
/// Where the port can not be had, or the store not be prepared.
pub fn start(store: Store, threads: usize) -> Result<SocketAddr, Error> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let ingest = Arc::new(tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(ingest(store))?);
    let mut workers = Vec::with_capacity(threads);
    for _ in 0..threads.max(1) {
        let (hand, sockets) = mpsc::channel::<TcpStream>();
        let ingest = ingest.clone();
        thread::spawn(move || worker(&ingest, &sockets));
        workers.push(hand);
    }
    thread::spawn(move || {
        for (socket, worker) in listener.incoming().flatten().zip(workers.iter().cycle()) {
            if worker.send(socket).is_err() {
                return;
            }
        }
    });
    Ok(address)
}

fn worker(ingest: &Arc<Ingest>, sockets: &mpsc::Receiver<TcpStream>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        let mut pause = tokio::time::interval(std::time::Duration::from_millis(5));
        loop {
            while let Ok(socket) = sockets.try_recv() {
                let ingest = ingest.clone();
                tokio::task::spawn_local(async move {
                    let socket = socket.set_nonblocking(true).and_then(|()| socket.set_nodelay(true)).and_then(|()| tokio::net::TcpStream::from_std(socket));
                    let Ok(socket) = socket else { return };
                    let service = service_fn(|request| answer(&ingest, request));
                    // Whoever hangs up has its answer already, or did not want it.
                    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
                });
            }
            pause.tick().await;
        }
    });
}

async fn answer(ingest: &Ingest, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Ok(response(400, "{}".to_owned())) };
    let text = |name: HeaderName| head.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let call = Call {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        content_type: text(CONTENT_TYPE),
        content_encoding: text(CONTENT_ENCODING),
        authorization: text(AUTHORIZATION),
        ..Call::default()
    };
    let answer = ingest.answer(&call, body.to_bytes().to_vec()).await;
    Ok(response(answer.status, answer.body))
}

fn response(status: u16, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
