//! Options and ports of a team device, whose family answers with lists.

use genl_upstream::team::{
    AttrOption, Client, ItemOption, Noop, OptionsGet, OptionsSet, PortListGet,
};

use crate::machine::{ifindex, in_new_netns, ip};

/// A team with a dummy device as its port.
fn team() -> (Client, u32) {
    ip("link add team0 type team");
    ip("link add dummy9 type dummy");
    ip("link set dummy9 master team0");
    (Client::open().expect("team is loaded"), ifindex("team0"))
}

#[test]
fn try_out() {
    in_new_netns(|| {
        let (mut team, index) = team();
        eprintln!("{:?}", team.noop(&Noop {}).map(|r| r.to_owned()));
        eprintln!(
            "{:#?}",
            team.options_get(&OptionsGet {
                team_ifindex: Some(index)
            })
            .map(|r| r.to_owned())
        );
        eprintln!(
            "{:#?}",
            team.port_list_get(&PortListGet {
                team_ifindex: Some(index)
            })
            .map(|r| r.to_owned())
        );
        let option = AttrOption {
            name: Some("mode"),
            type_: Some(5),
            data: Some(b"activebackup\0"),
            ..Default::default()
        };
        let request = OptionsSet {
            team_ifindex: Some(index),
            list_option: Some(ItemOption {
                option: Some(option),
            }),
        };
        eprintln!("{:#?}", team.options_set(&request).map(|r| r.to_owned()));
        panic!();
    });
}
