//! What can be typed.

#![forbid(unsafe_code)]

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use crate::admin::{operation_list, role_list, section_names};
use crate::config::{BinderMode, Settings};
use crate::policy::Visibility;
use crate::redact::Classes;

use super::duration;

/// Media access control: per-application policy at open, kernel passthrough, filtered content.
///
/// Exit status: 0 done, 1 refused or not found, 2 wrong usage, 3 the daemon is not reachable.
#[derive(Parser, Debug)]
#[command(name = "mediagate", version, disable_help_subcommand = true)]
pub struct CommandLine {
    /// The daemon's socket.
    #[arg(long, global = true, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Serve a directory at a mount point.
    Serve(ServeArguments),
    /// Show who sees what, on a temporary volume with sample media and four applications.
    Demo {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// What the process of an application of the demonstration runs; nothing for people.
    #[command(hide = true)]
    DemoApplication {
        /// Make the file instead of reading it.
        #[arg(long)]
        write: bool,
        /// The file.
        path: PathBuf,
    },
    /// What the process that mounts for the daemon runs; nothing for people.
    #[command(hide = true)]
    KeepMounts,
    /// Print kind and redaction plan of files on disk; needs no daemon.
    Inspect {
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// What is to be hidden, with commas: coordinates, motion, auxiliary, places, geotiff; without it, all.
        #[arg(long, value_name = "LIST", default_value_t = Classes::ALL, hide_default_value = true)]
        hide: Classes,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write the bytes that a reader who may not see private parts would read; needs no daemon.
    Redact {
        /// The file.
        file: PathBuf,
        /// The file to make.
        out: PathBuf,
        /// What is to be hidden; see `inspect`.
        #[arg(long, value_name = "LIST", default_value_t = Classes::ALL, hide_default_value = true)]
        hide: Classes,
    },
    /// What the daemon does.
    #[command(flatten)]
    Remote(RemoteCommand),
}

/// How to serve.
#[derive(Args, Clone, Debug)]
pub struct ServeArguments {
    /// The directory to serve.
    #[arg(long, value_name = "DIR")]
    pub lower: Option<PathBuf>,
    /// Where to serve it.
    #[arg(long, value_name = "DIR")]
    pub mount: Option<PathBuf>,
    /// The directory of the database.
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// A TOML file with any of: lower, mount, state, apps, users, threads, passthrough, visibility, hide, watches,
    /// socket, binder, service.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Applications to register at the start; see `app import`. Android's packages.list is followed: packages that come
    /// are registered, those that go are removed.
    #[arg(long, value_name = "FILE")]
    pub apps: Option<PathBuf>,
    /// The descriptor of /dev/fuse with which whoever starts the daemon has mounted at --mount; the daemon then mounts and
    /// unmounts nothing. The private trees are theirs to mount, too.
    #[arg(long, value_name = "N")]
    pub fuse_fd: Option<u32>,
    /// The directory holds the trees of several Android users, each in a directory of the user's number.
    #[arg(long)]
    pub users: bool,
    /// Threads that serve.
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroU32>,
    /// Serve every byte through the daemon.
    #[arg(long)]
    pub no_passthrough: bool,
    /// Whether files exist for applications that could not list them: in a shared volume they do.
    #[arg(long, value_name = "WHICH", value_parser = visibility())]
    pub visibility: Option<Visibility>,
    /// What of a location is hidden from who may not know it, with commas: coordinates, motion, auxiliary, places, geotiff;
    /// without it, all.
    #[arg(long, value_name = "LIST")]
    pub hide: Option<Classes>,
    /// Directories of each volume that are watched for changes made beneath the mount; 0 watches none.
    #[arg(long, value_name = "N")]
    pub watches: Option<usize>,
    /// On which transports the daemon is called; auto is the socket, and the kernel's Binder driver where there is one.
    #[arg(long, value_name = "WHICH", value_parser = binder())]
    pub binder: Option<BinderMode>,
    /// The name in the kernel's service manager, mediagate by default: a second volume on one machine needs its own. That
    /// of the service for administrators has `.admin` after it.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
}

fn binder() -> impl TypedValueParser<Value = BinderMode> {
    PossibleValuesParser::new(BinderMode::NAMES)
        .try_map(|name| BinderMode::of_name(&name).ok_or("no such transport"))
}

fn visibility() -> impl TypedValueParser<Value = Visibility> {
    PossibleValuesParser::new(Visibility::NAMES)
        .try_map(|name| Visibility::of_name(&name).ok_or("no such visibility"))
}

impl ServeArguments {
    /// The settings that the command line gives; `socket` is the global option.
    pub fn settings(&self, socket: Option<PathBuf>) -> Settings {
        Settings {
            lower: self.lower.clone(),
            mount: self.mount.clone(),
            state: self.state.clone(),
            apps: self.apps.clone(),
            fuse_fd: self.fuse_fd,
            users: self.users.then_some(true),
            threads: self.threads,
            passthrough: self.no_passthrough.then_some(false),
            visibility: self.visibility,
            hide: self.hide,
            watches: self.watches,
            binder: self.binder,
            service: self.service.clone(),
            socket,
        }
    }
}

/// What a running daemon does.
#[derive(Subcommand, Debug)]
pub enum RemoteCommand {
    /// The registered applications.
    #[command(subcommand)]
    App(AppCommand),
    /// What an application may do as a whole.
    #[command(subcommand)]
    Permission(PermissionCommand),
    /// Switches beside permissions: a permission counts unless its app-op is denied.
    #[command(subcommand, name = "appop")]
    AppOp(AppOpCommand),
    /// Android users who share media.
    #[command(subcommand)]
    User(UserCommand),
    /// Access of one application to one file.
    #[command(subcommand)]
    Grant(GrantCommand),
    /// What applications ask to be granted.
    #[command(subcommand)]
    Request(RequestCommand),
    /// Print the verdict, the errno, the rule and every fact used; status 1 if it is a refusal.
    Check {
        /// Who would do it.
        #[arg(long)]
        uid: u32,
        /// What would be done.
        #[arg(long, help = format!("What would be done: {}", operation_list()))]
        op: String,
        /// To what: absolute below a mount point, or relative to the volume.
        path: String,
        /// The new path, for `--op rename`.
        #[arg(long)]
        to: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Index now, and show how far it is. Interrupting this command does not end the scan.
    Scan {
        /// Where; everything without it.
        path: Option<String>,
        /// Look also at what has not changed since the last scan.
        #[arg(long)]
        full: bool,
        /// End the scan that runs; the next one goes on from there.
        #[arg(long, conflicts_with_all = ["path", "full", "json"])]
        cancel: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove pending and trashed files whose time has come, and give those whose time came long ago more.
    Maintain {
        /// As if it were this time, in seconds since 1970.
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
        now: Option<u64>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the daemon's state.
    Dump {
        /// Which part of it.
        #[arg(default_value = "all", value_parser = PossibleValuesParser::new(section_names()))]
        section: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print what was decided.
    Audit {
        /// Only for this uid.
        #[arg(long)]
        uid: Option<u32>,
        /// Only about this path and what is below it.
        #[arg(long)]
        path: Option<String>,
        /// Only refusals.
        #[arg(long)]
        denied: bool,
        /// Go on printing what is decided from now on.
        #[arg(long)]
        follow: bool,
        /// Print JSON; one object a line with --follow.
        #[arg(long)]
        json: bool,
    },
    /// Print the daemon and its volumes.
    Status {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Detach the mounts; the daemon ends when the last open file is closed.
    Stop,
}

/// What to do with applications.
#[derive(Subcommand, Debug)]
pub enum AppCommand {
    /// Print the registered applications.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Register an application or change it; what is not given stays.
    Set {
        /// Its package name.
        name: String,
        /// The uid that it runs as.
        #[arg(long)]
        uid: u32,
        /// Its target SDK.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        target_sdk: Option<u32>,
        /// All that is granted to it, separated by commas.
        #[arg(long = "permission", value_name = "P", value_delimiter = ',')]
        permissions: Option<Vec<String>>,
        /// A name for permissions that go together, added to --permission.
        #[arg(long, help = format!("A name for permissions that go together, added to --permission: {}", role_list()))]
        role: Option<String>,
    },
    /// Remove an application: its files lose their owner, its grants are gone.
    Remove {
        /// Its package name.
        name: String,
    },
    /// Register the applications of a file, all or none: TOML with `[[app]]` tables (name, uid, target_sdk,
    /// permissions, role, app_ops), or Android's packages.list (a name that ends in .list); - is TOML on the standard
    /// input.
    Import {
        /// The file.
        file: PathBuf,
    },
}

/// What to do with permissions.
#[derive(Subcommand, Debug)]
pub enum PermissionCommand {
    /// Grant one.
    Grant {
        /// The application.
        name: String,
        /// Such as READ_MEDIA_IMAGES.
        permission: String,
    },
    /// Take one back.
    Revoke {
        /// The application.
        name: String,
        /// Such as READ_MEDIA_IMAGES.
        permission: String,
    },
}

/// What to do with app-ops.
#[derive(Subcommand, Debug)]
pub enum AppOpCommand {
    /// Set one.
    Set {
        /// The application.
        name: String,
        /// The permission, such as READ_MEDIA_IMAGES.
        op: String,
        /// allow, ignore or deny (the same), or default.
        mode: String,
    },
    /// Print those that do not stand at their default.
    List {
        /// The application.
        name: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What to do with users.
#[derive(Subcommand, Debug)]
pub enum UserCommand {
    /// Let two users share media: each sees the other's shared files by the common rules, private trees never.
    Share {
        /// The one.
        one: u32,
        /// The other.
        other: u32,
    },
    /// Let two users share media no longer.
    Unshare {
        /// The one.
        one: u32,
        /// The other.
        other: u32,
    },
    /// Print the users who share media.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What to do with requests for access.
#[derive(Subcommand, Debug)]
pub enum RequestCommand {
    /// Print those that wait for an answer.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Grant all that was asked for.
    Allow {
        /// Its number, as `request list` prints it.
        id: u64,
        /// How long, such as 10m, 2h or 7d; until it is revoked without it.
        #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse)]
        seconds: Option<u64>,
    },
    /// Grant nothing.
    Refuse {
        /// Its number, as `request list` prints it.
        id: u64,
    },
}

/// What to do with grants.
#[derive(Subcommand, Debug)]
pub enum GrantCommand {
    /// Let an application read a file.
    Add {
        /// The application.
        name: String,
        /// The file: absolute below a mount point, or relative to the volume.
        path: String,
        /// Let it write, too.
        #[arg(long)]
        write: bool,
        /// The user picked it for an application with READ_MEDIA_VISUAL_USER_SELECTED.
        #[arg(long, conflicts_with = "write")]
        selected: bool,
        /// How long, such as 10m, 2h or 7d; until it is revoked without it.
        #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse)]
        seconds: Option<u64>,
    },
    /// Print the grants.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a grant back.
    Revoke {
        /// Its number, as `grant list` prints it.
        id: i64,
    },
}
