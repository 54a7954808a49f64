//! Settings of a simulated device: rings, coalescing, pauses and error correction, beside what debugfs says of them.

use std::time::Duration;

use genl_upstream::ethtool::{
    ChannelsGet, ChannelsSet, Client, CoalesceGet, CoalesceSet, Event, Events, FecGet, Group,
    Header, HeaderFlags, PauseGet, PauseSet, RingsGet, RingsSet,
};

use super::Simulated;

fn open() -> (Client, Events) {
    let client = Client::open().expect("the kernel has ethtool");
    (client, Events::open(&[Group::Monitor]).expect("events"))
}

fn next<'a>(events: &'a mut Events) -> Event<'a> {
    let event = events
        .next_timeout(Duration::from_secs(5))
        .expect("no error");
    event.expect("an event")
}

/// The first port, asked for by its index.
fn port(device: &Simulated, flags: Option<HeaderFlags>) -> Option<Header<'static>> {
    Some(Header {
        dev_index: Some(device.ifindex(0)),
        flags,
        ..Header::default()
    })
}

#[test]
fn rings_are_set_within_what_the_device_allows() {
    Simulated::with(1, 1, |device| {
        let (mut ethtool, mut events) = open();
        device.write("ethtool/ring/rx_max_pending", "4096");
        let header = port(device, None);
        let before = ethtool
            .rings_get(&RingsGet { header })
            .expect("rings-get")
            .to_owned();
        assert_eq!(before.rx_max, Some(4096));

        let set = RingsSet {
            header,
            rx: Some(77),
            ..RingsSet::default()
        };
        ethtool.rings_set(&set).expect("rings-set");
        match next(&mut events) {
            Event::RingsNtf(told) => {
                assert_eq!((told.rx(), told.tx()), (Some(77), before.tx));
                assert_eq!(told.header().expect("a header").dev_name(), Some("eth0"));
            }
            other => panic!("{other:?}"),
        }
        let after = ethtool.rings_get(&RingsGet { header }).expect("rings-get");
        assert_eq!(after.rx(), Some(77));

        let too_many = RingsSet {
            rx: Some(4097),
            ..set
        };
        let error = ethtool.rings_set(&too_many).expect_err("4096 are all");
        let refused = error.refused().expect("the kernel's refusal");
        assert_eq!(refused.attribute.as_deref(), Some("rings-set.rx"));
    });
}

#[test]
fn coalescing_is_set_and_told_of() {
    Simulated::with(1, 1, |device| {
        let (mut ethtool, mut events) = open();
        let header = port(device, None);
        let set = CoalesceSet {
            header,
            rx_usecs: Some(50),
            tx_max_frames: Some(12),
            use_adaptive_rx: Some(1),
            ..CoalesceSet::default()
        };
        ethtool.coalesce_set(&set).expect("coalesce-set");
        let Event::CoalesceNtf(told) = next(&mut events) else {
            panic!("another event")
        };
        let told = told.to_owned();
        assert_eq!(
            (told.rx_usecs, told.tx_max_frames, told.use_adaptive_rx),
            (Some(50), Some(12), Some(1))
        );
        let got = ethtool
            .coalesce_get(&CoalesceGet { header })
            .expect("coalesce-get");
        assert_eq!(got.to_owned(), told);
    });
}

#[test]
fn pauses_are_set_and_counted() {
    Simulated::with(1, 1, |device| {
        let (mut ethtool, mut events) = open();
        let set = PauseSet {
            header: port(device, None),
            rx: Some(1),
            tx: Some(0),
            ..PauseSet::default()
        };
        ethtool.pause_set(&set).expect("pause-set");
        let Event::PauseNtf(told) = next(&mut events) else {
            panic!("another event")
        };
        assert_eq!((told.rx(), told.tx()), (Some(1), Some(0)));

        // The driver makes the numbers up, of what it is told to count.
        device.write("ethtool/pause/report_stats_tx", "N");
        let request = PauseGet {
            header: port(device, Some(HeaderFlags::STATS)),
        };
        let got = ethtool.pause_get(&request).expect("pause-get").to_owned();
        let stats = got.stats.expect("statistics");
        assert_eq!((stats.rx_frames, stats.tx_frames), (Some(1), None));
    });
}

#[test]
fn corrected_errors_are_counted_in_arrays() {
    Simulated::with(1, 1, |device| {
        let (mut ethtool, _) = open();
        let request = FecGet {
            header: port(device, Some(HeaderFlags::STATS)),
        };
        let fec = ethtool.fec_get(&request).expect("fec-get").to_owned();
        let stats = fec.stats.expect("statistics");
        // Of drivers/net/netdevsim/ethtool.c: totals, then a histogram with a value for each lane.
        assert_eq!(stats.corrected.as_deref(), Some(&[123][..]));
        assert_eq!(stats.uncorr.as_deref(), Some(&[4][..]));
        let bins: Vec<_> = stats
            .hist
            .iter()
            .map(|bin| (bin.bin_low, bin.bin_high, bin.bin_val))
            .collect();
        assert_eq!(
            bins,
            [
                (Some(0), Some(0), Some(445)),
                (Some(1), Some(3), Some(12)),
                (Some(4), Some(7), Some(2)),
            ]
        );
        let lanes: Vec<_> = stats
            .hist
            .iter()
            .map(|bin| bin.bin_val_per_lane.as_deref())
            .collect();
        assert_eq!(lanes[0], Some(&[125, 120, 100, 100][..]));
        assert_eq!(lanes[1], None);
        assert_eq!(lanes[2], Some(&[2, 0, 0, 0][..]));
    });
}

#[test]
fn channels_are_the_queues_it_was_made_with() {
    Simulated::with(1, 4, |device| {
        let (mut ethtool, mut events) = open();
        let header = port(device, None);
        let before = ethtool
            .channels_get(&ChannelsGet { header })
            .expect("channels-get")
            .to_owned();
        assert_eq!(
            (before.combined_max, before.combined_count),
            (Some(4), Some(4))
        );
        let set = ChannelsSet {
            header,
            combined_count: Some(2),
            ..ChannelsSet::default()
        };
        ethtool.channels_set(&set).expect("channels-set");
        let Event::ChannelsNtf(told) = next(&mut events) else {
            panic!("another event")
        };
        assert_eq!(told.combined_count(), Some(2));
    });
}
