//! The site in a browser, without a stack: `PORT=8099 cargo test -p tocsin-status --test site serve -- --ignored`.
//! `/_codes` shows the codes that were sent; STATE is `well` (default), `partial`, `down` or `broken`.

use crate::world::World;
use axum::body::Body;
use axum::http::Request;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use tocsin_domain::alert::Severity;

#[tokio::test]
#[ignore = "serves until it is stopped"]
async fn serve() {
    let mut world = World::shop().await;
    match std::env::var("STATE").as_deref() {
        Ok("partial") => drop(world.incident("pay", "cards", Severity::Error, "2026-11-21T22:04:10Z", Some("2026-11-21T22:09:50Z")).await),
        Ok("down") => drop(world.incident("web", "site", Severity::Critical, "2026-11-21T22:04:10Z", None).await),
        Ok("broken") => world.faults.down("IncidentStore"),
        _ => {}
    }
    let port = std::env::var("PORT").unwrap_or_else(|_| "8099".to_owned());
    for stream in TcpListener::bind(format!("127.0.0.1:{port}")).unwrap().incoming() {
        // A browser opens connections that it does not use.
        let _ = answer(&world, stream.unwrap()).await;
    }
}

/// One request, one answer, and the connection ends.
async fn answer(world: &World, mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(std::time::Duration::from_millis(500)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(()) };
    let (mut request, mut length) = (Request::builder().method(method.as_str()).uri(&path), 0);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap_or(0);
        }
        request = request.header(name, value);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if path == "/_codes" {
        let codes = world.topic.codes().iter().map(|(_, text)| text.clone()).collect::<Vec<_>>().join("\n");
        return write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{codes}", codes.len());
    }
    let got = world.ask(request.body(Body::from(body)).unwrap()).await;
    write!(stream, "HTTP/1.1 {}\r\nconnection: close\r\n", got.status)?;
    for (name, value) in got.headers.iter().filter(|(n, _)| *n != "content-length") {
        write!(stream, "{name}: {}\r\n", value.to_str().unwrap())?;
    }
    write!(stream, "content-length: {}\r\n\r\n{}", got.body.len(), got.body)
}
