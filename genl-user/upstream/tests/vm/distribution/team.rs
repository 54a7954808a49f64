//! Options and ports of a team device. A do of this family is answered by a list, which may take several messages.

use std::time::Duration;

use genl_upstream::team::{
    AttrOption, AttrOptionOwned, AttrOptionView, Client, FAMILY, GENL_CHANGE_EVENT_MC_GRP_NAME,
    ItemOption, Noop, OptionsGet, OptionsGetReplyOwned, OptionsSet, PortListGet,
};
use genl_user::wire::{FromAttrs, FromPayload, Malformed, Payload};
use genl_user::{Error, Events, Family, Group, Layout, Message, Notice};

use crate::machine::{ifindex, in_new_netns, ip, ip_show};

/// NLA_U32 and NLA_STRING, by which options say of what type they are.
const NUMBER: u8 = 3;
const TEXT: u8 = 5;

/// TEAM_ATTR_LIST_OPTION.
const LIST_OPTION: u16 = 2;

/// So many ports have more options than one message holds.
const PORTS: u64 = 24;

/// The family's one group. The spec has its name, but neither the group nor what is sent to it.
#[derive(Clone, Copy)]
struct Changes;

impl Group for Changes {
    /// What is sent; none if something was lost.
    type Event<'a> = Option<Notice<'a>>;

    const FAMILY: &'static Family = &FAMILY;

    fn name(self) -> &'static str {
        GENL_CHANGE_EVENT_MC_GRP_NAME
    }

    fn event(notice: Notice<'_>) -> Result<Option<Notice<'_>>, Error> {
        Ok(Some(notice))
    }

    fn overrun<'a>() -> Option<Notice<'a>> {
        None
    }

    fn reloaded<'a>() -> Option<Notice<'a>> {
        None
    }
}

/// A team without ports, which has no mode yet.
struct Team {
    client: Client,
    ifindex: u32,
    /// Somebody has to listen: the kernel refuses, with ESRCH, what it has done and could tell nobody of.
    changes: Events<Changes>,
}

impl Team {
    fn new() -> Self {
        ip("link add team0 type team");
        Self {
            client: Client::open().expect("team is loaded"),
            ifindex: ifindex("team0"),
            changes: Events::open(&[Changes]).expect("events"),
        }
    }

    fn set(&mut self, option: AttrOption<'_>) -> Result<(), Error> {
        let request = OptionsSet {
            team_ifindex: Some(self.ifindex),
            list_option: Some(ItemOption {
                option: Some(option),
            }),
        };
        let reply = self.client.options_set(&request)?;
        // The spec has a reply, the kernel none.
        assert_eq!(reply.team_ifindex(), None);
        Ok(())
    }

    /// All options of the team, and how many messages they took.
    fn options(&mut self) -> (Vec<AttrOptionOwned>, usize) {
        let request = OptionsGet {
            team_ifindex: Some(self.ifindex),
        };
        let connection = self.client.connection();
        let mut replies = connection
            .call_all::<Options>(&Client::OPTIONS_GET, &request)
            .expect("options-get");
        let (mut options, mut messages) = (Vec::new(), 0);
        while let Some(message) = replies.next().expect("a message") {
            options.extend(message.0);
            messages += 1;
        }
        (options, messages)
    }
}

/// The mode, whose name ends in a NUL.
fn mode(name: &str) -> AttrOption<'_> {
    AttrOption {
        name: Some("mode"),
        type_: Some(TEXT),
        data: Some(name.as_bytes()),
        ..AttrOption::default()
    }
}

/// All options of a message. In the spec a list has one item; the kernel sends many.
struct Options(Vec<AttrOptionOwned>);

impl FromPayload<'_> for Options {
    fn from_payload(payload: Payload<'_>) -> Result<Self, Malformed> {
        let mut options = Vec::new();
        for attr in payload.attrs() {
            let attr = attr?;
            if attr.kind() == LIST_OPTION {
                for item in attr.enter()? {
                    options.push(AttrOptionView::from_attrs(item?.enter()?)?.to_owned());
                }
            }
        }
        Ok(Self(options))
    }
}

impl Message for Options {
    type View<'a> = Options;

    const LAYOUT: &'static Layout = &Layout { fields: &[] };

    fn from_view(view: &Options) -> Self {
        Self(view.0.clone())
    }
}

/// The value of the team's own option of that name.
fn value(options: &[AttrOptionOwned], name: &str) -> Option<Vec<u8>> {
    let mut own = options
        .iter()
        .filter(|option| option.port_ifindex.is_none());
    own.find(|option| option.name.as_deref() == Some(name))?
        .data
        .clone()
}

#[test]
fn options_are_set_and_told_of() {
    in_new_netns(|| {
        let mut team = Team::new();
        team.set(mode("activebackup\0")).expect("options-set");
        let count = AttrOption {
            name: Some("notify_peers_count"),
            type_: Some(NUMBER),
            data: Some(&[5, 0, 0, 0]),
            ..AttrOption::default()
        };
        team.set(count).expect("options-set");
        let (options, messages) = team.options();
        assert_eq!(messages, 1);
        assert_eq!(
            value(&options, "mode").as_deref(),
            Some(&b"activebackup\0"[..])
        );
        assert_eq!(
            value(&options, "notify_peers_count").as_deref(),
            Some(&[5, 0, 0, 0][..])
        );

        let mut changed: Vec<String> = Vec::new();
        while changed
            .last()
            .is_none_or(|last| last != "notify_peers_count")
        {
            let told = team
                .changes
                .next_timeout(Duration::from_secs(5))
                .expect("no error");
            let notice = told.expect("an event").expect("nothing is lost");
            if notice.cmd() == Client::OPTIONS_GET.cmd {
                let told = notice
                    .read::<OptionsGetReplyOwned>("options-get")
                    .expect("options")
                    .to_owned();
                let option = told
                    .list_option
                    .and_then(|list| list.option)
                    .expect("an option");
                assert!(option.changed, "{option:?}");
                changed.push(option.name.expect("a name"));
            }
        }
        assert!(changed.iter().any(|name| name == "mode"), "{changed:?}");
    });
}

#[test]
fn a_do_is_answered_by_several_messages() {
    in_new_netns(|| {
        let mut team = Team::new();
        team.set(mode("roundrobin\0")).expect("options-set");
        for number in 0..PORTS {
            ip(&format!("link add port{number} master team0 type dummy"));
        }
        let shown = ip_show("link show master team0");
        let mut ports: Vec<_> = shown.iter().map(|port| port["ifindex"].as_u64()).collect();
        ports.sort_unstable();
        let (options, messages) = team.options();
        assert!(messages > 1, "{} options", options.len());
        let mut enabled: Vec<_> = options
            .iter()
            .filter(|option| option.name.as_deref() == Some("enabled"))
            .map(|option| option.port_ifindex.map(u64::from))
            .collect();
        enabled.sort_unstable();
        assert_eq!(enabled, ports);

        // A client that goes by the spec sees one port of the list.
        let request = PortListGet {
            team_ifindex: Some(team.ifindex),
        };
        let list = team
            .client
            .port_list_get(&request)
            .expect("port-list-get")
            .to_owned();
        assert_eq!(list.team_ifindex, Some(team.ifindex));
        let port = list.list_port.and_then(|list| list.port).expect("a port");
        assert!(ports.contains(&port.ifindex.map(u64::from)));
        // Nothing is left over of the lists.
        team.client.noop(&Noop {}).expect("noop");
    });
}

#[test]
fn a_mode_that_is_not_there_is_refused() {
    in_new_netns(|| {
        let error = Team::new()
            .set(mode("no-such-mode\0"))
            .expect_err("no such mode");
        assert_eq!(error.errno(), Some(libc::EINVAL));
    });
}
