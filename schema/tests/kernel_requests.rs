//! What kernel code asks of requests, as text.
//!
//! That the kernel does so is tested in the VM; here is what each construct of a spec becomes.

use genl_schema::emit::{Origin, kernel};

const ONE_OP: &str = "- { name: take, doc: Take it., attribute-set: odds, do: { request: { attributes: [ odd ] } } }";

/// The kernel code for a family with such operations, sets and definitions.
fn render(definitions: &str, sets: &str, operations: &str) -> String {
    render_with("", definitions, sets, operations)
}

fn render_with(top: &str, definitions: &str, sets: &str, operations: &str) -> String {
    let spec = format!(
        "name: odd\nprotocol: genetlink-legacy\ndoc: A family of oddities.\n{top}\
         definitions: {definitions}\nattribute-sets:\n{sets}\noperations:\n  list:\n    {operations}\n"
    );
    let family = genl_schema::compile("odd.yaml", &spec)
        .unwrap_or_else(|report| panic!("{}", report.render(false)));
    let origin = Origin {
        command: "cargo test",
        spec: "odd.yaml",
    };
    let text = kernel::render(&family, origin);
    syn::parse_file(&text).expect("kernel code is Rust");
    text
}

/// The kernel code for a family whose one operation takes this one attribute.
fn attribute(attribute: &str) -> String {
    let definitions = "\n  \
        - { name: color, type: enum, entries: [ red, green, blue ] }\n  \
        - { name: gaps, type: enum, entries: [ { name: one, value: 1 }, { name: five, value: 5 } ] }\n  \
        - { name: bits, type: flags, entries: [ a, b, c ] }\n  \
        - { name: wide, type: flags, entries: [ { name: low, value: 0 }, { name: high, value: 40 } ] }\n  \
        - { name: point, type: struct, members: [ { name: x, type: u32 } ] }";
    let sets = format!(
        "  - name: odds\n    attributes:\n      - {{ name: odd, {attribute} }}\n  \
         - name: inner\n    attributes:\n      - {{ name: id, type: u32 }}\n      \
         - {{ name: again, type: nest, nested-attributes: inner }}\n      \
         - {{ name: ids, type: indexed-array, sub-type: u8 }}\n"
    );
    render(definitions, &sets, ONE_OP)
}

#[track_caller]
fn assert_has(text: &str, what: &str) {
    assert!(text.contains(what), "no {what:?} in:\n{text}");
}

#[test]
fn what_the_core_can_check_is_in_the_rule() {
    for (spec, rule) in [
        ("type: u8", "u8())"),
        ("type: u16, checks: { min: 3 }", "u16().min(3))"),
        ("type: u32, checks: { max: 9 }", "u32().max(9))"),
        (
            "type: u64, checks: { min: 3, max: 9 }",
            "u64().range(3, 9))",
        ),
        (
            "type: uint, checks: { max: 70000 }",
            "uint().in_range(&genl::Range::new(0, 70000)))",
        ),
        ("type: s8, checks: { max: 9 }", "s8().max(9))"),
        ("type: s64, checks: { min: s16-min }", "s64().min(-32768))"),
        (
            "type: sint, checks: { min: s32-min, max: 9 }",
            "sint().in_signed_range(&genl::SignedRange::new(-2147483648, 9)))",
        ),
        (
            "type: u16, byte-order: big-endian, checks: { max: 9 }",
            "be16().max(9))",
        ),
        (
            "type: u32, byte-order: big-endian, enum: bits",
            "be32().mask(0x7))",
        ),
        ("type: u8, enum: color", "u8().max(2))"),
        (
            "type: u16, enum: color, enum-as-flags: true",
            "u16().mask(0x7))",
        ),
        ("type: flag", "flag())"),
        (
            "type: string, checks: { max-len: 9 }",
            "string().max_len(9))",
        ),
        ("type: string, checks: { unterminated-ok: true }", "text())"),
        (
            "type: binary, checks: { exact-len: 6 }",
            "binary().len_range(6, 6))",
        ),
        ("type: binary, struct: point", "binary())"),
        ("type: binary, sub-type: u32", "binary())"),
        ("type: bitfield32, enum: bits", "bitfield32(0x7))"),
        ("type: bitfield32", "bitfield32(0xffffffff))"),
        (
            "type: nest, nested-attributes: inner",
            "nest(rules::INNER_NEST.policy()))",
        ),
        (
            "type: indexed-array, sub-type: nest, nested-attributes: inner",
            "nest_array(rules::INNER_NEST.policy()))",
        ),
        (
            "type: nest-type-value, type-value: [ id ], nested-attributes: inner",
            "nest_array(rules::INNER_NEST.policy()))",
        ),
    ] {
        assert_has(
            &attribute(spec),
            &format!("(attr::odds::ODD, genl::Rule::{rule}"),
        );
    }
}

#[test]
fn what_no_field_can_say_is_checked_by_a_function() {
    for (spec, rule) in [
        (
            "type: u32, byte-order: little-endian, checks: { max: 9 }",
            "checked::<genl::check::Within<genl::check::Little<u32>, 0, 9>>()",
        ),
        (
            "type: s64, byte-order: big-endian, checks: { min: s8-min }",
            "checked::<genl::check::Within<genl::check::Big<i64>, { -128 }, 9223372036854775807>>()",
        ),
        (
            "type: uint, enum: wide",
            "checked::<genl::check::Mask<genl::check::Uint, 0x10000000001>>()",
        ),
        (
            "type: s16, enum: bits",
            "checked::<genl::check::Mask<genl::check::Host<i16>, 0x7>>()",
        ),
        (
            "type: u8, enum: gaps",
            "checked::<genl::check::OneOf<genl::check::Host<u8>, Gaps>>()",
        ),
        (
            "type: u32, byte-order: big-endian, enum: gaps",
            "checked::<genl::check::OneOf<genl::check::Big<u32>, Gaps>>()",
        ),
        (
            "type: u32, enum: gaps, checks: { max: 4 }",
            "checked::<(genl::check::OneOf<genl::check::Host<u32>, Gaps>, \
             genl::check::Within<genl::check::Host<u32>, 1, 4>)>()",
        ),
        (
            "type: u32, enum: bits, checks: { max: 4 }",
            "checked::<(genl::check::Mask<genl::check::Host<u32>, 0x7>, \
             genl::check::Within<genl::check::Host<u32>, 0, 4>)>()",
        ),
        (
            "type: string, checks: { min-len: 2 }",
            "checked::<genl::check::Text<2, 65535>>()",
        ),
        (
            "type: string, checks: { max-len: 0 }",
            "checked::<genl::check::Text<0, 0>>()",
        ),
    ] {
        assert_has(&attribute(spec), &format!("genl::Rule::{rule}"));
    }
}

#[test]
fn what_no_rule_reaches_is_checked_before_the_handler_is_called() {
    for (spec, check) in [
        (
            "type: indexed-array, sub-type: u32, checks: { max: 9 }",
            "op.check::<(genl::check::Whole<genl::check::Host<u32>>, \
             genl::check::Within<genl::check::Host<u32>, 0, 9>)>(found)?;",
        ),
        (
            "type: indexed-array, sub-type: string, checks: { max-len: 4 }",
            "op.check::<genl::check::Text<0, 4>>(found)?;",
        ),
        ("type: indexed-array, sub-type: binary", "op.whole(found)?;"),
        (
            "type: nest-type-value, type-value: [ a, b ], nested-attributes: inner",
            "op.validate(found, rules::INNER_NEST.policy())?;",
        ),
        // There is an array in the nest.
        (
            "type: nest, nested-attributes: inner",
            "Inner::parse(found, op, 0)?;",
        ),
        (
            "type: u64, type-value: [ id ]",
            "op.check::<genl::check::Whole<genl::check::Host<u64>>>(found)?;",
        ),
    ] {
        assert_has(&attribute(spec), check);
    }
    let plain = attribute("type: u32");
    assert!(!plain.contains("op.check"), "{plain}");
}

#[test]
fn an_attribute_may_be_there_so_often_and_no_more() {
    let text = attribute("type: u32, multi-attr: true, x-max-count: 3");
    assert_has(&text, "op.at_most(3, request.all(attr::odds::ODD))?;");
    let sets = "  - name: odds\n    attributes:\n      - { name: odd, type: nest, nested-attributes: inner }\n  \
                - name: inner\n    attributes:\n      - { name: one, type: u32, multi-attr: true, x-max-count: most }\n";
    let text = render("[ { name: most, type: const, value: 2 } ]", sets, ONE_OP);
    assert_has(&text, "Inner::parse(found, op, 0)?;");
    assert_has(&text, "op.at_most(2, nest.attrs().all(attr::inner::ONE))?;");
}

#[test]
fn getters_speak_of_what_the_attribute_holds() {
    for (spec, value) in [
        (
            "type: u64, byte-order: big-endian",
            "odd(&self) -> Option<u64>",
        ),
        ("type: s32", "odd(&self) -> Option<i32>"),
        ("type: u8, enum: color", "odd(&self) -> Option<Color>"),
        ("type: bitfield32", "odd(&self) -> Option<genl::Bitfield32>"),
        ("type: binary, struct: point", "odd(&self) -> Option<Point>"),
        (
            "type: binary, sub-type: s16",
            "odd(&self) -> Option<impl Iterator<Item = i16> + Clone + 'r>",
        ),
        (
            "type: string, checks: { unterminated-ok: true }",
            "odd(&self) -> Option<&'r [u8]>",
        ),
        (
            "type: string, multi-attr: true",
            "odd(&self) -> impl Iterator<Item = &'r CStr> + Clone + 'r",
        ),
        (
            "type: indexed-array, sub-type: nest, nested-attributes: inner",
            "odd(&self) -> Option<impl Iterator<Item = Inner<'r>> + Clone + 'r>",
        ),
        (
            "type: nest-type-value, type-value: [ a, b ], nested-attributes: inner",
            "odd(&self) -> impl Iterator<Item = (u16, u16, Inner<'r>)> + Clone + 'r",
        ),
    ] {
        assert_has(&attribute(spec), value);
    }
}

#[test]
fn getters_leave_names_that_are_taken() {
    let sets = "  - name: odds\n    attributes:\n      - { name: odd, type: nest, nested-attributes: inner }\n  \
                - name: inner\n    attributes:\n      - { name: parse, type: u32 }\n      \
                - { name: header, type: u32 }\n";
    let text = render("[ ]", sets, ONE_OP);
    assert_has(&text, "pub fn parse_(&self) -> Option<u32>");
    assert_has(&text, "pub fn header_(&self) -> Option<u32>");
    assert_has(&text, "pub fn parse_attr(&self)");
}

#[test]
fn attributes_of_type_0_are_neither_let_through_nor_read() {
    let sets = "  - name: odds\n    attributes:\n      - { name: odd, type: nest, nested-attributes: inner }\n  \
                - name: inner\n    attributes:\n      - { name: zero, type: u32, value: 0 }\n      \
                - { name: one, type: u32 }\n";
    let text = render("[ ]", sets, ONE_OP);
    assert_has(
        &text,
        "static INNER_NEST: genl::Rules<2> = genl::Rules::new(&[\n        (attr::inner::ONE,",
    );
    assert!(!text.contains("fn zero"), "{text}");
}

/// A family of three operations, of which the last takes both attributes and has a dump.
fn three(kernel_policy: &str) -> String {
    let sets = "  - name: odds\n    attributes:\n      - { name: a, type: u32 }\n      - { name: b, type: u32 }\n";
    let op = |name: &str, attributes: &str, more: &str| {
        format!(
            "- {{ name: {name}, doc: Do it., attribute-set: odds, \
             do: {{ request: {{ attributes: [ {attributes} ] }} }}{more} }}\n    "
        )
    };
    let dump = ", dump: { request: { attributes: [ b ] }, reply: { attributes: [ a ] } }";
    let ops = op("one", "a", "") + &op("two", "a", "") + &op("three", "a, b", dump);
    render_with(
        &format!("kernel-policy: {kernel_policy}\n"),
        "[ ]",
        sets,
        &ops,
    )
}

#[test]
fn calls_share_what_the_spec_says_or_what_is_the_same() {
    let rules = |text: &str| text.matches("genl::Rules::new").count();
    let split = three("split");
    assert_eq!(rules(&split), 3, "{split}");
    assert_eq!(
        split.matches("= rules::ONE_REQUEST.policy();").count(),
        2,
        "{split}"
    );
    let per_op = three("per-op");
    assert_eq!(rules(&per_op), 2, "{per_op}");
    assert_eq!(
        per_op.matches("= rules::THREE_REQUEST.policy();").count(),
        2,
        "{per_op}"
    );
    let global = three("global");
    assert_eq!(rules(&global), 1, "{global}");
    assert_eq!(
        global.matches("= rules::ONE_REQUEST.policy();").count(),
        4,
        "{global}"
    );
    assert_has(
        &global,
        "    /// The requests `one`, `two`, `three`, `three-dump`.\n",
    );
}
