//! The kernel's own families, all of them served in userspace: what the controller tells of each is
//! what its spec says, and its client gets through to its server.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;
use std::{env, fs};

use genl_schema::compile;
use genl_schema::model::{Family, Permission};
use genl_upstream::{binder, ethtool, nlctrl, wireguard};
use genl_user::Options;
use genl_user::server::{Items, Op, Refusal, Serve};
use genl_user::testing::Kernel;

include!(concat!(env!("OUT_DIR"), "/each.rs"));

/// Serves nothing.
struct Nobody;

macro_rules! serve {
    ($($family:ident)*) => {
        $(impl genl_upstream::$family::server::Handler for Nobody {})*

        /// Registers all families; gives the names of those that are refused.
        fn register(kernel: &Kernel) -> Vec<&'static str> {
            let mut refused = Vec::new();
            $(refused.extend(add(kernel, genl_upstream::$family::server::Served(Nobody)));)*
            refused
        }
    };
}

each_family!(serve);

fn add<S: Serve>(kernel: &Kernel, served: S) -> Option<&'static str> {
    match kernel.register(served) {
        Ok(_) => None,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
            Some(S::FAMILY.name)
        }
    }
}

#[test]
fn the_controller_tells_of_each_what_its_spec_says() {
    let kernel = Kernel::new();
    // The kernel has it by itself.
    assert_eq!(register(&kernel), ["nlctrl"]);
    let options = Options::new().kernel(&kernel);
    let mut controller = nlctrl::Client::open_with(&options).expect("the controller");
    let dump = controller.getfamily_dump(&nlctrl::GetfamilyDump {});
    let told = dump.expect("a dump").owned();
    let mut told: BTreeMap<_, _> = told
        .map(|family| family.expect("a family"))
        .map(|family| (family.family_name.clone().expect("a name"), family))
        .collect();
    told.remove("nlctrl").expect("it tells of itself");
    for family in families() {
        if family.name.as_str() == "nlctrl" {
            continue;
        }
        let told = told.remove(family.name.as_str()).expect("it is registered");
        assert_eq!(told.version, Some(family.version.into()));
        let calls: BTreeSet<_> = told
            .ops
            .iter()
            .map(|op| (op.id.expect("a number"), op.flags.expect("flags").bits()))
            .collect();
        assert_eq!(calls, ops(&family), "{}", family.name);
        let groups = told.mcast_groups.iter();
        let groups: Vec<_> = groups.map(|group| group.name.as_deref()).collect();
        let expected = family.groups.iter();
        let expected: Vec<_> = expected.map(|group| Some(group.name.as_str())).collect();
        assert_eq!(groups, expected, "{}", family.name);
    }
    assert!(told.is_empty(), "{told:?}");
}

/// What the kernel tells of a family's operations: `ctrl_fill_info()`.
fn ops(family: &Family) -> BTreeSet<(u32, u32)> {
    const ADMIN_PERM: u32 = 1;
    const DO: u32 = 2;
    const DUMP: u32 = 4;
    const HAS_POLICY: u32 = 8;
    const NETNS_ADMIN_PERM: u32 = 16;
    let flag = |is: bool, flag| if is { flag } else { 0 };
    let ops = family.ops.iter().map(|op| {
        let of_permission = match op.permission {
            Permission::Anyone => 0,
            Permission::Admin => ADMIN_PERM,
            _ => NETNS_ADMIN_PERM,
        };
        // Those that take nothing have a policy that says so.
        let flags =
            of_permission | HAS_POLICY | flag(op.do_.is_some(), DO) | flag(op.dump.is_some(), DUMP);
        (op.cmd.into(), flags)
    });
    ops.collect()
}

fn families() -> Vec<Family> {
    let tree = env::var_os("GENL_KERNEL_SOURCE").expect("GENL_KERNEL_SOURCE; xtask sets it");
    let dir = Path::new(&tree).join("Documentation/netlink/specs");
    let files = fs::read_dir(&dir).expect("the tree has specs");
    let texts = files.map(|file| fs::read_to_string(file.expect("a file").path()));
    let families: Vec<_> = texts
        .filter_map(|text| compile("spec", &text.ok()?).ok())
        .collect();
    assert!(families.len() >= 25, "only {} families", families.len());
    families
}

/// A device of wireguard's, and a name.
struct Device(String);

impl wireguard::server::Handler for Device {
    fn get_device_dump(
        &mut self,
        request: wireguard::server::GetDeviceDump<'_>,
        _op: &mut Op<'_>,
    ) -> Result<Items<Self, wireguard::GetDeviceDumpReplyOwned>, Refusal> {
        if request.ifname() != Some(&*self.0) {
            return Err(Refusal::new(libc::ENODEV));
        }
        let device = wireguard::GetDeviceDumpReplyOwned {
            ifname: Some(self.0.clone()),
            listen_port: Some(51820),
            ..Default::default()
        };
        Ok(Items::of([device]))
    }
}

#[test]
fn a_client_gets_through_to_its_server() {
    let kernel = Kernel::new();
    let registered = kernel.register(wireguard::server::Served(Device("wg0".into())));
    registered.expect("it is the first one");
    let registered = kernel.register(ethtool::server::Served(Nobody));
    registered.expect("it is another one");
    let options = Options::new().kernel(&kernel);

    let mut client = wireguard::Client::open_with(&options).expect("wireguard");
    let mut ask = |name| {
        let request = wireguard::GetDeviceDump {
            ifname: Some(name),
            ..Default::default()
        };
        let devices = client.get_device_dump(&request)?.owned();
        devices.collect::<Result<Vec<_>, _>>()
    };
    let devices = ask("wg0").expect("its devices");
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0].listen_port, Some(51820));
    assert_eq!(ask("wg1").unwrap_err().errno(), Some(libc::ENODEV));
    // It has 15 bytes at most, and its NUL is not found among these.
    assert_eq!(
        ask("wireguard0123456").unwrap_err().errno(),
        Some(libc::EINVAL)
    );

    let mut client = ethtool::Client::open_with(&options).expect("ethtool");
    let refused = client.strset_get(&ethtool::StrsetGet::default()).map(drop);
    assert_eq!(refused.unwrap_err().errno(), Some(libc::EOPNOTSUPP));
}

#[test]
fn a_family_of_events_alone_can_be_told_of() {
    let kernel = Kernel::new();
    let registered = kernel.register(binder::server::Served(Nobody));
    let registered = registered.expect("it is the first one");
    let options = Options::new().kernel(&kernel);
    let mut events = binder::Events::open_with(&options, &[binder::Group::Report]).expect("binder");
    let report = binder::ReportOwned {
        from_pid: Some(7),
        ..Default::default()
    };
    let told = registered.tell(&binder::server::Event::Report(&report));
    told.expect("it has a group");
    match events.next().expect("an event") {
        binder::Event::Report(report) => assert_eq!(report.from_pid(), Some(7)),
        other => panic!("{other:?}"),
    };
}
