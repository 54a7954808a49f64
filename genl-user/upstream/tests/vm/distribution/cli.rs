//! The tool `genl` beside the kernel tree's own: for the same operation both print the same JSON.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::machine::{ifindex, in_new_netns, ip, output, path, tool};

/// The kernel tree's spec of a family.
fn spec(family: &str) -> PathBuf {
    let specs = path("GENL_KERNEL_SOURCE").join("Documentation/netlink/specs");
    specs.join(family).with_extension("yaml")
}

/// Our tool with such a spec.
fn genl(family: &str) -> Command {
    let mut command = Command::new(path("GENL_TOOL"));
    command.arg("--spec").arg(spec(family)).arg("--output-json");
    command
}

/// The kernel tree's `pyynl/cli.py` with such a spec.
fn pyynl(family: &str) -> Command {
    let mut command = tool("usr/bin/python3");
    command
        .env("PYTHONHOME", path("GENL_BUILD_ROOT").join("usr"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(path("GENL_KERNEL_SOURCE").join("tools/net/ynl/pyynl/cli.py"))
        .arg("--spec")
        .arg(spec(family))
        .args(["--no-schema", "--output-json"]);
    command
}

/// What both tools print for an operation, which must be the same.
fn asked(family: &str, mode: &str, operation: &str, request: &Value) -> Value {
    let request = request.to_string();
    let ours = output(genl(family).args([mode, operation, "--json", &request]));
    let theirs = output(pyynl(family).args([&format!("--{mode}"), operation, "--json", &request]));
    let [ours, theirs] = [ours, theirs].map(|text| {
        let parsed: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        parsed
    });
    assert_eq!(ours, theirs, "{family} {mode} {operation} {request}");
    ours
}

#[test]
fn it_prints_what_pyynl_prints() {
    in_new_netns(|| {
        let family = asked(
            "nlctrl",
            "do",
            "getfamily",
            &json!({ "family-name": "netdev" }),
        );
        assert_eq!(family["family-name"], "netdev");

        ip("mptcp endpoint add 10.1.2.3 id 7 subflow backup");
        ip("mptcp endpoint add fd00::7 id 9 signal");
        let endpoints = asked("mptcp_pm", "dump", "get-addr", &json!({}));
        assert_eq!(endpoints[0]["addr"]["id"], 7);

        ip("fou add port 4660 ipproto 4");
        let ports = asked("fou", "dump", "get", &json!({}));
        assert_eq!(ports[0]["port"], 4660);

        ip("link add wg0 type wireguard");
        let key = "07".repeat(32);
        let peer = json!({ "public-key": "09".repeat(32), "allowedips": [
            { "family": 2, "ipaddr": "10.0.0.0", "cidr-mask": 8 },
            { "family": 10, "ipaddr": "fd00::", "cidr-mask": 16 },
        ] });
        let device =
            json!({ "ifname": "wg0", "private-key": key, "listen-port": 4711, "peers": [peer] });
        output(genl("wireguard").args(["do", "set-device", "--json", &device.to_string()]));
        let devices = asked(
            "wireguard",
            "dump",
            "get-device",
            &json!({ "ifname": "wg0" }),
        );
        // An array's elements stand below the numbers that they have in the message.
        let peer = &devices[0]["peers"][0]["0"];
        assert_eq!(peer["public-key"], ["09"; 32].join(" "));
        assert_eq!(peer["allowedips"][1]["0"]["ipaddr"], "fd00::");

        let request = json!({ "dp-ifindex": 0, "name": "br0", "upcall-pid": 0, "user-features": ["vport-pids"] });
        output(genl("ovs_datapath").args(["do", "new", "--json", &request.to_string()]));
        let datapaths = asked("ovs_datapath", "dump", "get", &json!({ "dp-ifindex": 0 }));
        assert_eq!(datapaths[0]["name"], "br0");
        let ports = asked(
            "ovs_vport",
            "dump",
            "get",
            &json!({ "dp-ifindex": ifindex("br0") }),
        );
        assert_eq!(ports[0]["type"], "internal");

        ip("link add veth0 type veth peer name veth1");
        let device = asked(
            "netdev",
            "do",
            "dev-get",
            &json!({ "ifindex": ifindex("veth0") }),
        );
        assert!(
            device["xdp-features"]
                .as_array()
                .is_some_and(|flags| flags.contains(&json!("basic")))
        );
        let modes = asked(
            "ethtool",
            "do",
            "linkmodes-get",
            &json!({ "header": { "dev-name": "veth0" } }),
        );
        assert_eq!(modes["speed"], 10_000);
    });
}

#[test]
fn multi_tells_each_answer_from_the_next() {
    in_new_netns(|| {
        ip("link add team0 type team");
        let index = ifindex("team0");
        // The family ends a list with a NLMSG_DONE, behind which the ACK comes nevertheless.
        let ask = json!({ "team-ifindex": index }).to_string();
        let said = genl("team")
            .arg("multi")
            .args(["--do", "options-get", &ask])
            .args(["--do", "options-get", &ask])
            .args(["--do", "noop", "{}"])
            .args(["--do", "options-get", r#"{ "team-ifindex": 99999 }"#])
            .output()
            .expect("it starts");
        assert_eq!(said.status.code(), Some(1));
        let answers: Vec<Value> = serde_json::from_slice(&said.stdout).expect("JSON");
        assert_eq!(answers.len(), 4);
        assert_eq!(answers[0]["team-ifindex"], index);
        assert_eq!(answers[1], answers[0]);
        assert_eq!(answers[2].get("error"), None);
        assert_eq!(answers[3]["error"]["errno"], libc::EINVAL);
    });
}

/// Ends a program that is still running when the test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only if it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_tells_of_what_happens() {
    in_new_netns(|| {
        let mut command = genl("netdev");
        command.args(["monitor", "mgmt", "--count", "1", "--duration", "60"]);
        let mut listener = Running(command.stdout(Stdio::piped()).spawn().expect("it starts"));
        let stdout = listener.0.stdout.take().expect("a pipe");
        let heard = std::thread::spawn(move || std::io::read_to_string(stdout).expect("text"));
        // It takes its time to start and to listen, so it is told until it has heard.
        let mut indices = Vec::new();
        while !heard.is_finished() {
            ip("link add dummy9 type dummy");
            indices.push(ifindex("dummy9"));
            ip("link del dummy9");
        }
        let told: Value = serde_json::from_str(&heard.join().expect("no panic")).expect("JSON");
        assert!(
            matches!(told["name"].as_str(), Some("dev-add-ntf" | "dev-del-ntf")),
            "{told}"
        );
        let index = told["msg"]["ifindex"].as_u64().expect("an index");
        assert!(
            indices.iter().any(|other| u64::from(*other) == index),
            "{told}"
        );
    });
}

#[test]
fn its_exit_status_tells_a_refusal_from_wrong_use() {
    in_new_netns(|| {
        let refused = genl("netdev")
            .args(["do", "dev-get", "ifindex=4711"])
            .output()
            .expect("it starts");
        assert_eq!(refused.status.code(), Some(1));
        let misused = genl("netdev")
            .args(["do", "dev-got"])
            .output()
            .expect("it starts");
        assert_eq!(misused.status.code(), Some(2));
    });
}
