//! Kernel code for what operations and messages can say, beyond what the families that ship have.

/// The kernel code for a family with these definitions, attributes and operations.
fn render(protocol: &str, parts: &str) -> String {
    let spec = format!("name: odd\nprotocol: {protocol}\ndoc: A family of oddities.\n{parts}");
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
    let handlers = genl_schema::emit::kernel::scaffold::handlers(&family);
    syn::parse_file(&handlers).expect("the scaffold is Rust");
    text
}

#[track_caller]
fn assert_has(text: &str, what: &str) {
    assert!(text.contains(what), "no {what:?} in:\n{text}");
}

const ATTRIBUTES: &str = "\
attribute-sets:
  - name: odds
    attributes:
      - {name: id, type: u32}
";

#[test]
fn hooks_hand_a_guard_on() {
    let text = render(
        "genetlink",
        &format!(
            "{ATTRIBUTES}\
operations:
  list:
    - name: set
      doc: Set it.
      attribute-set: odds
      do: {{pre: odd-lock, post: odd-unlock, request: {{attributes: [id]}}}}
    - name: get
      doc: Get it.
      attribute-set: odds
      do: {{pre: odd-find, reply: {{attributes: [id]}}}}
      dump: {{pre: odd-start, post: odd-done, reply: {{attributes: [id]}}}}
"
        ),
    );
    assert_has(&text, "type SetGuard<'h>;");
    assert_has(
        &text,
        "fn set_pre<'r>(&self, request: &Set<'r>, op: &genl::Op<'r>) -> Result<Self::SetGuard<'_>>;",
    );
    assert_has(
        &text,
        "let mut guard = handler.set_pre(&request, op)?;\n        \
         let outcome = handler.set(request, &mut guard, op);\n        \
         handler.set_post(guard, op);\n        \
         outcome.map(|()| None)\n",
    );
    // A guard without a hook behind the handler is dropped.
    assert_has(
        &text,
        "let mut guard = handler.get_pre(op)?;\n        \
         handler.get(reply, &mut guard, op).map(Some)\n",
    );
    assert_has(
        &text,
        "fn get_dump_done(&self, cursor: Self::GetCursor, net: &genl::Net);",
    );
    assert_has(
        &text,
        "const DONE: Option<fn(&H, Self::Cursor, &genl::Net)> = Some(H::get_dump_done);",
    );
}

#[test]
fn absent_operations_take_what_is_theirs_along() {
    let text = render(
        "genetlink",
        "attribute-sets:
  - name: odds
    attributes:
      - {name: id, type: u32}
      - {name: rare, type: nest, nested-attributes: rarity}
      - {name: common, type: nest, nested-attributes: commons}
  - name: rarity
    attributes:
      - {name: id, type: u32}
  - name: commons
    attributes:
      - {name: id, type: u32}
operations:
  list:
    - name: get
      doc: Get it.
      attribute-set: odds
      do: {request: {attributes: [common]}}
    - name: seek
      doc: Get it.
      attribute-set: odds
      config-cond: odd-seek
      do: {request: {attributes: [rare, common]}}
",
    );
    for thing in [
        "        #[cfg(CONFIG_ODD_SEEK)]\n        genl::SplitOp::new_do",
        "    #[cfg(CONFIG_ODD_SEEK)]\n    fn seek<'r>(",
        "#[cfg(CONFIG_ODD_SEEK)]\nimpl<H: Handler> genl::Do<H> for genl::Call<{ cmd::SEEK }>",
        "#[cfg(CONFIG_ODD_SEEK)]\npub struct Seek<'r>",
        "#[cfg(CONFIG_ODD_SEEK)]\n#[derive(Clone, Copy)]\npub struct Rarity<'r>",
        "#[cfg(CONFIG_ODD_SEEK)]\n    pub(super) static RARITY_NEST",
    ] {
        assert_has(&text, thing);
    }
    assert_has(&text, "`commons`.\n    pub(super) static COMMONS_NEST");
}

#[test]
fn structs_are_values_and_headers() {
    let text = render(
        "genetlink-legacy",
        "definitions:
  - name: place
    type: struct
    members:
      - {name: kind, type: u8}
      - {name: port, type: u16, byte-order: big-endian}
      - {name: address, type: binary, len: 40}
  - name: route
    type: struct
    members:
      - {name: to, type: binary, struct: place}
attribute-sets:
  - name: odds
    attributes:
      - {name: via, type: binary, struct: route}
operations:
  fixed-header: place
  list:
    - name: get
      doc: Get it.
      attribute-set: odds
      dont-validate: [strict]
      value: 4
      do: {request: {attributes: [via]}, reply: {attributes: [via]}}
",
    );
    assert_has(&text, "pub const SIZE: usize = 44;");
    assert_has(
        &text,
        "kind: u8::from_ne_bytes(genl::layout::part::<0, _, _>(&bytes)),",
    );
    assert_has(
        &text,
        "port: u16::from_be_bytes(genl::layout::part::<2, _, _>(&bytes)),",
    );
    assert_has(
        &text,
        "genl::layout::set_part::<2, _, _>(&mut bytes, self.port.to_be_bytes());",
    );
    // An array so long has no default of its own.
    assert_has(&text, "impl Default for Place {");
    assert_has(&text, "pub to: Place,");
    assert_has(
        &text,
        "genl::Family::with_header(c\"odd\", 1, 5, Place::SIZE, &GROUPS);",
    );
    assert_has(&text, "const LIBERAL: bool = true;");
    assert_has(
        &text,
        "pub fn header(mut self, header: &Place) -> Result<Self> {",
    );
    assert_has(&text, "self.0.put(attr::odds::VIA, &value.to_bytes())?;");
}

#[test]
fn each_kind_has_its_setter() {
    let text = render(
        "genetlink-legacy",
        "definitions:
  - {name: mood, type: enum, entries: [{name: bad, value: -1}, {name: good, value: 1}]}
  - {name: known, type: enum, header: linux/odd.h, entries: []}
attribute-sets:
  - name: odds
    attributes:
      - {name: pad, type: pad}
      - {name: bits, type: bitfield32}
      - {name: words, type: binary, sub-type: u32}
      - {name: wides, type: binary, sub-type: u64}
      - {name: shorts, type: indexed-array, sub-type: u16, byte-order: big-endian}
      - {name: nests, type: indexed-array, sub-type: nest, nested-attributes: odds}
      - {name: free, type: string, checks: {unterminated-ok: true}}
      - {name: mood, type: s8, enum: mood}
      - {name: send, type: u8}
      - {name: header, type: u8}
      - {name: policy, type: nest-type-value, type-value: [one, two], nested-attributes: odds}
      - {name: little, type: u32, byte-order: little-endian, multi-attr: true}
operations:
  list:
    - name: get
      doc: Get it.
      attribute-set: odds
      value: 1
      do:
        reply:
          attributes: [bits, words, wides, shorts, nests, free, mood, send, header, policy, little]
",
    );
    for thing in [
        "pub fn bits(mut self, value: genl::Bitfield32) -> Result<Self> {",
        "self.0.put_elements(attr::odds::WORDS, values.into_iter().map(|value| value.to_ne_bytes()))?;",
        "self.0.put_aligned_elements(attr::odds::WIDES, values.into_iter().map(|value| value.to_ne_bytes()), attr::odds::PAD)?;",
        "for (number, value) in (1..=u16::MAX).zip(values) {",
        "genl::Put::put_array(&mut nest, number, value.to_be_bytes())?;",
        "F: FnOnce(&mut OddsArray<'_>) -> Result,",
        "pub struct OddsArray<'n>(genl::NestArray<'n>);",
        "pub fn free(mut self, value: &[u8]) -> Result<Self> {",
        "self.0.put_text(attr::odds::FREE, value)?;",
        "#[repr(i64)]\npub enum Mood {",
        "pub const fn from_value(value: i64) -> Option<Self> {",
        "pub fn mood(mut self, value: Mood) -> Result<Self> {",
        "pub fn send_(mut self, value: u8) -> Result<Self> {",
        "pub fn header_(mut self, value: u8) -> Result<Self> {",
        "pub fn policy<F>(mut self, one_key: u16, two_key: u16, fill: F) -> Result<Self>",
        "pub fn little(mut self, values: impl IntoIterator<Item = u32>) -> Result<Self> {",
        "self.0.put_array(attr::odds::LITTLE, value.to_le_bytes())?;",
    ] {
        assert_has(&text, thing);
    }
    assert!(!text.contains("enum Known"), "it has no entries");
}

#[test]
fn replies_of_another_number_have_a_name_for_it() {
    let text = render(
        "genetlink-legacy",
        &format!(
            "{ATTRIBUTES}\
operations:
  enum-model: directional
  list:
    - name: get
      doc: Get it.
      attribute-set: odds
      do:
        request: {{value: 3, attributes: [id]}}
        reply: {{value: 7, attributes: [id]}}
      dump:
        request: {{value: 3}}
        reply: {{value: 7}}
    - name: list
      doc: List what there is, of which nothing is told.
      attribute-set: odds
      dump:
        request: {{value: 4, attributes: [id]}}
"
        ),
    );
    assert_has(&text, "pub const GET_REPLY: u8 = 7;");
    assert_has(&text, "genl::Reply::new(op, cmd::GET_REPLY)?");
    assert_has(&text, "const ITEM_CMD: u8 = cmd::GET_REPLY;");
    assert_has(
        &text,
        "pub fn add(&mut self, advance: impl FnOnce(&mut C)) -> Result {",
    );
}
