# SPDX-License-Identifier: MIT OR Apache-2.0
"""The kernel tree's Python library; harness/src/lib.rs says what it is told and how it answers.

Arguments: the kernel tree, and the directory with the spec of kvstore.
"""

import pathlib
import resource
import sys
import time

tree, specs = map(pathlib.Path, sys.argv[1:])
sys.path.append(str(tree / "tools/net/ynl/pyynl"))
from lib import YnlFamily  # noqa: E402

LARGE = bytes(at % 256 for at in range(1024))


def nlctrl():
    return YnlFamily(str(tree / "Documentation/netlink/specs/nlctrl.yaml"), schema="")


def kvstore():
    return YnlFamily(str(specs / "kvstore.yaml"), schema="")


def family(reply):
    total = reply["family-id"] + len(reply["family-name"])
    total += reply["version"] + reply["hdrsize"] + reply["maxattr"]
    total += sum(op["id"] + flags(op["flags"]) for op in elements(reply, "ops"))
    groups = elements(reply, "mcast-groups")
    return total + sum(group["id"] + len(group["name"]) for group in groups)


def elements(reply, array):
    return [element for numbered in reply.get(array, []) for element in numbered.values()]


def flags(names):
    bits = {"admin-perm": 1, "cmd-cap-do": 2, "cmd-cap-dump": 4, "cmd-cap-haspol": 8, "uns-admin-perm": 16}
    return sum(bits[name] for name in names)


def entry(reply):
    total = len(reply["key"]) + len(reply.get("value", b""))
    return total + sum(map(len, reply.get("meta", {}).get("label", [])))


def operation(case):
    if case in ("family", "families", "policy"):
        ynl = nlctrl()
    elif case in ("get", "set", "list"):
        try:
            ynl = kvstore()
        except Exception:  # It does not say which: there is no such family.
            return None
    return {
        "family": lambda: family(ynl.do("getfamily", {"family-name": "nlctrl"})),
        "families": lambda: sum(map(family, ynl.dump("getfamily", {}))),
        "policy": lambda: sum(
            reply["family-id"] + ("policy" in reply)
            for reply in ynl.dump("getpolicy", {"family-name": "ethtool"})
        ),
        "get": lambda: entry(ynl.do("get", {"key": "large"})),
        "set": lambda: int("revision" in ynl.do("set", {"key": "large", "value": LARGE.hex()})),
        "list": lambda: sum(map(entry, ynl.dump("get", {}))),
    }.get(case)


def switches():
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw


known = {}
for line in sys.stdin:
    case, count, threads = line.split()
    if case not in known:
        known[case] = operation(case) if case != "events" else None
    if known[case] is None or threads != "1":
        print("none", flush=True)
        continue
    call, before = known[case], switches()
    start = time.monotonic_ns()
    for _ in range(int(count)):
        result = call()
    print(time.monotonic_ns() - start, "-", switches() - before, result, 0, flush=True)
