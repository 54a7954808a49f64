//! Kernel modules.

use std::ffi::CString;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use rustix::io::Errno;

/// How long a module may stay in use after the last process is gone: sockets are freed a little later.
const UNUSED: Duration = Duration::from_secs(10);

/// Loads the module `name` of the initramfs.
pub(crate) fn load(name: &str) -> Result<(), String> {
    load_file(name, &open_one(name)?)
}

/// Opens the files of the initramfs that hold the modules `names`.
pub(crate) fn open(names: &[String]) -> Result<Vec<File>, String> {
    names.iter().map(|name| open_one(name)).collect()
}

fn open_one(name: &str) -> Result<File, String> {
    File::open(format!("/module/{name}"))
        .map_err(|error| format!("cannot open the module {name}: {error}"))
}

/// Loads the module in `file`. One that is loaded already is fine.
pub(crate) fn load_file(name: &str, file: &File) -> Result<(), String> {
    // linux/module.h; the kernel unpacks what the distribution has packed.
    const MODULE_INIT_COMPRESSED_FILE: i32 = 4;
    let mut magic = [0; 4];
    file.read_exact_at(&mut magic, 0)
        .map_err(|error| format!("cannot read the module {name}: {error}"))?;
    let flags = if &magic == b"\x7fELF" {
        0
    } else {
        MODULE_INIT_COMPRESSED_FILE
    };
    match rustix::system::finit_module(file, c"", flags) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(format!(
            "cannot load the module {name}: {error}; the kernel's log may say why"
        )),
    }
}

/// Unloads the module `name`. One that the command has unloaded is fine.
pub(crate) fn unload(name: &str) -> Result<(), String> {
    let c_name = CString::new(name).map_err(|error| error.to_string())?;
    let since = Instant::now();
    loop {
        match rustix::system::delete_module(&c_name, 0) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::WOULDBLOCK) if since.elapsed() < UNUSED => {
                std::thread::sleep(Duration::from_millis(20))
            }
            Err(error) => {
                return Err(format!(
                    "the module {name} cannot be unloaded after the command: {error}{}",
                    users(name)
                ));
            }
        }
    }
}

/// How often a module is still used, as an end of a sentence.
fn users(name: &str) -> String {
    let mut count = String::new();
    match File::open(format!("/sys/module/{name}/refcnt"))
        .and_then(|mut file| file.read_to_string(&mut count))
    {
        Ok(_) => format!("; it is in use {} times", count.trim()),
        Err(_) => String::new(),
    }
}
