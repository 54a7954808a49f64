// SPDX-License-Identifier: GPL-2.0
// A handler registers the family once more.
// error: E0603: struct `Registration` is private

pub type Twice = crate::genl::family::Registration<crate::handlers::KvStore>;
