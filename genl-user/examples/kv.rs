//! A command line for the kernel's key/value store: `kv set host example`, `kv list`, `kv watch`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use genl_user::families::kvstore::{
    self, Clear, Client, Del, EntryFlags, Event, Events, Get, GetDump, GetReply, Group, Meta, Set,
    Stats,
};
use genl_user::{Error, Options};

/// Reads and writes the key/value store of this network namespace
#[derive(Parser)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print an entry
    Get { key: String },
    /// Create an entry, or replace it whole
    Set(SetArgs),
    /// Delete an entry
    Del { key: String },
    /// Print all entries, or those whose key begins so
    List { prefix: Option<String> },
    /// Print the store's totals
    Stats,
    /// Delete every entry that is not sticky
    Clear,
    /// Print each change as it happens
    Watch,
}

#[derive(clap::Args)]
pub(crate) struct SetArgs {
    key: String,
    /// The value, as text
    value: Option<String>,
    /// Take the value from this file
    #[arg(long, conflicts_with = "value")]
    value_file: Option<PathBuf>,
    /// Let neither set nor del change the entry
    #[arg(long)]
    read_only: bool,
    /// Let the entry survive clear
    #[arg(long)]
    sticky: bool,
    /// Attach a text; may be given many times
    #[arg(long)]
    label: Vec<String>,
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    match run(&mut io::stdout().lock(), &Options::new(), &command) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(advice) = advice(&error) {
                eprintln!("{advice}");
            }
            ExitCode::FAILURE
        }
    }
}

/// What the user can do about it.
fn advice(error: &io::Error) -> Option<&'static str> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    match error {
        Error::UnknownFamily { .. } => Some("load it with `insmod kvstore.ko`, as root"),
        Error::Refused(refused) if refused.errno == libc::EPERM && refused.message.is_none() => {
            Some("only who has CAP_NET_ADMIN in this network namespace may change the store")
        }
        _ => None,
    }
}

pub(crate) fn run(out: &mut impl Write, options: &Options, command: &Command) -> io::Result<()> {
    let mut store = Client::open_with(options)?;
    match command {
        Command::Get { key } => print_entry(out, "", &store.get(&Get { key })?),
        Command::Set(args) => set(out, &mut store, args),
        Command::Del { key } => {
            let revision = store.del(&Del { key })?.revision();
            writeln!(out, "deleted, revision {}", revision.unwrap_or_default())
        }
        Command::List { prefix } => list(out, &mut store, prefix.as_deref()),
        Command::Stats => stats(out, &mut store),
        Command::Clear => Ok(store.clear(&Clear {})?),
        Command::Watch => watch(out, options),
    }
}

fn set(out: &mut impl Write, store: &mut Client, args: &SetArgs) -> io::Result<()> {
    let from_file = match &args.value_file {
        Some(path) => Some(std::fs::read(path).map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("cannot read {}: {error}", path.display()),
            )
        })?),
        None => None,
    };
    let mut flags = EntryFlags::empty();
    flags.set(EntryFlags::READ_ONLY, args.read_only);
    flags.set(EntryFlags::STICKY, args.sticky);
    let labels: Vec<_> = args.label.iter().map(String::as_str).collect();
    let meta = Meta {
        label: &labels,
        ..Meta::default()
    };
    let reply = store.set(&Set {
        key: &args.key,
        value: from_file
            .as_deref()
            .or(args.value.as_deref().map(str::as_bytes)),
        flags: (!flags.is_empty()).then_some(flags),
        meta: (!labels.is_empty()).then_some(meta),
    })?;
    let revision = reply.revision().unwrap_or_default();
    writeln!(out, "set, revision {revision}")
}

fn list(out: &mut impl Write, store: &mut Client, prefix: Option<&str>) -> io::Result<()> {
    let mut entries = store.get_dump(&GetDump { prefix })?;
    loop {
        match entries.next() {
            Ok(Some(entry)) => print_entry(out, "", &entry)?,
            Ok(None) => return Ok(()),
            // All entries have come; only they may not be those of one moment.
            Err(Error::DumpInterrupted { .. }) => {
                eprintln!("note: the store was changed while it was listed");
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn stats(out: &mut impl Write, store: &mut Client) -> io::Result<()> {
    let stats = store.stats(&Stats {})?;
    let count = |number: Option<u32>| number.unwrap_or_default();
    writeln!(
        out,
        "entries   {} of {}",
        count(stats.entries()),
        kvstore::MAX_ENTRIES
    )?;
    let bytes = stats.bytes().unwrap_or_default();
    writeln!(out, "bytes     {bytes} of {}", kvstore::MAX_BYTES)?;
    writeln!(out, "revision  {}", stats.revision().unwrap_or_default())?;
    if let Some(flags) = stats.flag_counts() {
        writeln!(out, "read-only {}", count(flags.read_only()))?;
        writeln!(out, "sticky    {}", count(flags.sticky()))?;
    }
    Ok(())
}

fn watch(out: &mut impl Write, options: &Options) -> io::Result<()> {
    let mut changes = Events::open_with(options, &[Group::Changes])?;
    loop {
        match changes.next()? {
            Event::SetNtf(entry) => print_entry(out, "set ", &entry)?,
            Event::DelNtf(gone) => {
                let key = gone.key().unwrap_or_default();
                let revision = gone.revision().unwrap_or_default();
                writeln!(out, "del {key} (revision {revision})")?;
            }
            Event::Overrun => eprintln!("note: some changes were lost; see `list`"),
            Event::Reloaded => eprintln!("note: kvstore was loaded anew, with empty stores"),
            Event::Unknown(notice) => eprintln!("note: {notice:?}, from a newer kvstore"),
        }
        out.flush()?;
    }
}

fn print_entry(out: &mut impl Write, what: &str, entry: &GetReply<'_>) -> io::Result<()> {
    let key = entry.key().unwrap_or_default();
    let value = entry.value().unwrap_or_default().escape_ascii();
    let revision = entry.revision().unwrap_or_default();
    write!(out, "{what}{key} = {value} (revision {revision}")?;
    for (name, _) in entry.flags().unwrap_or_default().iter_names() {
        write!(out, ", {}", name.to_lowercase().replace('_', "-"))?;
    }
    if let Some(meta) = entry.meta() {
        write!(out, ", read {} times", meta.hits().unwrap_or_default())?;
        for label in meta.label() {
            write!(out, ", label {label:?}")?;
        }
    }
    writeln!(out, ")")
}
