//! x
mod wire;
