//! `tocsin`: the command of operators and responders.
//!
//! Two ways to reach a deployment. Everyday commands talk to its HTTP API with a token; `init`, `doctor` and `redrive` are for the deployer and use AWS
//! credentials as well. Refuses to decide anything: rules live in `tocsin-domain`, and the API enforces them; a file is checked here first only to say early,
//! and with lines, what the API would refuse.
//!
//! Exit codes: 0 done; 1 refused, failed, or (`doctor`, `verify`) something would keep a page from arriving; 2 the command line could not be understood, or (`plan`)
//! something would change. Of `plan` a command line that is not understood is 1 too, so that a misspelt option never looks like a change.

mod arguments;
mod aws;
mod client;
mod commands;
mod deployment;
mod document;
mod failure;
mod output;
mod schema;
mod words;

use arguments::Arguments;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(wrong) => return misunderstood(&wrong),
    };
    let out = output::Out::new(arguments.json);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            out.complain(&format!("the asynchronous runtime does not start: {e}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(commands::run(arguments, &out)) {
        Ok(code) => code,
        Err(failure) => {
            out.fail(&failure);
            ExitCode::FAILURE
        }
    }
}

/// Says what is wrong with the command line, or the help that it asked for.
fn misunderstood(wrong: &clap::Error) -> ExitCode {
    // There is nobody to tell when the terminal itself is gone.
    let _ = wrong.print();
    let plan = std::env::args_os().any(|word| word == "plan");
    match wrong.exit_code() {
        0 => ExitCode::SUCCESS,
        _ if plan => ExitCode::FAILURE,
        code => u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from),
    }
}
