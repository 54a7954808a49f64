/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What YNL's generator forgets to declare: requests without attributes. */
struct kvstore_stats_req;
struct kvstore_clear_req;
