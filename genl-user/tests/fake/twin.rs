//! A family with nothing but groups, which is another one when it comes back.

use genl_user::server::{Description, Group, Permission, Row, Serve};
use genl_user::{Error, Family, Notice};

/// One that anyone may listen to.
pub(crate) struct Before;

/// One that has lost a group.
pub(crate) struct After;

const fn twin(groups: &'static [Group]) -> Description {
    Description {
        name: "twin",
        version: 1,
        header: 0,
        resv_start_op: 0,
        groups,
    }
}

pub(crate) const GROUPS: [Group; 2] = [
    Group {
        name: "lost",
        permission: Permission::Anyone,
    },
    Group {
        name: "kept",
        permission: Permission::Anyone,
    },
];

impl Serve for Before {
    const FAMILY: Description = twin(&GROUPS);
    const ROWS: &'static [Row<Self>] = &[];
}

impl Serve for After {
    const FAMILY: Description = twin(GROUPS.split_at(1).1);
    const ROWS: &'static [Row<Self>] = &[];
}

/// One whose groups are for who has CAP_NET_ADMIN.
pub(crate) struct Guarded;

impl Serve for Guarded {
    const FAMILY: Description = twin(&[guarded("lost"), guarded("kept")]);
    const ROWS: &'static [Row<Self>] = &[];
}

const fn guarded(name: &'static str) -> Group {
    Group {
        name,
        permission: Permission::NetnsAdmin,
    }
}

/// A group of it.
#[derive(Clone, Copy)]
pub(crate) struct Twin(pub(crate) &'static str);

impl genl_user::Group for Twin {
    type Event<'a> = Option<Notice<'a>>;

    const FAMILY: &'static Family = &Family {
        name: "twin",
        version: 1,
    };

    fn name(self) -> &'static str {
        self.0
    }

    fn event(notice: Notice<'_>) -> Result<Option<Notice<'_>>, Error> {
        Ok(Some(notice))
    }

    fn overrun<'a>() -> Option<Notice<'a>> {
        None
    }

    fn reloaded<'a>() -> Option<Notice<'a>> {
        None
    }
}

/// Something for the last group of [`After`], or the first one of others.
pub(crate) struct Word;

impl genl_user::server::Encode for Word {
    fn encode(&self, _: &mut genl_user::wire::Encoder<'_>) -> Result<(), genl_user::wire::Unfit> {
        Ok(())
    }
}

impl genl_user::server::Event for Word {
    fn cmd(&self) -> u8 {
        1
    }

    fn group(&self) -> Option<u8> {
        Some(0)
    }
}
