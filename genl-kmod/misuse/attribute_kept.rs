// SPDX-License-Identifier: GPL-2.0
// An attribute is looked at when its request is gone.
// error: E0521: borrowed data escapes outside of function

use crate::{
    generated::Get,
    genl::Attr, //
};

pub struct Later {
    key: Option<Attr<'static>>,
}

pub fn misuse(later: &mut Later, request: &Get<'_>) {
    later.key = Some(request.key_attr());
}
