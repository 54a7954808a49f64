// SPDX-License-Identifier: GPL-2.0

//! What a dump tells again and again: a copy of its request, which nothing keeps for it.

use crate::{
    generated::{
        Point,
        TellDump,
        TellDumpReply, //
    },
    genl::Put,
};
use kernel::{
    prelude::*,
    str::CString,
    sync::Arc, //
};

/// Where a dump stands.
pub struct Cursor {
    /// Shared, so that it can be told while the cursor moves.
    pub tale: Arc<Tale>,
    /// How often it was told.
    pub told: u32,
}

/// What is told.
pub struct Tale {
    /// How often it is to be told.
    pub times: u32,
    number: Option<u64>,
    text: Option<CString>,
    blob: Option<KVec<u8>>,
    point: Option<Point>,
}

impl Tale {
    /// Copies what is to be told.
    pub fn new(request: &TellDump<'_>) -> Result<Self> {
        Ok(Self {
            times: request.times(),
            number: request.number(),
            text: request.text().map(CString::try_from).transpose()?,
            blob: request.blob().map(copy).transpose()?,
            point: request.point(),
        })
    }

    /// Tells it the `at`-th time.
    pub fn tell<M: Put>(&self, at: u32, item: TellDumpReply<M>) -> Result<TellDumpReply<M>> {
        let mut item = item.at(at)?;
        if let Some(number) = self.number {
            item = item.number(number)?;
        }
        if let Some(text) = &self.text {
            item = item.text(text)?;
        }
        if let Some(blob) = &self.blob {
            item = item.blob(blob)?;
        }
        if let Some(point) = &self.point {
            item = item.point(point)?;
        }
        Ok(item)
    }
}

fn copy(bytes: &[u8]) -> Result<KVec<u8>> {
    let mut copy = KVec::new();
    copy.extend_from_slice(bytes, GFP_KERNEL_ACCOUNT)?;
    Ok(copy)
}
