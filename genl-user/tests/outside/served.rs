//! The same families served in userspace: what its client writes its server reads, and the other way
//! round.

use genl_user::server::{Items, Op, Refusal};
use genl_user::testing::Kernel;
use genl_user::wire::Bitfield32;
use genl_user::{Options, Unspecified};

use crate::every::server::Make;
use crate::every::{self, Client, Level, MakeReplyOwned, PartOwned, TreeOwned};
use crate::placed::{self, LocateDumpReplyOwned, LocateReplyOwned, Place};
use crate::{PAIR, RECORD, TREE};

/// Answers what it was asked.
struct Mirror;

impl every::server::Handler for Mirror {
    fn make(&mut self, request: Make<'_>, _: &mut Op<'_>) -> Result<MakeReplyOwned, Refusal> {
        let part = |part: every::server::Part<'_>| PartOwned {
            size: part.size(),
            name: part.name().map(str::to_owned),
        };
        let by_number = request.by_number().map(|(number, parts)| {
            let parts = parts.map(|(number, inner)| (number, part(inner)));
            (number, parts.collect())
        });
        let tree = request.tree().map(|tree| TreeOwned {
            name: tree.name().map(str::to_owned),
            more: tree.right().map_or(Vec::new(), |right| {
                let more = right.tree().into_iter().flat_map(|tree| tree.more());
                more.map(|leaf| TreeOwned {
                    name: leaf.name().map(str::to_owned),
                    ..TreeOwned::default()
                })
                .collect()
            }),
            ..TreeOwned::default()
        });
        Ok(MakeReplyOwned {
            level: Some(request.level()),
            levels: request.levels().collect(),
            blobs: request.blobs().map(<[u8]>::to_vec).collect(),
            parts: request.parts().map(part).collect(),
            array: request.array().map(part).collect(),
            by_number: by_number.collect(),
            counts: request.counts().collect(),
            pair: request.pair(),
            record: request.record(),
            numbers: request.numbers().map(Iterator::collect),
            place_bits: request.place_bits(),
            indexed_names: request.indexed_names().map(str::to_owned).collect(),
            temperature: request.temperature(),
            self_: request.self_().map(str::to_owned),
            layout: request.layout(),
            tree,
            ..MakeReplyOwned::default()
        })
    }
}

/// Answers with what stands before the attributes, and tells the port that it names.
struct Places;

impl placed::server::Handler for Places {
    fn locate(
        &mut self,
        request: placed::server::Locate<'_>,
        op: &mut Op<'_>,
    ) -> Result<LocateReplyOwned, Refusal> {
        let located = LocateReplyOwned {
            header: request.header(),
            header_: request.header_(),
            name: request.name().map(str::to_owned),
        };
        op.tell_to(
            located.header.ifindex,
            &placed::server::Event::Located(&located),
        )?;
        Ok(located)
    }

    fn locate_dump(
        &mut self,
        request: placed::server::LocateDump<'_>,
        _: &mut Op<'_>,
    ) -> Result<Items<Self, LocateDumpReplyOwned>, Refusal> {
        let header = request.header();
        Ok(Items::of((0..3).map(move |number| LocateDumpReplyOwned {
            header,
            header_: Some(number),
        })))
    }

    fn browse_dump(
        &mut self,
        _: placed::server::BrowseDump<'_>,
        op: &mut Op<'_>,
    ) -> Result<Items<Self, Unspecified>, Refusal> {
        Ok(Items::of([Unspecified(op.attrs().as_bytes().to_vec())]))
    }
}

fn open() -> Options {
    let kernel = Kernel::new();
    let registered = kernel.register(every::server::Served(Mirror));
    registered.expect("it is the first one");
    let registered = kernel.register(placed::server::Served(Places));
    registered.expect("it is another one");
    Options::new().kernel(&kernel)
}

#[test]
fn a_server_reads_what_its_client_writes() {
    let options = open();
    let mut client = Client::open_with(&options).expect("it is registered");
    let part = |size, name| every::Part { size, name };
    let request = every::Make {
        level: Level::High,
        levels: &[Level::Low, Level::Type],
        blobs: &[b"", b"one"],
        parts: &[part(Some(1), None), part(Some(1 << 40), Some("big"))],
        array: &[part(None, Some("first")), part(None, None)],
        by_number: &[(7, &[(300, part(Some(1), None))]), (8, &[])],
        counts: &[(1, 10), (2, u64::MAX)],
        pair: Some(PAIR),
        record: Some(RECORD),
        numbers: Some(&[1, u32::MAX]),
        place_bits: Some(Bitfield32 {
            value: every::Places::HERE,
            selector: every::Places::all(),
        }),
        indexed_names: &["first", ""],
        temperature: Some(every::Temperature::Frozen),
        self_: Some("me"),
        layout: true,
        tree: Some(TREE),
        ..every::Make::default()
    };
    let reply = client.make(&request).expect("it takes it").to_owned();
    assert_eq!(reply.level, Some(Level::High));
    assert_eq!(reply.levels, request.levels);
    assert_eq!(reply.blobs, request.blobs);
    let owned = |part: &every::Part<'_>| PartOwned {
        size: part.size,
        name: part.name.map(str::to_owned),
    };
    assert_eq!(reply.parts, Vec::from_iter(request.parts.iter().map(owned)));
    assert_eq!(reply.array, Vec::from_iter(request.array.iter().map(owned)));
    let one = vec![(300, owned(&part(Some(1), None)))];
    assert_eq!(reply.by_number, [(7, one), (8, vec![])]);
    assert_eq!(reply.counts, request.counts);
    assert_eq!((reply.pair, reply.record), (request.pair, request.record));
    assert_eq!(reply.numbers.as_deref(), request.numbers);
    assert_eq!(reply.place_bits, request.place_bits);
    assert_eq!(reply.indexed_names, request.indexed_names);
    assert_eq!(reply.temperature, request.temperature);
    assert_eq!(reply.self_.as_deref(), request.self_);
    assert!(reply.layout);
    let tree = reply.tree.expect("a tree");
    assert_eq!((tree.name.as_deref(), tree.more.len()), (Some("root"), 1));
    assert_eq!(tree.more[0].name.as_deref(), Some("leaf"));
}

#[test]
fn headers_and_what_is_not_specified_get_through() {
    let options = open();
    let mut client = placed::Client::open_with(&options).expect("it is registered");
    let mut events = placed::Events::open_with(&options, &[]).expect("it is registered");
    let header = Place {
        ifindex: events.port(),
        tag: 0x0102,
    };
    let locate = placed::Locate {
        header,
        header_: Some(9),
        name: None,
    };
    let reply = client.locate(&locate).expect("it answers");
    assert_eq!((reply.header(), reply.header_()), (header, Some(9)));
    match events.next().expect("it tells of it") {
        placed::Event::Located(located) => assert_eq!(located.header(), header),
        other => panic!("{other:?}"),
    }
    let items = client.locate_dump(&placed::LocateDump { header });
    let items = items
        .expect("a dump")
        .owned()
        .map(|item| item.expect("an item"));
    let items: Vec<_> = items.map(|item| (item.header, item.header_)).collect();
    assert_eq!(items, [0, 1, 2].map(|number| (header, Some(number))));

    let header = Place::default();
    let name = Some("leaf");
    let items = client.browse_dump(&placed::BrowseDump { header, name });
    let items: Vec<_> = items.expect("a dump").owned().collect();
    let [Ok(Unspecified(bytes))] = &items[..] else {
        panic!("{items:?}");
    };
    // The attribute as it came: its header and "leaf\0", padded.
    assert_eq!(bytes.len(), 12);
    assert_eq!(bytes[4..8], *b"leaf");
}
