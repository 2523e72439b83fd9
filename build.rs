//! Generates the Rust of `aidl/` for `src/binder/wire.rs`.

use std::env;
use std::error::Error;
use std::path::PathBuf;

/// What callers and the daemon speak; parcelables follow from the imports.
const INTERFACES: [&str; 2] = ["IMediaGate.aidl", "IMediaGateAdmin.aidl"];

fn main() -> Result<(), Box<dyn Error>> {
    // Other build systems run this from elsewhere (Android.bp).
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("aidl");
    let builder = INTERFACES.iter().fold(rsbinder_aidl::Builder::new(), |builder, interface| {
        builder.source(root.join("org/mediagate").join(interface)).version(1)
    });
    builder.include_dir(&root).set_async_support(false).trace(true).output("mediagate_aidl.rs").generate()?;
    Ok(())
}
