//! A simulated device as a whole: its ports, parameters, regions, traps and more, beside what iproute2's `devlink`
//! shows of them.

use genl_upstream::devlink::{
    Client, EswitchGet, EswitchMode, EswitchSet, GetDump, InfoGet, ParamGetDump, PortGetDump,
    RegionDel, RegionGet, RegionNew, RegionReadDump, Reload, ReloadAction, ReloadActionFlags,
    ResourceDump, TrapAction, TrapGetDump, TrapPolicerSet, TrapSet,
};
use genl_user::wire::Bitfield32;
use serde_json::{Value, json};

use super::Simulated;
use crate::machine::{output, tool};

const BUS: Option<&str> = Some("netdevsim");

/// The name by which its bus knows the device.
fn name(device: &Simulated) -> String {
    format!("netdevsim{}", device.number)
}

fn open() -> Client {
    Client::open().expect("the kernel has devlink")
}

/// What `devlink -j` with these words has to show of `what`, by the path in front of which stands the device.
fn shown(device: &Simulated, arguments: &str, what: &str, path: &str) -> Value {
    let mut command = tool("usr/sbin/devlink");
    let text = output(command.arg("-j").args(arguments.split_whitespace()));
    let all: Value = serde_json::from_str(&text).expect("JSON");
    all[what][format!("netdevsim/{}{path}", name(device))].clone()
}

#[test]
fn the_device_and_its_ports_are_told() {
    Simulated::with(3, 1, |device| {
        let (mut devlink, name) = (open(), name(device));
        let dump = devlink.get_dump(&GetDump {}).expect("dump");
        let devices = dump.consistent(3).expect("all devices");
        let named: Vec<_> = devices
            .iter()
            .map(|told| (told.bus_name.as_deref(), told.dev_name.as_deref()))
            .collect();
        assert_eq!(named, [(BUS, Some(&*name))]);

        let request = PortGetDump {
            bus_name: BUS,
            dev_name: Some(&name),
            index: None,
        };
        let dump = devlink.port_get_dump(&request).expect("dump");
        let ports: Vec<_> = dump
            .owned()
            .map(|port| port.expect("a port").port_index.expect("an index"))
            .collect();
        assert_eq!(ports, [0, 1, 2]);
        for port in ports {
            let shown = shown(device, "port show", "port", &format!("/{port}"));
            assert_eq!(shown["netdev"], device.port(port));
        }
    });
}

#[test]
fn versions_are_told_by_name() {
    Simulated::with(1, 1, |device| {
        let (mut devlink, name) = (open(), name(device));
        let request = InfoGet {
            bus_name: BUS,
            dev_name: Some(&name),
            index: None,
        };
        let info = devlink.info_get(&request).expect("info-get").to_owned();
        assert_eq!(info.info_driver_name.as_deref(), Some("netdevsim"));
        let [running] = &info.info_version_running[..] else {
            panic!("{info:?}")
        };
        let (key, version) = (
            running.info_version_name.as_deref(),
            running.info_version_value.as_deref(),
        );
        let shown = shown(device, "dev info", "info", "");
        assert_eq!(shown["driver"], "netdevsim");
        assert_eq!(
            shown["versions"]["running"],
            json!({ key.expect("a name"): version.expect("a version") })
        );
    });
}

#[test]
fn the_switch_changes_its_mode() {
    Simulated::with(1, 1, |device| {
        let (mut devlink, name) = (open(), name(device));
        let mode = |devlink: &mut Client| {
            let request = EswitchGet {
                bus_name: BUS,
                dev_name: Some(&name),
                index: None,
            };
            devlink
                .eswitch_get(&request)
                .expect("eswitch-get")
                .eswitch_mode()
        };
        assert_eq!(mode(&mut devlink), Some(EswitchMode::Legacy));
        let set = EswitchSet {
            bus_name: BUS,
            dev_name: Some(&name),
            eswitch_mode: Some(EswitchMode::Switchdev),
            ..EswitchSet::default()
        };
        devlink.eswitch_set(&set).expect("eswitch-set");
        assert_eq!(mode(&mut devlink), Some(EswitchMode::Switchdev));
        assert_eq!(
            shown(
                device,
                &format!("dev eswitch show netdevsim/{name}"),
                "dev",
                ""
            )["mode"],
            "switchdev"
        );
    });
}

#[test]
fn parameters_are_as_many_as_the_tool_shows() {
    Simulated::with(1, 1, |device| {
        let (mut devlink, name) = (open(), name(device));
        let request = ParamGetDump {
            bus_name: BUS,
            dev_name: Some(&name),
            index: None,
        };
        let dump = devlink.param_get_dump(&request).expect("dump");
        let params: Vec<_> = dump
            .owned()
            .map(|param| param.expect("one").param_name)
            .collect();
        // The spec's replies leave the parameter itself out, as its value can be of any type.
        assert!(params.iter().all(Option::is_none), "{params:?}");
        let shown = shown(device, "dev param show", "param", "");
        assert_eq!(shown.as_array().map(Vec::len), Some(params.len()));
    });
}

#[test]
fn a_region_is_photographed() {
    Simulated::with(1, 1, |device| {
        let (mut devlink, name) = (open(), name(device));
        let (dev_name, region_name) = (Some(&*name), Some("dummy"));
        let get = RegionGet {
            bus_name: BUS,
            dev_name,
            region_name,
            ..RegionGet::default()
        };
        let region = devlink.region_get(&get).expect("region-get");
        assert_eq!(region.region_name(), region_name);

        let new = RegionNew {
            bus_name: BUS,
            dev_name,
            region_name,
            region_snapshot_id: Some(7),
            ..RegionNew::default()
        };
        devlink.region_new(&new).expect("region-new");
        // One that the kernel numbers is told of.
        let another = RegionNew {
            region_snapshot_id: None,
            ..new
        };
        let another = devlink
            .region_new(&another)
            .expect("region-new")
            .region_snapshot_id()
            .expect("a number");
        let snapshots =
            |device| shown(device, "region show", "regions", "/dummy")["snapshot"].clone();
        assert_eq!(snapshots(device), json!([7, another]));

        let read = RegionReadDump {
            bus_name: BUS,
            dev_name,
            region_name,
            region_snapshot_id: Some(7),
            region_chunk_addr: Some(0),
            region_chunk_len: Some(32 * 1024),
            ..RegionReadDump::default()
        };
        let dump = devlink.region_read_dump(&read).expect("dump");
        let chunks = dump.consistent(0).expect("all chunks");
        assert!(
            chunks.len() > 1
                && chunks
                    .iter()
                    .all(|chunk| chunk.region_name.as_deref() == region_name)
        );

        let del = RegionDel {
            bus_name: BUS,
            dev_name,
            region_name,
            region_snapshot_id: Some(7),
            ..RegionDel::default()
        };
        devlink.region_del(&del).expect("region-del");
        assert_eq!(snapshots(device), json!([another]));
    });
}

#[test]
fn traps_and_their_limits_are_set() {
    Simulated::with(1, 1, |device| {
        let (mut devlink, name) = (open(), name(device));
        let dev_name = Some(&*name);
        let dump = devlink
            .trap_get_dump(&TrapGetDump {
                bus_name: BUS,
                dev_name,
                index: None,
            })
            .expect("dump");
        let names: Vec<_> = dump
            .owned()
            .map(|trap| trap.expect("a trap").trap_name.expect("a name"))
            .collect();
        let shown_of = |what: &str, key: &str, name: &str| {
            let all = shown(device, &format!("trap {what}"), key, "");
            let found = all
                .as_array()
                .expect("an array")
                .iter()
                .find(|item| item["name"] == name || item["policer"] == 2);
            found.cloned()
        };
        for name in &names {
            assert!(shown_of("show", "trap", name).is_some(), "{name}");
        }

        let set = TrapSet {
            bus_name: BUS,
            dev_name,
            trap_name: Some("source_mac_is_multicast"),
            trap_action: Some(TrapAction::Trap),
            index: None,
        };
        devlink.trap_set(&set).expect("trap-set");
        assert_eq!(
            shown_of("show", "trap", "source_mac_is_multicast").expect("the trap")["action"],
            "trap"
        );

        let set = TrapPolicerSet {
            bus_name: BUS,
            dev_name,
            trap_policer_id: Some(2),
            trap_policer_rate: Some(4321),
            trap_policer_burst: Some(64),
            index: None,
        };
        devlink.trap_policer_set(&set).expect("trap-policer-set");
        let policer = shown_of("policer show", "trap_policer", "").expect("the policer");
        assert_eq!(
            (&policer["rate"], &policer["burst"]),
            (&json!(4321), &json!(64))
        );
    });
}

#[test]
fn a_reload_says_what_it_has_done() {
    Simulated::with(1, 1, |device| {
        let (mut devlink, name) = (open(), name(device));
        let reload = Reload {
            bus_name: BUS,
            dev_name: Some(&name),
            reload_action: Some(ReloadAction::DriverReinit),
            ..Reload::default()
        };
        let done = devlink.reload(&reload).expect("reload").to_owned();
        let performed =
            ReloadActionFlags::from_bits_retain(1 << u8::from(ReloadAction::DriverReinit));
        let expected = Bitfield32 {
            value: performed,
            selector: performed,
        };
        assert_eq!(done.reload_actions_performed, Some(expected));
    });
}

#[test]
fn resources_are_a_list() {
    Simulated::with(1, 1, |device| {
        let (mut devlink, name) = (open(), name(device));
        let request = ResourceDump {
            bus_name: BUS,
            dev_name: Some(&name),
            ..ResourceDump::default()
        };
        let told = devlink
            .resource_dump(&request)
            .expect("resource-dump")
            .to_owned();
        let list = told.resource_list.expect("a list").resource;
        let names: Vec<_> = list
            .iter()
            .map(|resource| resource.resource_name.as_deref().expect("a name"))
            .collect();
        assert_eq!(names, ["IPv4", "IPv6", "nexthops"]);
        let shown = shown(
            device,
            &format!("resource show netdevsim/{name}"),
            "resources",
            "",
        );
        for (resource, shown) in list.iter().zip(shown.as_array().expect("an array")) {
            assert_eq!(
                shown["name"],
                *resource.resource_name.as_deref().expect("a name")
            );
        }
    });
}

#[test]
fn refusals_name_what_is_wrong() {
    Simulated::with(1, 1, |device| {
        let (mut devlink, name) = (open(), name(device));
        let request = InfoGet {
            bus_name: BUS,
            dev_name: Some("no-such-one"),
            index: None,
        };
        let error = devlink.info_get(&request).expect_err("no such device");
        assert_eq!(error.errno(), Some(libc::ENODEV));
        let set = TrapSet {
            bus_name: BUS,
            dev_name: Some(&name),
            trap_name: Some("ttl_value_is_too_small"),
            trap_action: Some(TrapAction::Unknown(9)),
            index: None,
        };
        let error = devlink.trap_set(&set).expect_err("no such action");
        assert_eq!(
            error.refused().expect("refused").attribute.as_deref(),
            Some("trap-set.trap-action")
        );
    });
}
