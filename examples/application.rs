//! What an application does through the service, step by step: `cargo run --example application -- SOCKET`, as the
//! application's user; without SOCKET through the kernel's Binder driver. docs/API.md shows what it prints.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "it shows what the calls answer")]

use std::error::Error;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use mediagate::admin::{Application, FileQuery, MediaEvent, ObserverFilter, OpenMode};
use mediagate::binder::Client;

fn main() -> Result<(), Box<dyn Error>> {
    let service = match std::env::args().nth(1) {
        Some(socket) => Client::connect(Path::new(&socket))?,
        None => Client::connect_kernel()?,
    };
    reads(&service)?;
    let (tell, told) = channel();
    let observation = service.observe(&ObserverFilter::default(), move |events| {
        // Whoever has seen enough hears no more.
        let _heard = tell.send(events);
    })?;
    writes(&service)?;
    asks(&service)?;
    observes(&told);
    drop(observation);
    Ok(())
}

/// What was told of the caller's own changes.
fn observes(told: &Receiver<Vec<MediaEvent>>) {
    while let Ok(events) = told.recv_timeout(Duration::from_millis(500)) {
        for MediaEvent { what, path, new_path, kind, .. } in events {
            println!("observed: {what} {path} {} {kind}", new_path.unwrap_or_default());
        }
    }
}

fn reads(service: &Client) -> Result<(), Box<dyn Error>> {
    let images = FileQuery { kinds: vec!["image".to_owned()], limit: 2, ..FileQuery::default() };
    let page = service.query(&images)?;
    for file in &page.files {
        println!("query: {} {} {} bytes", file.path, file.kind, file.size);
    }
    println!("query: next {:?}", page.next);
    let Some(photo) = page.files.first() else { return Ok(()) };

    let verdict = service.check_self("read", &photo.path, None)?;
    println!("check read: allowed {}, view {:?}, rule {}", verdict.allowed, verdict.view, verdict.rule);
    let verdict = service.check_self("write", &photo.path, None)?;
    println!("check write: allowed {}, errno {:?}, rule {}", verdict.allowed, verdict.errno, verdict.rule);

    let mode = OpenMode { read: true, ..OpenMode::default() };
    let mut bytes = Vec::new();
    File::from(service.open(&photo.path, mode)?).read_to_end(&mut bytes)?;
    println!("open: {} bytes", bytes.len());
    let write = OpenMode { write: true, ..OpenMode::default() };
    if let Err(failure) = service.open(&photo.path, write) {
        println!("open to write: {:?}: {failure}", failure.code);
    }
    Ok(())
}

fn writes(service: &Client) -> Result<(), Box<dyn Error>> {
    let pending = service.create_pending("Pictures/drawing.png")?;
    println!("createPending: {}", pending.path);
    File::from(pending.file).write_all(b"\x89PNG\r\n\x1a\n")?;
    let path = service.publish(&pending.path)?;
    println!("publish: {path}");
    println!("redactedPath: {}", service.redacted_path(&path)?);
    let thrown = service.trash(&path)?;
    println!("trash: {thrown}");
    println!("restore: {}", service.restore(&thrown)?);
    service.remove_file(&path)?;
    println!("remove: done");
    Ok(())
}

fn asks(service: &Client) -> Result<(), Box<dyn Error>> {
    let paths = ["Documents/plan.pdf".to_owned()];
    match service.request_access(&paths, false) {
        Ok(id) => println!("requestAccess: {id}, {}", service.request_state(id)?),
        Err(failure) => println!("requestAccess: {:?}: {failure}", failure.code),
    }
    Ok(())
}
