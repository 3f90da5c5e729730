//! `tocsin-bench`: see docs/PERFORMANCE.md, "Requests a second".
#![expect(clippy::print_stdout, reason = "a command")]

use clap::{Parser, Subcommand};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tocsin_bench::alertmanager::{Alertmanager, cpu_of};
use tocsin_bench::load::{Load, Outcome};
use tocsin_bench::server::{self, Store};
use tocsin_bench::{Error, Format};
use tocsin_ingest::Call;

/// Ingest as a server of this machine, and its load beside Alertmanager.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// New alerts and duplicates: Tocsin over its stores, and Alertmanager, one after the other, in rounds.
    Compare {
        /// Requests of each load.
        #[arg(long, default_value_t = 20_000)]
        count: usize,
        /// Connections.
        #[arg(long, default_value_t = 32)]
        connections: usize,
        /// The middle one of so many rounds is shown.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// Threads of Tocsin that serve: as many as there are cores, as Alertmanager does.
        #[arg(long, default_value_t = cores())]
        threads: usize,
    },
    /// Instructions of the handler for each event, counted by valgrind.
    Instructions,
    /// Serves until it is ended; its first line of output is its address.
    Serve {
        #[arg(value_enum)]
        store: Store,
        /// Threads that serve: as many as there are cores.
        #[arg(long, default_value_t = cores())]
        threads: usize,
    },
    /// Hands so many new alerts and so many duplicates to the handler, without a socket.
    Handle {
        #[arg(value_enum)]
        store: Store,
        new: usize,
        duplicates: usize,
    },
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn main() -> Result<(), Error> {
    match Arguments::parse().what {
        What::Compare { count, connections, rounds, threads } => compare(count, connections, rounds, threads),
        What::Instructions => instructions(),
        What::Serve { store, threads } => {
            println!("{}", server::start(store, threads)?);
            loop {
                std::thread::park();
            }
        }
        What::Handle { store, new, duplicates } => {
            tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(handle(store, new, duplicates))
        }
    }
}

async fn handle(store: Store, new: usize, duplicates: usize) -> Result<(), Error> {
    let ingest = server::ingest(store).await?;
    for number in (0..new).chain(std::iter::repeat_n(0, duplicates)) {
        let path = Format::Pagerduty.path();
        let call = Call { method: "POST", path: &path, content_type: "application/json", ..Call::default() };
        let answer = ingest.answer(&call, Format::Pagerduty.body(number).into_bytes()).await;
        if answer.status != 202 {
            return Err(answer.body.into());
        }
    }
    Ok(())
}

/// A server in a process of its own, so that it and the load do not share threads.
struct Served {
    child: Child,
    address: SocketAddr,
}

impl Served {
    fn start(store: &str, threads: usize) -> Result<Self, Error> {
        let mut child = Command::new(std::env::current_exe()?).args(["serve", store, "--threads", &threads.to_string()]).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self { child, address: line.trim().parse()? })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A row: the load, and the time on a processor that a request took of the server and of the load.
type Row = (Outcome, [Duration; 2]);

fn rounds_of(server: u32, to: SocketAddr, path: &str, format: Format, count: usize, connections: usize) -> Result<[Row; 2], Error> {
    let load = |from: usize, count: usize| -> Result<Row, Error> {
        let bodies: Vec<String> = (from..from + count).map(|n| format.body(n)).collect();
        let load = Load::new(to, path, connections, &bodies)?;
        let both = [server, std::process::id()];
        let before = both.map(cpu_of);
        let outcome = load.run()?;
        if outcome.refused > 0 {
            return Err(format!("{to}{path} refused {} of {count}", outcome.refused).into());
        }
        let count = u32::try_from(count)?;
        let [[theirs, ours], [theirs_before, ours_before]] = [both.map(cpu_of), before];
        Ok((outcome, [theirs.saturating_sub(theirs_before) / count, ours.saturating_sub(ours_before) / count]))
    };
    // Connections, caches and the allocator have seen work before it counts.
    load(10_000_000, count.min(500))?;
    Ok([load(0, count)?, load(0, count)?])
}

fn compare(count: usize, connections: usize, rounds: usize, threads: usize) -> Result<(), Error> {
    let names = ["Alertmanager, API v2", "Tocsin in memory, API v2", "Tocsin in memory, PagerDuty v2", "Tocsin on an embedded DynamoDB, API v2"];
    let mut rows: Vec<[Vec<Row>; 2]> = names.iter().map(|_| Default::default()).collect();
    for _ in 0..rounds.max(1) {
        for (n, row) in rows.iter_mut().enumerate() {
            let [new, again] = match n {
                0 => {
                    let theirs = Alertmanager::start()?;
                    rounds_of(theirs.process(), theirs.address, "/api/v2/alerts", Format::ApiV2, count, connections)?
                }
                _ => {
                    let (store, format) = [("memory", Format::ApiV2), ("memory", Format::Pagerduty), ("embedded", Format::ApiV2)][n - 1];
                    let ours = Served::start(store, threads)?;
                    // The database is the slow one: a tenth of the load says as much.
                    let count = if store == "embedded" { count.div_ceil(10) } else { count };
                    rounds_of(ours.child.id(), ours.address, &format.path(), format, count, connections)?
                }
            };
            row[0].push(new);
            row[1].push(again);
        }
    }
    println!("{count} requests over {connections} connections, one alert each, Tocsin on {threads} threads; the middle of {rounds} rounds\n");
    println!("| | requests/s | times Alertmanager's | p50 ms | p99 ms | server's CPU, us a request | load's CPU |\n|---|---|---|---|---|---|---|");
    for (which, what) in ["new alerts", "the same again"].iter().enumerate() {
        let mut theirs = 0.0;
        for (name, row) in names.iter().zip(&mut rows) {
            let row = &mut row[which];
            row.sort_by(|a, b| a.0.rate().total_cmp(&b.0.rate()));
            let Some((outcome, cpu)) = row.get(row.len() / 2) else { continue };
            if theirs == 0.0 {
                theirs = outcome.rate();
            }
            let [middle, most] = outcome.latency.map(|l| l.as_secs_f64() * 1e3);
            let [server, load] = cpu.map(|each| each.as_secs_f64() * 1e6);
            println!("| {name}: {what} | {:.0} | {:.2} | {middle:.2} | {most:.2} | {server:.0} | {load:.0} |", outcome.rate(), outcome.rate() / theirs);
        }
    }
    Ok(())
}

fn instructions() -> Result<(), Error> {
    let count = |store: &str, new: usize, duplicates: usize| -> Result<u64, Error> {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(std::env::current_exe()?);
        let said = valgrind.arg("handle").arg(store).args([new.to_string(), duplicates.to_string()]).output()?;
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        let collected = said.rsplit_once("Collected").and_then(|(_, rest)| rest.trim_start_matches([' ', ':']).split_whitespace().next()?.parse().ok());
        Ok(collected.ok_or(said)?)
    };
    println!("| instructions of the handler for each event | new | duplicate |\n|---|---|---|");
    for (store, name, many) in [("memory", "in memory", 1000), ("embedded", "SDK and embedded DynamoDB", 50)] {
        let [base, new, again] = [count(store, 10, 0)?, count(store, 10 + many, 0)?, count(store, 10, many)?];
        println!("| {name} | {} k | {} k |", (new - base) / many as u64 / 1000, (again - base) / many as u64 / 1000);
    }
    Ok(())
}
