//! The demonstration: a temporary volume with sample media, real applications that open each file, and a table of who
//! sees what.
//!
//! Nothing is assumed: each application is a process of its own user, what it saw is judged by the bytes that it
//! read, and who served it by the daemon's counters. Nothing stays behind, whatever happens.

#![forbid(unsafe_code)]

mod actor;
mod cast;
mod interrupt;
mod judge;
mod location;
mod print;
mod show;
mod stage;

use std::io::Write;

use anyhow::Result;

pub use actor::act;

use interrupt::Interrupt;
use show::Show;
use stage::Stage;

/// Runs the demonstration and prints it; tells whether everything was as expected.
///
/// # Errors
/// One line that names what is wrong and the remedy: nothing can be mounted here, or it was interrupted.
pub fn run(json: bool, out: &mut dyn Write) -> Result<bool> {
    let interrupt = Interrupt::listen()?;
    let stage = Stage::set(&interrupt)?;
    let show = Show::perform(&stage, &interrupt);
    let cleared = stage.strike();
    let show = show?;
    cleared?;
    match json {
        true => print::json(out, &show)?,
        false => print::text(out, &show)?,
    }
    out.flush()?;
    Ok(show.as_expected())
}
