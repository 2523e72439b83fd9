//! Writes the manual pages and the completions of shells, from the command grammar: `manual DIRECTORY`.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{self, Error};
use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::{Shell, generate_to};
use mediagate::shell::CommandLine;

fn main() -> io::Result<()> {
    let directory = std::env::args_os().nth(1).ok_or_else(|| Error::other("usage: manual DIRECTORY"))?;
    let directory = Path::new(&directory);
    fs::create_dir_all(directory)?;
    let mut grammar = CommandLine::command();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut grammar, "mediagate", directory)?;
    }
    clap_mangen::generate_to(grammar, directory)
}
