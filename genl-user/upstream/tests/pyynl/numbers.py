"""Tells what pyynl and its C code generator make of specs, whose paths are on the command line.

For a line with the number of a spec, counted from 0, it prints one with an object of facts; the
key of each says where in the spec it belongs.
"""

import json
import sys

import offline
import ynl_gen_c


def main():
    for line in sys.stdin:
        path = sys.argv[1 + int(line)]
        every = [*facts(offline.family(path)), *limits(offline.codegen_family(path))]
        found = {key: value for key, value in every if value is not None}
        print(json.dumps(found))


def facts(family):
    """All facts of a family, as pairs of key and value; what is not said is None.

    The version is the raw spec's: `family.get` is an operation where the spec has one named so.
    """
    yield "family/name", family.name
    yield "family/protocol", family.proto
    yield "family/version", family.yaml.get("version", 1)
    yield "groups", list(family.mcast_groups)
    for name, definition in family.consts.items():
        if isinstance(definition, dict):
            yield f"const/{name}", definition["value"]
        elif definition["type"] == "struct":
            yield from struct_facts(family, name, definition)
        else:
            yield from enum_facts(name, definition)
    for name, attr_set in family.attr_sets.items():
        yield f"set/{name}/subset-of", attr_set.subset_of
        for attr in attr_set.attrs.values():
            yield from attr_facts(family, f"attribute/{name}/{attr.name}", attr)
    for op in family.msgs.values():
        yield from op_facts(op)


def enum_facts(name, enum):
    """Of an enum or flags."""
    yield f"enum/{name}/type", enum.type
    for entry in enum.entries.values():
        yield f"enum/{name}/{entry.name}/value", entry.raw_value()


def struct_facts(family, name, definition):
    """Of a struct: pyynl has no offsets, so they are what it adds up as it decodes."""
    yield f"struct/{name}/size", family.struct_size(name)
    offset = 0
    for member in definition:
        size = member_size(family, member)
        if member.type != "pad":
            key = f"struct/{name}/{member.name}"
            yield f"{key}/offset", offset
            yield f"{key}/size", size
            yield f"{key}/type", member.type
            yield f"{key}/struct", member.struct
            yield f"{key}/byte-order", member.byte_order
            yield f"{key}/display-hint", member.display_hint
            yield f"{key}/enum", member.enum
        offset += size


def member_size(family, member):
    """The bytes that pyynl reads for a member."""
    if member.struct:
        return family.struct_size(member.struct)
    if member.len is not None:
        return member.len
    return offline.scalar_size(member.type)


def attr_facts(family, key, attr):
    """Of one attribute."""
    yield f"{key}/id", attr.value
    yield f"{key}/type", attr.type
    yield f"{key}/multi-attr", attr.is_multi
    yield f"{key}/byte-order", attr.byte_order
    yield f"{key}/sub-type", attr.sub_type
    yield f"{key}/struct", attr.struct_name
    yield f"{key}/display-hint", attr.display_hint
    yield f"{key}/nested-attributes", attr.get("nested-attributes")
    yield f"{key}/type-value", attr.get("type-value")
    enum = attr.get("enum")
    yield f"{key}/enum", enum
    if enum:
        as_flags = family.consts[enum].type == "flags" or attr.get("enum-as-flags", False)
        yield f"{key}/as-flags", as_flags


def limits(family):
    """The limits of each attribute's values or lengths."""
    for name, attr_set in family.attr_sets.items():
        for attr in attr_set.attrs.values():
            key = f"attribute/{name}/{attr.name}"
            # The generator wraps what may stand there several times.
            attr = getattr(attr, "base_type", attr)
            if isinstance(attr, ynl_gen_c.TypeScalar):
                yield from scalar_limits(family, key, attr)
            elif attr.type in ("string", "binary"):
                for limit in ("min-len", "max-len", "exact-len"):
                    yield f"{key}/{limit}", number(attr, limit)


def number(attr, limit):
    """A limit as a number; None where the generator knows no more of it than its name."""
    try:
        return attr.get_limit(limit)
    except ValueError:
        return None


def scalar_limits(family, key, attr):
    """Of an integer: the bits that it may have, or a range, or the values of an enum with gaps."""
    enum = family.consts.get(attr.get("enum"))
    mask = family.consts.get(attr.checks.get("flags-mask"))
    if attr.is_bitfield or mask:
        yield f"{key}/mask", (enum if attr.is_bitfield else mask).get_mask(as_flags=True)
    elif "sparse" in attr.checks:
        yield f"{key}/sparse", True
    elif "min" in attr.checks or "max" in attr.checks:
        width = {"uint": "u64", "sint": "s64"}.get(attr.type, attr.type)
        yield f"{key}/min", attr.get_limit("min", f"{width}-min")
        yield f"{key}/max", attr.get_limit("max", f"{width}-max")


def op_facts(op):
    """Of one operation, notification or event."""
    if op.is_resv:
        yield f"reserved/{op.name}/id", op.req_value
        return
    if op.is_async:
        yield f"event/{op.name}/id", op.rsp_value
        yield f"event/{op.name}/group", op.get("mcgrp")
        yield f"event/{op.name}/notify", op.get("notify")
        yield f"event/{op.name}/attribute-set", op.attr_set.name
        yield f"event/{op.name}/fixed-header", op.fixed_header
        if "event" in op:
            yield f"event/{op.name}/attributes", sorted(op["event"].get("attributes", []))
        return
    yield f"operation/{op.name}/request", op.req_value
    yield f"operation/{op.name}/attribute-set", op.attr_set.name
    yield f"operation/{op.name}/fixed-header", op.fixed_header
    for mode in sorted(op.modes & {"do", "dump"}):
        key = f"operation/{op.name}/{mode}"
        call = op[mode]
        yield f"{key}/request/attributes", sorted(call.get("request", {}).get("attributes", []))
        if "reply" in call:
            yield f"{key}/reply", op.rsp_value
            yield f"{key}/reply/attributes", sorted((call["reply"] or {}).get("attributes", []))


if __name__ == "__main__":
    main()
