//! Generates the Rust of `aidl/` for `src/binder/wire.rs`.

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

/// What callers and the daemon speak; parcelables follow from the imports.
const INTERFACES: [&str; 2] = ["IMediaGate.aidl", "IMediaGateAdmin.aidl"];

fn main() -> Result<(), Box<dyn Error>> {
    // Other build systems run this from elsewhere (Android.bp).
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("aidl");
    let frozen = root.join("api/mediagate/1/.hash");
    println!("cargo::rerun-if-changed={}", frozen.display());
    let hash = fs::read_to_string(frozen)?;
    let builder = INTERFACES.iter().fold(rsbinder_aidl::Builder::new(), |builder, interface| {
        builder.source(root.join("org/mediagate").join(interface)).version(1).hash(hash.trim())
    });
    builder.include_dir(&root).set_async_support(false).trace(true).output("mediagate_aidl.rs").generate()?;
    Ok(())
}
