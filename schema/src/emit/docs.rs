//! The family's documentation in Markdown: all that is needed to write a client, for people to read.
//!
//! It reads well as plain text, and as GitHub shows it; links lead within the page.

mod anchors;
mod definitions;
mod operations;
mod page;
mod sets;
mod types;

use super::Origin;
use crate::model::{Family, Protocol};
use anchors::Anchors;
use page::{Page, code, paragraphs};

/// Renders the page.
pub fn render(family: &Family, origin: Origin<'_>) -> String {
    let docs = Docs {
        family,
        anchors: Anchors::new(family),
    };
    let mut page = Page::default();
    page.text(&format!(
        "<!-- {} -->",
        origin.to_string().replace("--", "-")
    ));
    page.heading(1, &format!("Family {}", code(family.name.as_str())));
    page.text(&paragraphs(&family.doc));
    docs.summary(&mut page);
    docs.calls(&mut page);
    docs.notifications(&mut page);
    docs.sets(&mut page);
    docs.definitions(&mut page);
    docs.how_to(&mut page);
    page.into_string()
}

/// What all sections are made from.
struct Docs<'f> {
    family: &'f Family,
    anchors: Anchors,
}

impl Docs<'_> {
    fn summary(&self, page: &mut Page) {
        let family = self.family;
        let protocol = match family.protocol {
            Protocol::Genetlink => "genetlink",
            Protocol::GenetlinkC => "genetlink-c",
            Protocol::GenetlinkLegacy => "genetlink-legacy",
        };
        let mut lines = vec![
            format!("Name: {}", code(family.name.as_str())),
            format!("Version: {}", family.version),
            format!("Schema: {protocol}"),
        ];
        if let Some(header) = &family.c.header {
            lines.push(format!("C header: {}", code(header)));
        }
        lines.push("[How to talk to it](#how-to-talk-to-it)".to_owned());
        page.list(&lines);
    }

    /// What generic netlink asks of every client, and how values are written.
    fn how_to(&self, page: &mut Page) {
        let family = self.family;
        page.heading(2, "How to talk to it");
        page.prose(&format!(
            "Open a socket of `AF_NETLINK`, `SOCK_RAW`, `NETLINK_GENERIC`. Ask the controller (family `nlctrl`, \
             number 16, operation `CTRL_CMD_GETFAMILY`) for the family {} by its name; the answer has the \
             family's number, and those of its multicast groups. Numbers last as long as the family is \
             registered.",
            code(family.name.as_str())
        ));
        page.prose(
            "A message is a `struct nlmsghdr`, whose type is the family's number; a `struct genlmsghdr`, whose \
             command is the operation's number and whose version is the family's; the operation's fixed header, \
             if it has one; then attributes. A single call (do) has the flag `NLM_F_REQUEST`, and `NLM_F_ACK` if \
             an answer is wanted of an operation that has no reply; a dump has `NLM_F_REQUEST | NLM_F_DUMP`, and \
             its replies end with `NLMSG_DONE`. A refusal is an `NLMSG_ERROR` with a negative errno.",
        );
        if family.reply_or_error {
            page.prose(
                "A do that has a reply is answered by that or by an error, so it needs no `NLM_F_ACK`.",
            );
        }
        page.prose(
            "An attribute is a `struct nlattr`, 4 bytes of length and type, and its value; it begins at a \
             multiple of 4 bytes. Attributes of one message may come in any order. What a client does not know it \
             skips. Values are in the machine's own byte order, where nothing else is said:",
        );
        page.list(&types::explained(family));
    }
}
