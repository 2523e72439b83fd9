//! The command: arguments, then the daemon or a call to it.

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use mediagate::admin::ImportFileError;
use mediagate::binder::Client;
use mediagate::config::{ServeOptions, Settings};
use mediagate::platform;
use mediagate::shell::{
    self, Command, CommandLine, Console, Outcome, RemoteCommand, ServeArguments, ShellError,
};

/// The exit status of a daemon that could not start or that failed.
const FAILED: u8 = 1;

fn main() -> ExitCode {
    let CommandLine { socket, command } = CommandLine::parse();
    // Binder takes absolute paths only; a path that cannot be made absolute is named when it is used.
    let socket = socket.map(|path| std::path::absolute(&path).unwrap_or(path));
    let done = match command {
        Command::Serve(arguments) => return serve(&arguments, socket),
        Command::Demo { json } => return demo(json),
        Command::DemoApplication { write, path } => return mediagate::demo::act(write, &path),
        Command::KeepMounts => return ended(mediagate::daemon::keep_mounts()),
        Command::Inspect { files, hide, json } => {
            shell::inspect(&files, hide, json, &mut io::stdout().lock())
        }
        Command::Redact { file, out, hide } => shell::redact(&file, &out, hide),
        Command::Remote(command) => ask(&command, socket),
    };
    report(done)
}

/// Asks the daemon at `socket`.
fn ask(command: &RemoteCommand, socket: Option<PathBuf>) -> Result<Outcome, ShellError> {
    let daemon = match socket {
        Some(named) => Client::connect(&named)?,
        None => Client::find(&platform::socket())?,
    };
    let (mut out, mut err) = (io::stdout().lock(), io::stderr());
    let terminal = err.is_terminal();
    let mut console = Console {
        input: &mut io::stdin(),
        out: &mut out,
        err: &mut err,
        terminal,
        files: true,
        wanted: &|| true,
    };
    let outcome = shell::run(command, &daemon, &mut console)?;
    out.flush()?;
    Ok(outcome)
}

/// The exit status, and one line on the standard error for what failed.
fn report(done: Result<Outcome, ShellError>) -> ExitCode {
    match done {
        Ok(outcome) => ExitCode::from(outcome.exit_status()),
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::from(error.exit_status())
        }
    }
}

fn serve(arguments: &ServeArguments, socket: Option<PathBuf>) -> ExitCode {
    match settled(arguments, socket) {
        Ok(options) => ended(mediagate::daemon::serve(&options)),
        Err(error) => report(Err(error)),
    }
}

/// The settings of the command line over those of the configuration file.
fn settled(arguments: &ServeArguments, socket: Option<PathBuf>) -> Result<ServeOptions, ShellError> {
    let line = arguments.settings(socket);
    let file = arguments.config.as_deref().map(Settings::read).transpose()?.unwrap_or_default();
    Ok(line.over(file).complete()?)
}

fn demo(json: bool) -> ExitCode {
    match mediagate::demo::run(json, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FAILED),
        Err(error) => ended(Err(error)),
    }
}

/// How the daemon or the demonstration ended.
fn ended(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            // A list of applications that is wrong is wrong usage here as for `app import`.
            let status =
                error.downcast::<ImportFileError>().map(|error| ShellError::from(error).exit_status());
            ExitCode::from(status.unwrap_or(FAILED))
        }
    }
}

/// Says on the standard error what failed; nobody is left to tell if that fails, too.
fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "mediagate: {text}");
}
