//! The command: arguments, then the daemon or a call to it.

fn main() {}
