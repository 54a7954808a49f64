//! The last finish of generated Rust: the toolchain's own formatter.

use std::io::{self, Write};
use std::process::{Command, ExitStatus, Stdio};

/// Why there is no formatted text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It cannot be started.
    #[error("cannot run rustfmt; `rustup component add rustfmt` installs it")]
    Absent(#[source] io::Error),
    /// It went away in the middle.
    #[error("cannot talk to rustfmt")]
    Lost(#[source] io::Error),
    /// The text is not Rust to it; what it said is on standard error.
    #[error("rustfmt does not take the text ({0})")]
    Refused(ExitStatus),
    /// What it wrote is no text.
    #[error("rustfmt gave something that is not text")]
    NotText(#[source] std::string::FromUtf8Error),
}

/// The text as rustfmt breaks its lines; `edition` is the Rust edition it is for.
///
/// # Errors
///
/// See [`Error`].
pub fn format(text: &str, edition: &str) -> Result<String, Error> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--emit", "stdout", "--edition", edition])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(Error::Absent)?;
    let stdin = rustfmt.stdin.take();
    let output = std::thread::scope(|scope| {
        // Both pipes at once: neither side may wait for the other.
        let writer = scope.spawn(move || match stdin {
            Some(mut stdin) => stdin.write_all(text.as_bytes()),
            None => Err(io::Error::other("rustfmt has no stdin")),
        });
        let output = rustfmt.wait_with_output();
        writer
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the writer panicked")))?;
        output
    })
    .map_err(Error::Lost)?;
    if !output.status.success() {
        return Err(Error::Refused(output.status));
    }
    String::from_utf8(output.stdout).map_err(Error::NotText)
}
