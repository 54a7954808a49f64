//! What the tests ask of the machine they run on: namespaces, users, modules, the kernel's log.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::path::{Path, PathBuf};
use std::thread;

/// A user without any right.
const NOBODY: libc::uid_t = 65534;

/// Runs `test` in a network namespace of its own, with empty stores.
pub(crate) fn in_new_netns<R: Send>(test: impl FnOnce() -> R + Send) -> R {
    on_own_thread(|| {
        enter_new_netns();
        test()
    })
}

/// Runs `test` in the caller's namespaces as a user without any right.
pub(crate) fn as_nobody<R: Send>(test: impl FnOnce() -> R + Send) -> R {
    on_own_thread(|| {
        // The library's setresuid changes every thread of the process; the bare call only this one.
        // SAFETY: the call takes numbers only.
        let done = unsafe { libc::syscall(libc::SYS_setresuid, NOBODY, NOBODY, NOBODY) };
        assert_eq!(done, 0, "setresuid: {}", io::Error::last_os_error());
        test()
    })
}

/// Runs `test` in the caller's namespaces, by the same user, without CAP_SYS_ADMIN.
pub(crate) fn without_sys_admin<R: Send>(test: impl FnOnce() -> R + Send) -> R {
    const CAP_SYS_ADMIN: u32 = 21;
    // `_LINUX_CAPABILITY_VERSION_3`, and the calling thread; then effective, permitted and inheritable ones, of
    // which each word has 32.
    let header = [0x2008_0522_u32, 0];
    let mut words = [0_u32; 6];
    on_own_thread(|| {
        // SAFETY: both point to as much as the kernel reads and writes in that version.
        let got = unsafe { libc::syscall(libc::SYS_capget, header.as_ptr(), words.as_mut_ptr()) };
        assert_eq!(got, 0, "capget: {}", io::Error::last_os_error());
        for word in &mut words[..3] {
            *word &= !(1 << CAP_SYS_ADMIN);
        }
        // SAFETY: as above.
        let set = unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), words.as_ptr()) };
        assert_eq!(set, 0, "capset: {}", io::Error::last_os_error());
        test()
    })
}

/// Moves the calling thread into a network namespace of its own.
///
/// Only for threads that end with the test; see [`in_new_netns`].
pub(crate) fn enter_new_netns() {
    unshare_netns().expect("unshare");
}

/// As [`enter_new_netns`]; safe to call between fork and exec: it makes a system call and nothing else.
pub(crate) fn unshare_netns() -> io::Result<()> {
    // SAFETY: the call takes a number only.
    check(unsafe { libc::unshare(libc::CLONE_NEWNET) }.into())
}

/// Moves the calling thread into a network namespace of its own, owned by a user namespace of its
/// own, as a user without any right in the initial one.
///
/// Safe to call between fork and exec: it makes system calls and nothing else.
pub(crate) fn enter_own_namespaces() -> io::Result<()> {
    enter_own_user_namespace()?;
    unshare_netns()
}

/// As [`enter_own_namespaces`], but stays in the network namespace.
pub(crate) fn enter_own_user_namespace() -> io::Result<()> {
    // The same user is root within, or exec would take the rights away again.
    const ROOT_IS_NOBODY: &[u8] = b"0 65534 1";
    let check = |done: libc::c_int| match done {
        -1 => Err(io::Error::last_os_error()),
        other => Ok(other),
    };
    // SAFETY: the calls take numbers, and pointers to static bytes with their length.
    unsafe {
        check(libc::setresuid(NOBODY, NOBODY, NOBODY))?;
        // A process that has changed its user may not write to its own files in /proc.
        check(libc::prctl(libc::PR_SET_DUMPABLE, 1))?;
        check(libc::unshare(libc::CLONE_NEWUSER))?;
        let map = check(libc::open(c"/proc/self/uid_map".as_ptr(), libc::O_WRONLY))?;
        let written = libc::write(map, ROOT_IS_NOBODY.as_ptr().cast(), ROOT_IS_NOBODY.len());
        check(written as libc::c_int)?;
        check(libc::close(map))?;
    }
    Ok(())
}

/// The calling thread's network namespace, kept alive.
pub(crate) struct Netns(File);

impl Netns {
    /// The one that the calling thread is in.
    pub(crate) fn current() -> Self {
        Self::open("/proc/thread-self/ns/net")
    }

    /// The one that a file stands for.
    pub(crate) fn open(path: impl AsRef<Path>) -> Self {
        Self(File::open(path).expect("the namespace is there"))
    }

    /// Runs `test` within it.
    pub(crate) fn run<R: Send>(&self, test: impl FnOnce() -> R + Send) -> R {
        on_own_thread(|| {
            // SAFETY: the call takes a file descriptor that is open, and a number.
            let done = unsafe { libc::setns(self.0.as_raw_fd(), libc::CLONE_NEWNET) };
            assert_eq!(done, 0, "setns: {}", io::Error::last_os_error());
            test()
        })
    }
}

impl AsRawFd for Netns {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

fn on_own_thread<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| match scope.spawn(work).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// Loads a module that `cargo xtask vm` built, with its parameters (`portid=7`).
pub(crate) fn load(module: &str, params: &str) -> io::Result<()> {
    let file = File::open(file(module))?;
    let params = CString::new(params).expect("parameters have no NUL");
    // SAFETY: the descriptor is open, and the parameters are a string that outlives the call.
    let done =
        unsafe { libc::syscall(libc::SYS_finit_module, file.as_raw_fd(), params.as_ptr(), 0) };
    check(done)
}

/// A module's file, read.
pub(crate) fn image(module: &str) -> Vec<u8> {
    std::fs::read(file(module)).expect("the module's file can be read")
}

/// Loads a module that is in memory: nothing but the module allocates.
pub(crate) fn load_image(image: &[u8]) -> io::Result<()> {
    let params = c"";
    // SAFETY: the image is valid for reads of its length, and the parameters are a static string.
    let done = unsafe {
        libc::syscall(
            libc::SYS_init_module,
            image.as_ptr(),
            image.len(),
            params.as_ptr(),
        )
    };
    check(done)
}

/// Where a module's file is.
pub(crate) fn file(module: &str) -> PathBuf {
    let dir = std::env::var_os("GENL_MODULE_DIR").expect("`cargo xtask vm` sets GENL_MODULE_DIR");
    PathBuf::from(dir).join(format!("{module}.ko"))
}

/// Unloads a module; refused at once with EWOULDBLOCK while it is in use.
pub(crate) fn unload(module: &str) -> io::Result<()> {
    unload_unnoticed(module)?;
    // Some tests put ids into messages by hand.
    genl_user::forget_families();
    Ok(())
}

/// As [`unload`], of which this process takes no notice by itself.
pub(crate) fn unload_unnoticed(module: &str) -> io::Result<()> {
    let name = CString::new(module).expect("a module's name has no NUL");
    // SAFETY: the name is a string that outlives the call.
    let done = unsafe { libc::syscall(libc::SYS_delete_module, name.as_ptr(), libc::O_NONBLOCK) };
    check(done)
}

/// What a system call says that gives 0 or fails.
fn check(done: libc::c_long) -> io::Result<()> {
    match done {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Loads the module again, however the test ends.
pub(crate) struct Reload(pub(crate) &'static str);

impl Drop for Reload {
    fn drop(&mut self) {
        if unload(self.0).is_ok() || !loaded(self.0) {
            load(self.0, "").expect("the module loads again");
        }
    }
}

fn loaded(module: &str) -> bool {
    Path::new("/sys/module").join(module).exists()
}

/// Opens the kernel's log at its end: what is read from it was logged later.
pub(crate) fn kernel_log() -> KernelLog {
    use std::io::{Seek, SeekFrom};
    use std::os::unix::fs::OpenOptionsExt;

    let mut file = File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open("/dev/kmsg")
        .expect("/dev/kmsg opens");
    file.seek(SeekFrom::End(0)).expect("/dev/kmsg seeks");
    KernelLog(file)
}

/// The kernel's log from some moment on.
pub(crate) struct KernelLog(File);

impl KernelLog {
    /// All lines logged until now.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        use std::io::Read;

        let mut lines = Vec::new();
        // One read gives one record: "priority,sequence,time,flags;text\n".
        let mut record = [0; 8192];
        while let Ok(len) = self.0.read(&mut record) {
            let record = String::from_utf8_lossy(&record[..len]);
            lines.extend(
                record
                    .split_once(';')
                    .map(|(_, text)| text.trim_end().to_owned()),
            );
        }
        lines
    }
}
