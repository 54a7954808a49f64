// SPDX-License-Identifier: GPL-2.0

//! Nests, copied from requests to messages.

use crate::{
    generated::{
        Leaf,
        LeafWriter,
        SmallLeaf,
        SmallLeafWriter,
        Tree,
        TreeWriter, //
    },
    genl::Put,
    handlers::{
        copy_all,
        copy_present, //
    },
};
use kernel::prelude::*;

/// Copies a leaf.
pub fn copy_leaf<M: Put>(from: Leaf<'_>, mut to: LeafWriter<M>) -> Result<LeafWriter<M>> {
    copy_present!(from to to: id name size color le_size);
    copy_all!(from to to: shares);
    Ok(to)
}

/// Copies a leaf of the subset.
pub fn copy_small_leaf<M: Put>(
    from: SmallLeaf<'_>,
    mut to: SmallLeafWriter<M>,
) -> Result<SmallLeafWriter<M>> {
    copy_present!(from to to: id name);
    Ok(to)
}

/// Copies a tree. The core takes no deeper ones than ten levels, so it may call itself.
pub fn copy_tree<M: Put>(from: Tree<'_>, mut to: TreeWriter<M>) -> Result<TreeWriter<M>> {
    copy_present!(from to to: name);
    if let Some(tree) = from.left() {
        to = to.left(|to| copy_tree(tree, to))?;
    }
    for tree in from.more() {
        to = to.more(|to| copy_tree(tree, to))?;
    }
    if let Some(leaf) = from.leaf() {
        to = to.leaf(|to| copy_leaf(leaf, to))?;
    }
    Ok(to)
}
