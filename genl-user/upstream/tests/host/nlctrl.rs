//! The controller, which every kernel has: it tells of all families, itself among them.

use genl_upstream::nlctrl::{AttrType, Client, Getfamily, GetfamilyDump, GetpolicyDump, OpFlags};

/// GENL_ID_CTRL, CTRL_CMD_GETFAMILY and CTRL_CMD_GETPOLICY.
const CONTROLLER: u16 = 0x10;
const GETFAMILY: u32 = 3;
const GETPOLICY: u32 = 10;

/// CTRL_ATTR_FAMILY_NAME, and the longest that a name can be.
const FAMILY_NAME: u16 = 2;
const LONGEST_NAME: u32 = 15;

fn open() -> Client {
    Client::open().expect("every kernel has nlctrl")
}

fn named(name: &str) -> Getfamily<'_> {
    Getfamily {
        family_name: Some(name),
    }
}

#[test]
fn describes_itself() {
    let mut nlctrl = open();
    let itself = nlctrl.getfamily(&named("nlctrl")).expect("getfamily");
    assert_eq!(itself.family_id(), Some(CONTROLLER));
    assert_eq!((itself.version(), itself.hdrsize()), (Some(2), Some(0)));
    let flags = |id| {
        itself
            .ops()
            .find(|op| op.id() == Some(id))
            .and_then(|op| op.flags())
    };
    let both = OpFlags::CMD_CAP_DO | OpFlags::CMD_CAP_DUMP | OpFlags::CMD_CAP_HASPOL;
    assert_eq!(flags(GETFAMILY), Some(both));
    assert_eq!(
        flags(GETPOLICY),
        Some(OpFlags::CMD_CAP_DUMP | OpFlags::CMD_CAP_HASPOL)
    );
    let groups: Vec<_> = itself
        .mcast_groups()
        .filter_map(|group| group.name())
        .collect();
    assert_eq!(groups, ["notify"]);
}

#[test]
fn a_dump_tells_of_each_family_what_asking_for_it_does() {
    let mut nlctrl = open();
    let dump = nlctrl.getfamily_dump(&GetfamilyDump {}).expect("dump");
    let all = dump.consistent(3).expect("all families");
    assert!(all.len() > 1, "{all:?}");
    for family in &all {
        let name = family.family_name.as_deref().expect("a name");
        let asked = nlctrl
            .getfamily(&named(name))
            .expect("getfamily")
            .to_owned();
        assert_eq!(&asked, family);
    }
    let mut ids: Vec<_> = all
        .iter()
        .map(|family| family.family_id.expect("an id"))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all.len());
}

#[test]
fn policies_are_told_by_operation_and_attribute() {
    let mut nlctrl = open();
    let request = GetpolicyDump {
        family_name: Some("nlctrl"),
        ..GetpolicyDump::default()
    };
    let dump = nlctrl.getpolicy_dump(&request).expect("dump");
    let items = dump.consistent(3).expect("all policies");
    let mut operations = items.iter().flat_map(|item| &item.op_policy);
    let (_, getfamily) = operations
        .find(|(operation, _)| u32::from(*operation) == GETFAMILY)
        .expect("the operation's policy");
    let index = getfamily.do_.expect("its requests have a policy");

    let mut attributes = items.iter().flat_map(|item| &item.policy);
    let (_, name) = attributes
        .find_map(|(policy, attributes)| {
            let wanted = u32::from(*policy) == index && attributes[0].0 == FAMILY_NAME;
            wanted.then(|| &attributes[0])
        })
        .expect("the name's policy");
    assert_eq!(name.type_, Some(AttrType::NulString));
    assert_eq!(name.max_length, Some(LONGEST_NAME));
}

#[test]
fn a_family_that_is_not_there_is_refused_by_errno() {
    let error = open()
        .getfamily(&named("no-such-family"))
        .expect_err("no such family");
    assert_eq!(error.errno(), Some(libc::ENOENT));
}
