//! A thread of another process, made to do system calls: what an attacker could do who runs code there.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc::user_regs_struct;
use nix::sys::ptrace::{self, Options};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

/// The machine's instruction for a system call, and its length.
const SYSCALL: [u8; 2] = [0x0f, 0x05];
/// What lies below the stack pointer is the thread's own (the red zone), and a bit more.
const BELOW: u64 = 2048;
/// How often a thread that is busy is tried.
const TRIES: usize = 100;

/// The thread, stopped; dropped, it goes on where it was.
pub(crate) struct Taken {
    thread: Pid,
    memory: File,
    before: user_regs_struct,
}

impl Taken {
    /// Takes a thread as soon as it waits in a system call; `None` for one that has ended.
    pub(crate) fn try_take(thread: i32) -> Option<Taken> {
        for _ in 0..TRIES {
            let taken = Taken::stop(thread)?;
            let mut instruction = [0; 2];
            taken.memory.read_exact_at(&mut instruction, taken.before.rip - 2).expect("its code");
            if instruction == SYSCALL {
                return Some(taken);
            }
            drop(taken);
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the thread {thread} never waits");
    }

    fn stop(thread: i32) -> Option<Taken> {
        let pid = Pid::from_raw(thread);
        match ptrace::seize(pid, Options::empty()) {
            Err(Errno::ESRCH) => return None,
            seized => seized.expect("root may trace"),
        }
        ptrace::interrupt(pid).expect("a traced thread can be stopped");
        wait(pid);
        let before = ptrace::getregs(pid).expect("it is stopped");
        let memory = File::options().read(true).write(true).open(format!("/proc/{thread}/mem"));
        Some(Taken { thread: pid, memory: memory.expect("its memory"), before })
    }

    /// Takes a thread that goes on waiting.
    pub(crate) fn take(thread: i32) -> Taken {
        Taken::try_take(thread).expect("it is there")
    }

    /// Makes it do a call; returns what that returned.
    pub(crate) fn call(&self, number: i64, arguments: [u64; 6]) -> i64 {
        let [rdi, rsi, rdx, r10, r8, r9] = arguments;
        let rip = self.before.rip - 2;
        let rax = number.cast_unsigned();
        let registers =
            user_regs_struct { rip, rax, rdi, rsi, rdx, r10, r8, r9, orig_rax: u64::MAX, ..self.before };
        ptrace::setregs(self.thread, registers).expect("it is stopped");
        ptrace::step(self.thread, None).expect("it is stopped");
        wait(self.thread);
        ptrace::getregs(self.thread).expect("it is stopped").rax.cast_signed()
    }

    /// Puts bytes into its memory; returns where. The next ones take their place.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> u64 {
        let at = self.before.rsp - BELOW;
        self.memory.write_all_at(bytes, at).expect("its stack");
        at
    }

    /// Puts a path there.
    pub(crate) fn path(&self, path: &str) -> u64 {
        self.bytes(format!("{path}\0").as_bytes())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // The process may be gone, and with it what would be put back.
        let _ = ptrace::setregs(self.thread, self.before);
        let _ = ptrace::detach(self.thread, None);
    }
}

fn wait(thread: Pid) {
    waitpid(thread, Some(WaitPidFlag::__WALL)).expect("it stops");
}
