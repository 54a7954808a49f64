//! Kernel code for specs whose names and limits are out of the ordinary.
//!
//! The families that ship are compiled and run; here is what they do not have.

/// The kernel code for a family with these attributes and operations.
fn render(attributes: &str, operations: &str) -> String {
    let spec = format!(
        "name: odd\n\
         protocol: genetlink\n\
         doc: A family of oddities.\n\
         attribute-sets:\n  - name: odds\n    attributes:\n{attributes}\
         operations:\n  list:\n{operations}"
    );
    let family = match genl_schema::compile_for_kernel("odd.yaml", &spec) {
        Ok(family) => family,
        Err(report) => panic!("{}", report.render(false)),
    };
    let origin = genl_schema::emit::Origin {
        command: "cargo test",
        spec: "odd.yaml",
    };
    let text = genl_schema::emit::kernel::render(&family, origin);
    syn::parse_file(&text).expect("kernel code is Rust");
    text
}

#[track_caller]
fn assert_has(text: &str, what: &str) {
    assert!(text.contains(what), "no {what:?} in:\n{text}");
}

#[test]
fn required_attributes_may_be_named_like_parameters() {
    let text = render(
        "      - {name: request, type: u32}\n\
         \x20     - {name: op, type: u8}\n\
         \x20     - {name: rest, type: flag}\n",
        "    - name: take\n      doc: Take it.\n      attribute-set: odds\n      do:\n\
         \x20       request: {attributes: [request, op, rest], x-required: [request, op]}\n",
    );
    assert_has(&text, "    request_: genl::Request<'r>,\n");
    assert_has(
        &text,
        "fn parse(request_: genl::Request<'r>, op_: &genl::Op<'r>)",
    );
    assert_has(
        &text,
        "let op_attr = op_.require(request_, attr::odds::OP)?;",
    );
    assert_has(&text, "self.request_.get(attr::odds::REST)");
}

#[test]
fn keywords_are_mangled_only_where_they_stand_alone() {
    let text = render(
        "      - {name: type, type: u32}\n",
        "    - name: match\n      doc: Match all.\n      attribute-set: odds\n      dump:\n\
         \x20       request: {attributes: [type]}\n        reply: {attributes: [type]}\n\
         \x20   - name: use\n      doc: Used.\n      attribute-set: odds\n\
         \x20     event: {attributes: [type]}\n",
    );
    assert_has(&text, "fn match_dump_start<'r>(");
    assert_has(&text, "fn match_dump(");
    assert_has(&text, "pub fn type_(&self) -> Option<u32>");
    assert_has(&text, "pub fn type_attr(&self)");
    assert_has(&text, "pub fn use_to<F>(");
}

#[test]
fn lengths_become_what_the_core_tells_of_its_policies() {
    let text = render(
        "      - {name: exact, type: binary, checks: {exact-len: 6}}\n\
         \x20     - {name: least, type: binary, checks: {min-len: 3}}\n\
         \x20     - {name: most, type: binary, checks: {max-len: 60000}}\n\
         \x20     - {name: word, type: string, checks: {min-len: 2, max-len: 9}}\n",
        "    - name: take\n      doc: Take it.\n      attribute-set: odds\n      do:\n\
         \x20       request: {attributes: [exact, least, most, word]}\n",
    );
    assert_has(&text, "genl::Rule::binary().len_range(6, 6)");
    assert_has(&text, "genl::Rule::binary().len_from(3)");
    assert_has(&text, "genl::Rule::binary().max_len(60000)");
    assert_has(&text, "genl::Rule::checked::<genl::check::Text<2, 9>>()");
}

#[test]
fn items_without_a_limit_ask_the_handler_for_one() {
    let dump = |attribute: &str| {
        render(
            attribute,
            "    - name: list\n      doc: List all.\n      attribute-set: odds\n      dump:\n\
             \x20       reply: {attributes: [thing]}\n",
        )
    };
    let limited = dump("      - {name: thing, type: string, checks: {max-len: 9}}\n");
    // A header, nine bytes and a NUL, padded.
    assert_has(&limited, "const ITEM_LEN: usize = 16;");
    let unlimited = dump("      - {name: thing, type: string}\n");
    assert_has(&unlimited, "const ITEM_LEN: usize = H::LIST_ITEM_LEN;");
    assert_has(&unlimited, "    const LIST_ITEM_LEN: usize;");
}
