//! The system calls that the daemon needs once it serves, and those of the process that mounts for it.
//!
//! Each was seen to be made on Linux with glibc; `tests/confined` takes each away and sees what breaks.

#![forbid(unsafe_code)]

use libc as c;

/// Whether these lists are those of this system.
pub const KNOWN: bool = true;

/// Calls of the daemon, whatever their arguments.
pub const SERVING: &[i64] = &[
    // Requests of the kernel, sockets, the log.
    c::SYS_read,
    c::SYS_write,
    c::SYS_writev,
    c::SYS_ppoll,
    c::SYS_accept4,
    c::SYS_recvfrom,
    c::SYS_recvmsg,
    c::SYS_sendto,
    c::SYS_sendmsg,
    c::SYS_shutdown,
    c::SYS_getsockopt,
    c::SYS_setsockopt,
    c::SYS_getpeername,
    // Files.
    c::SYS_openat,
    c::SYS_openat2,
    c::SYS_close,
    c::SYS_fcntl,
    c::SYS_statx,
    c::SYS_newfstatat,
    c::SYS_fstat,
    c::SYS_fstatfs,
    c::SYS_statfs,
    c::SYS_getdents64,
    c::SYS_lseek,
    c::SYS_pread64,
    c::SYS_pwrite64,
    c::SYS_ftruncate,
    c::SYS_fallocate,
    c::SYS_copy_file_range,
    c::SYS_fsync,
    c::SYS_fdatasync,
    c::SYS_mkdirat,
    c::SYS_unlinkat,
    c::SYS_renameat2,
    c::SYS_utimensat,
    c::SYS_getxattr,
    c::SYS_inotify_init1,
    c::SYS_inotify_add_watch,
    c::SYS_inotify_rm_watch,
    // Memory.
    c::SYS_munmap,
    c::SYS_madvise,
    c::SYS_brk,
    // Threads, signals, time, the end of the keeper.
    c::SYS_set_robust_list,
    c::SYS_rseq,
    c::SYS_futex,
    c::SYS_exit,
    c::SYS_exit_group,
    c::SYS_sched_getaffinity,
    c::SYS_gettid,
    c::SYS_getpid,
    c::SYS_getuid,
    c::SYS_geteuid,
    c::SYS_sigaltstack,
    c::SYS_rt_sigaction,
    c::SYS_rt_sigprocmask,
    c::SYS_rt_sigreturn,
    c::SYS_restart_syscall,
    c::SYS_clock_gettime,
    c::SYS_clock_nanosleep,
    c::SYS_getrandom,
    c::SYS_wait4,
    // Descriptors that come through the Binder driver.
    c::SYS_pidfd_getfd,
    // Acting as a user, with its rights and no more.
    c::SYS_capset,
    c::SYS_setgroups,
    c::SYS_setfsuid,
    c::SYS_setfsgid,
    // What this architecture still has beside the newer ones.
    #[cfg(target_arch = "x86_64")]
    c::SYS_open,
    #[cfg(target_arch = "x86_64")]
    c::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    c::SYS_unlink,
];

/// Calls that the daemon makes with itself as the process that they are about, and with no other.
pub const OWN: &[i64] = &[
    // The SELinux context of a caller, out of what the Binder driver delivers.
    c::SYS_process_vm_readv,
];

/// Calls of the keeper of the mounts.
pub const KEEPING: &[i64] = &[
    c::SYS_recvfrom,
    c::SYS_sendmsg,
    c::SYS_write,
    c::SYS_openat,
    c::SYS_openat2,
    c::SYS_close,
    c::SYS_fcntl,
    c::SYS_statx,
    c::SYS_mount,
    c::SYS_umount2,
    c::SYS_getuid,
    c::SYS_getgid,
    c::SYS_munmap,
    c::SYS_brk,
    c::SYS_exit_group,
    c::SYS_sigaltstack,
    c::SYS_rt_sigreturn,
    #[cfg(target_arch = "x86_64")]
    c::SYS_unlink,
    #[cfg(not(target_arch = "x86_64"))]
    c::SYS_unlinkat,
];
