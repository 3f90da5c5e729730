//! A deployment that answers from a script, in this process: the HTTP API, or AWS.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

/// What the command sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map_or("", |(_, v)| v)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// `GET /v1/incidents`, for matching.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// What it is answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(status: u16, body: serde_json::Value) -> Self {
        Self { status, kind: "application/json", body: body.to_string() }
    }

    /// These schedules are in force, and nobody changed anything at run time.
    pub(crate) fn no_overrides(schedules: &[&str]) -> Self {
        let of = |schedule: &&str| serde_json::json!({ "schedule": schedule, "team": "web", "overrides": [] });
        Self::json(200, serde_json::json!({ "schedules": schedules.iter().map(of).collect::<Vec<_>>() }))
    }

    pub(crate) fn problem(status: u16, title: &str, detail: &str) -> Self {
        let body = serde_json::json!({ "type": "about:blank", "title": title, "status": status, "detail": detail });
        Self { status, kind: "application/problem+json", body: body.to_string() }
    }

    pub(crate) fn text(status: u16, kind: &'static str, body: &str) -> Self {
        Self { status, kind, body: body.to_owned() }
    }
}

/// A server on a port of its own.
pub(crate) struct Double {
    pub(crate) address: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Double {
    pub(crate) fn new(script: impl Fn(&Request) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&seen);
        // Ends with the test process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let request = read(&stream);
                let answer = script(&request);
                heard.lock().unwrap().push(request);
                write(stream, &answer);
            }
        });
        Self { address, seen }
    }

    /// One answer to everything.
    pub(crate) fn answering(status: u16, body: serde_json::Value) -> Self {
        Self::new(move |_| Answer::json(status, body.clone()))
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// Methods and paths, in order.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().iter().map(Request::line).collect()
    }

    /// Runs the command against this deployment with a token.
    pub(crate) fn tocsin(&self, arguments: &[&str]) -> Ran {
        run(tocsin(arguments).env("TOCSIN_URL", &self.address).env("TOCSIN_API_TOKEN", "SECRET-TOKEN"))
    }

    /// Runs the command against this AWS.
    pub(crate) fn deployer(&self, arguments: &[&str]) -> Command {
        let mut command = tocsin(arguments);
        command.env("AWS_ENDPOINT_URL", &self.address).env("AWS_REGION", "eu-west-1").env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
        command.env("AWS_SECRET_ACCESS_KEY", "example").env("AWS_MAX_ATTEMPTS", "1");
        command
    }
}

/// The command with an empty environment: nothing of the person who runs the tests.
pub(crate) fn tocsin(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tocsin"));
    command.args(arguments).env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR")).env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// What became of it.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e} in {self:?}"))
    }

    /// Standard output, after it was seen to have worked.
    pub(crate) fn good(&self) -> &str {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        &self.out
    }

    /// Standard error, after it was seen to have failed without an answer.
    pub(crate) fn failed(&self) -> &str {
        assert_eq!((self.code, self.out.as_str()), (Some(1), ""), "{}", self.err);
        &self.err
    }
}

pub(crate) fn run(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code(), out: text(stdout), err: text(stderr) }
}

/// A file with this content.
pub(crate) fn file(name: &str, content: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut words = line.split(' ').map(str::to_owned);
    let mut request = Request { method: words.next().unwrap_or_default(), path: words.next().unwrap_or_default(), ..Request::default() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        request.headers.push((name.to_owned(), value.to_owned()));
    }
    let mut body = vec![0; request.header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    request.body = String::from_utf8(body).unwrap();
    request
}

fn write(mut stream: TcpStream, answer: &Answer) {
    let Answer { status, kind, body } = answer;
    let head = format!("HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).unwrap();
}
