//! Everything once, against kvstore and nltest in the running kernel: `cargo xtask demo` shows it.
//!
//! Each step prints what came, and the first that is not as expected ends the tour.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use genl_user::families::kvstore::{self, EntryFlags};
use genl_user::families::{nlctrl, nltest};

type Outcome = Result<(), Box<dyn Error>>;

/// Longest wait for an event that is on its way.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> Outcome {
    let mut store = kvstore::Client::open()?;
    family()?;
    let mut changes = kvstore::Events::open(&[kvstore::Group::Changes])?;
    write_and_read(&mut store)?;
    dump(&mut store)?;
    events(&mut store, &mut changes)?;
    refusal(&mut store)?;
    messages()?;
    kernel_log()?;
    Ok(())
}

fn title(text: &str) {
    println!("\n== {text}");
}

/// Fails the tour unless this holds.
fn expect(holds: bool, what: &str) -> Outcome {
    match holds {
        true => Ok(()),
        false => Err(format!("not as expected: {what}").into()),
    }
}

fn family() -> Outcome {
    title("The controller knows the family");
    let mut controller = nlctrl::Client::open()?;
    let request = nlctrl::Getfamily {
        family_name: Some("kvstore"),
        ..Default::default()
    };
    let family = controller.getfamily(&request)?;
    let operations = family.ops().count();
    let groups: Vec<_> = family
        .mcast_groups()
        .filter_map(|group| group.name())
        .collect();
    println!(
        "kvstore: id {}, {operations} operations, groups {groups:?}",
        family.family_id().unwrap_or_default()
    );
    expect(operations == 5, "kvstore has 5 operations")?;
    expect(groups == ["changes"], "kvstore has the group \"changes\"")
}

fn write_and_read(store: &mut kvstore::Client) -> Outcome {
    title("Entries are set, and one is read");
    let entries: [(&str, &[u8], &[&str]); 3] = [
        ("host/name", b"example", &["shown", "on the tour"]),
        ("host/port", b"443", &[]),
        ("user", b"root", &[]),
    ];
    for (key, value, label) in entries {
        let meta = kvstore::Meta {
            label,
            ..Default::default()
        };
        let reply = store.set(&kvstore::Set {
            key,
            value: Some(value),
            meta: Some(meta),
            ..Default::default()
        })?;
        println!(
            "set {key}: revision {}",
            reply.revision().unwrap_or_default()
        );
    }
    let entry = store.get(&kvstore::Get { key: "host/name" })?;
    println!("get host/name: {}", in_words(&entry));
    expect(entry.value() == Some(b"example"), "the value comes back")?;
    let labels = entry.meta().map(|meta| meta.label().collect::<Vec<_>>());
    expect(
        labels.as_deref() == Some(&["shown", "on the tour"]),
        "the labels come back",
    )
}

fn in_words(entry: &kvstore::GetReply<'_>) -> String {
    let value = entry.value().unwrap_or_default().escape_ascii();
    let mut words = format!(
        "{} = \"{value}\", revision {}",
        entry.key().unwrap_or_default(),
        entry.revision().unwrap_or_default()
    );
    if let Some(meta) = entry.meta() {
        let labels: Vec<_> = meta.label().collect();
        words += &format!(
            ", read {} times, labels {labels:?}",
            meta.hits().unwrap_or_default()
        );
    }
    words
}

fn dump(store: &mut kvstore::Client) -> Outcome {
    title("Entries are dumped");
    let mut keys = Vec::new();
    let mut entries = store.get_dump(&kvstore::GetDump {
        prefix: Some("host/"),
    })?;
    while let Some(entry) = entries.next()? {
        println!("{}", in_words(&entry));
        keys.extend(entry.key().map(str::to_owned));
    }
    keys.sort();
    expect(
        keys == ["host/name", "host/port"],
        "the prefix selects two entries",
    )
}

fn events(store: &mut kvstore::Client, changes: &mut kvstore::Events) -> Outcome {
    title("Changes arrive as events");
    store.del(&kvstore::Del { key: "user" })?;
    let (mut sets, mut deletions) = (0, 0);
    while deletions == 0 {
        match changes.next_timeout(PATIENCE)?.ok_or("no event came")? {
            kvstore::Event::SetNtf(entry) => {
                println!("set {}", in_words(&entry));
                sets += 1;
            }
            kvstore::Event::DelNtf(gone) => {
                println!(
                    "deleted {}, revision {}",
                    gone.key().unwrap_or_default(),
                    gone.revision().unwrap_or_default()
                );
                expect(gone.key() == Some("user"), "the deleted entry is named")?;
                deletions += 1;
            }
            other => return Err(format!("not as expected: {other:?}").into()),
        }
    }
    expect(sets == 3, "three entries were set")
}

fn refusal(store: &mut kvstore::Client) -> Outcome {
    title("An error tells what and where");
    store.set(&kvstore::Set {
        key: "fixed",
        flags: Some(EntryFlags::READ_ONLY),
        ..Default::default()
    })?;
    let error = match store.del(&kvstore::Del { key: "fixed" }) {
        Ok(_) => return Err("not as expected: a read-only entry was deleted".into()),
        Err(error) => error,
    };
    println!("{error}");
    expect(error.errno() == Some(libc::EPERM), "EPERM")?;
    let refused = error.refused().ok_or("the kernel did not refuse it")?;
    expect(refused.message.is_some(), "the kernel says why")?;
    expect(
        refused.attribute.as_deref() == Some("del.key"),
        "the key is to blame",
    )?;

    let long = "k".repeat(100);
    let error = store.get(&kvstore::Get { key: &long }).map(drop);
    let error = error.err().ok_or("a key of 100 bytes was taken")?;
    println!("{error}");
    expect(error.errno().is_some(), "a key that is too long is refused")
}

fn messages() -> Outcome {
    title("The kernel speaks unasked, to one port or to a group");
    let mut client = nltest::Client::open()?;
    let mut events = nltest::Events::open(&[nltest::Group::Chat])?;
    client.unicast(&nltest::Unicast {
        portid: events.port(),
        text: "to you alone",
    })?;
    client.broadcast(&nltest::Broadcast {
        text: "to all of you",
        audience: None,
    })?;
    for expected in ["to you alone", "to all of you"] {
        match events.next_timeout(PATIENCE)?.ok_or("no message came")? {
            nltest::Event::Message(message) => {
                println!(
                    "asked for by port {}: {:?}",
                    message.portid().unwrap_or_default(),
                    message.text().unwrap_or_default()
                );
                expect(message.text() == Some(expected), expected)?;
            }
            other => return Err(format!("not as expected: {other:?}").into()),
        }
    }
    Ok(())
}

fn kernel_log() -> Outcome {
    title("The kernel's log has a line of nltest");
    let mut log = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open("/dev/kmsg")?;
    log.seek(SeekFrom::End(0))?;
    let mut client = nltest::Client::open()?;
    let text = "hello from the tour";
    let reply = client.hello(&nltest::Hello { text })?;
    println!("the kernel answers {:?}", reply.text().unwrap_or_default());
    let mut found = false;
    while let Some(line) = next_record(&mut log)? {
        if line.contains("nltest") {
            println!("kernel log: {line}");
            found |= line.contains(text);
        }
    }
    expect(found, "the text is in the kernel's log")
}

/// The next record of the kernel's log without its numbers; `None` if there is none yet.
fn next_record(log: &mut File) -> Result<Option<String>, Box<dyn Error>> {
    let mut record = [0; 8192];
    match log.read(&mut record) {
        Ok(len) => {
            let record = String::from_utf8_lossy(&record[..len]);
            let text = record.split_once(';').map_or(&*record, |(_, text)| text);
            Ok(text.lines().next().map(str::to_owned))
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error.into()),
    }
}
