// SPDX-License-Identifier: GPL-2.0
/*
 * kvstore as one writes it in C, under the name "kvstore_c": what the module in
 * Rust is measured against. `cargo xtask bench --kernel` builds it, nothing else
 * does, and checks that both answer alike before it measures.
 *
 * The numbers are those of schema/families/kvstore.yaml.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#define KVSTORE_FAMILY_NAME	"kvstore_c"
#define KVSTORE_FAMILY_VERSION	1

#define KVSTORE_MAX_KEY_LEN	64
#define KVSTORE_MAX_VALUE_LEN	4096
#define KVSTORE_MAX_LABEL_LEN	64
#define KVSTORE_MAX_LABELS	16
#define KVSTORE_MAX_ENTRIES	100000
#define KVSTORE_MAX_BYTES	67108864

/* How many entries are looked at before others get the store. */
#define KVSTORE_BATCH		64

enum {
	KVSTORE_ENTRY_FLAGS_READ_ONLY	= BIT(0),
	KVSTORE_ENTRY_FLAGS_STICKY	= BIT(1),
};

enum {
	KVSTORE_A_ENTRY_KEY = 1,
	KVSTORE_A_ENTRY_VALUE,
	KVSTORE_A_ENTRY_REVISION,
	KVSTORE_A_ENTRY_FLAGS,
	KVSTORE_A_ENTRY_META,
	KVSTORE_A_ENTRY_PREFIX,
	KVSTORE_A_ENTRY_PAD,
};

enum {
	KVSTORE_A_META_CREATED_NS = 1,
	KVSTORE_A_META_HITS,
	KVSTORE_A_META_LABEL,
	KVSTORE_A_META_PAD,
};

enum {
	KVSTORE_A_STATS_ENTRIES = 1,
	KVSTORE_A_STATS_BYTES,
	KVSTORE_A_STATS_REVISION,
	KVSTORE_A_STATS_FLAG_COUNTS,
	KVSTORE_A_STATS_PAD,
};

enum {
	KVSTORE_A_FLAG_COUNTS_READ_ONLY = 1,
	KVSTORE_A_FLAG_COUNTS_STICKY,
};

enum {
	KVSTORE_CMD_GET = 1,
	KVSTORE_CMD_SET,
	KVSTORE_CMD_DEL,
	KVSTORE_CMD_STATS,
	KVSTORE_CMD_CLEAR,
	KVSTORE_CMD_SET_NTF,
	KVSTORE_CMD_DEL_NTF,
};

enum {
	KVSTORE_NLGRP_CHANGES,
};

/**
 * struct kvstore_entry - what a key stands for
 * @node: place in &kvstore.entries
 * @revision: the store's revision at which it was written
 * @created_ns: when it was created, since the epoch
 * @hits: how often it was read
 * @content: the value and then the labels, each ended by a NUL; %NULL if there are none
 * @value_len: length of the value
 * @content_len: length of @content
 * @flags: what may be done to it
 * @key: the name
 */
struct kvstore_entry {
	struct rb_node node;
	u64 revision;
	u64 created_ns;
	u64 hits;
	void *content;
	u32 value_len;
	u32 content_len;
	u32 flags;
	char key[KVSTORE_MAX_KEY_LEN + 1];
};

/**
 * struct kvstore_totals - what a store holds
 * @entries: how many entries
 * @bytes: how many bytes their values have together
 * @read_only: how many of them are read-only
 * @sticky: how many of them are sticky
 */
struct kvstore_totals {
	u32 entries;
	u32 read_only;
	u32 sticky;
	u64 bytes;
};

/**
 * struct kvstore - the store of one network namespace
 * @lock: guards all the rest; events are sent under it, so that they keep their order
 * @entries: in the order of their keys
 * @totals: what @entries come to
 * @revision: how often the store was changed
 */
struct kvstore {
	struct mutex lock;
	struct rb_root entries;
	struct kvstore_totals totals;
	u64 revision;
};

/**
 * struct kvstore_cursor - where a dump stands
 * @prefix_len: length of @prefix
 * @begun: @told is the last key that was told
 * @prefix: only keys that begin so are told
 * @told: see @begun
 */
struct kvstore_cursor {
	u32 prefix_len;
	bool begun;
	char prefix[KVSTORE_MAX_KEY_LEN + 1];
	char told[KVSTORE_MAX_KEY_LEN + 1];
};

struct kvstore_dump_ctx {
	struct kvstore_cursor *cursor;
};

static unsigned int kvstore_net_id __ro_after_init;
static struct genl_family kvstore_family;

/* The store. */

static struct kvstore_entry *kvstore_find(struct kvstore *store, const char *key)
{
	struct rb_node *node = store->entries.rb_node;

	while (node) {
		struct kvstore_entry *entry;
		int order;

		entry = rb_entry(node, struct kvstore_entry, node);
		order = strcmp(key, entry->key);
		if (order < 0)
			node = node->rb_left;
		else if (order > 0)
			node = node->rb_right;
		else
			return entry;
	}

	return NULL;
}

/* The first entry after @key, or with @key if @included. */
static struct kvstore_entry *kvstore_seek(struct kvstore *store, const char *key,
					  bool included)
{
	struct rb_node *node = store->entries.rb_node;
	struct kvstore_entry *best = NULL;

	while (node) {
		struct kvstore_entry *entry;
		int order;

		entry = rb_entry(node, struct kvstore_entry, node);
		order = strcmp(key, entry->key);
		if (order < 0 || (order == 0 && included)) {
			best = entry;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}

	return best;
}

static struct kvstore_entry *kvstore_next(struct kvstore_entry *entry)
{
	return rb_entry_safe(rb_next(&entry->node), struct kvstore_entry, node);
}

static void kvstore_entry_free(struct kvstore_entry *entry)
{
	kfree(entry->content);
	kfree(entry);
}

static void kvstore_totals_add(struct kvstore_totals *totals,
			       const struct kvstore_entry *entry)
{
	totals->entries++;
	totals->bytes += entry->value_len;
	totals->read_only += !!(entry->flags & KVSTORE_ENTRY_FLAGS_READ_ONLY);
	totals->sticky += !!(entry->flags & KVSTORE_ENTRY_FLAGS_STICKY);
}

static void kvstore_totals_remove(struct kvstore_totals *totals,
				  const struct kvstore_entry *entry)
{
	totals->entries--;
	totals->bytes -= entry->value_len;
	totals->read_only -= !!(entry->flags & KVSTORE_ENTRY_FLAGS_READ_ONLY);
	totals->sticky -= !!(entry->flags & KVSTORE_ENTRY_FLAGS_STICKY);
}

/* Makes @entry the one of its key. The one that it replaces, if any, is the caller's then. */
static int kvstore_insert(struct kvstore *store, struct kvstore_entry *entry,
			  struct kvstore_entry **replaced, struct genl_info *info)
{
	struct rb_node **link = &store->entries.rb_node, *parent = NULL;
	struct kvstore_totals totals = store->totals;
	struct kvstore_entry *old = NULL;

	while (*link) {
		int order;

		parent = *link;
		old = rb_entry(parent, struct kvstore_entry, node);
		order = strcmp(entry->key, old->key);
		if (order < 0)
			link = &parent->rb_left;
		else if (order > 0)
			link = &parent->rb_right;
		else
			break;
		old = NULL;
	}

	if (old) {
		if (old->flags & KVSTORE_ENTRY_FLAGS_READ_ONLY) {
			NL_SET_ERR_MSG_ATTR(info->extack,
					    info->attrs[KVSTORE_A_ENTRY_KEY],
					    "the entry is read-only");
			return -EPERM;
		}
		kvstore_totals_remove(&totals, old);
		entry->created_ns = old->created_ns;
		entry->hits = old->hits;
	}
	kvstore_totals_add(&totals, entry);
	if (totals.entries > KVSTORE_MAX_ENTRIES) {
		NL_SET_ERR_MSG(info->extack, "the store holds as many entries as it can");
		return -ENOSPC;
	}
	if (totals.bytes > KVSTORE_MAX_BYTES) {
		NL_SET_ERR_MSG(info->extack, "the store holds as many bytes as it can");
		return -ENOSPC;
	}

	store->totals = totals;
	entry->revision = ++store->revision;
	if (old) {
		rb_replace_node(&old->node, &entry->node, &store->entries);
	} else {
		rb_link_node(&entry->node, parent, link);
		rb_insert_color(&entry->node, &store->entries);
	}
	*replaced = old;
	return 0;
}

static void kvstore_remove(struct kvstore *store, struct kvstore_entry *entry)
{
	rb_erase(&entry->node, &store->entries);
	kvstore_totals_remove(&store->totals, entry);
	store->revision++;
}

/* Messages. */

static size_t kvstore_entry_size(const struct kvstore_entry *entry)
{
	size_t size = nla_total_size(strlen(entry->key) + 1) +
		      nla_total_size(entry->value_len) +
		      nla_total_size_64bit(sizeof(u64)) +	/* revision */
		      nla_total_size(sizeof(u32)) +		/* flags */
		      nla_total_size(0) +			/* meta */
		      nla_total_size_64bit(sizeof(u64)) +	/* created-ns */
		      nla_total_size(sizeof(u64));		/* hits */
	const char *label = entry->content + entry->value_len;
	const char *end = entry->content + entry->content_len;

	for (; label != end; label += strlen(label) + 1)
		size += nla_total_size(strlen(label) + 1);

	return size;
}

static int kvstore_put_entry(struct sk_buff *skb, const struct kvstore_entry *entry)
{
	const char *label = entry->content + entry->value_len;
	const char *end = entry->content + entry->content_len;
	struct nlattr *meta;

	if (nla_put_string(skb, KVSTORE_A_ENTRY_KEY, entry->key) ||
	    nla_put(skb, KVSTORE_A_ENTRY_VALUE, entry->value_len, entry->content) ||
	    nla_put_u64_64bit(skb, KVSTORE_A_ENTRY_REVISION, entry->revision,
			      KVSTORE_A_ENTRY_PAD) ||
	    nla_put_u32(skb, KVSTORE_A_ENTRY_FLAGS, entry->flags))
		return -EMSGSIZE;

	meta = nla_nest_start(skb, KVSTORE_A_ENTRY_META);
	if (!meta)
		return -EMSGSIZE;
	if (nla_put_u64_64bit(skb, KVSTORE_A_META_CREATED_NS, entry->created_ns,
			      KVSTORE_A_META_PAD) ||
	    nla_put_uint(skb, KVSTORE_A_META_HITS, entry->hits))
		return -EMSGSIZE;
	while (label != end) {
		size_t len = strlen(label) + 1;

		if (nla_put(skb, KVSTORE_A_META_LABEL, len, label))
			return -EMSGSIZE;
		label += len;
	}
	nla_nest_end(skb, meta);

	return 0;
}

static struct sk_buff *kvstore_reply_new(struct genl_info *info, size_t size,
					 void **hdr)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (!skb)
		return NULL;
	*hdr = genlmsg_iput(skb, info);
	if (!*hdr) {
		nlmsg_free(skb);
		return NULL;
	}

	return skb;
}

/* Those who listen lose an event that cannot be built, and are told so. */
static void kvstore_event_lost(struct net *net)
{
	genl_set_err(&kvstore_family, net, 0, KVSTORE_NLGRP_CHANGES, -ENOBUFS);
}

static bool kvstore_is_heard(const struct genl_info *info)
{
	return nlmsg_report(info->nlhdr) ||
	       genl_has_listeners(&kvstore_family, genl_info_net(info),
				  KVSTORE_NLGRP_CHANGES);
}

static void kvstore_notify_set(struct genl_info *info, const struct kvstore_entry *entry)
{
	struct net *net = genl_info_net(info);
	struct sk_buff *skb;
	void *hdr;

	if (!kvstore_is_heard(info))
		return;

	skb = genlmsg_new(kvstore_entry_size(entry), GFP_KERNEL);
	if (!skb)
		goto lost;
	hdr = genlmsg_put(skb, info->snd_portid, info->snd_seq, &kvstore_family, 0,
			  KVSTORE_CMD_SET_NTF);
	if (!hdr || kvstore_put_entry(skb, entry))
		goto free;
	genlmsg_end(skb, hdr);
	genl_notify(&kvstore_family, skb, info, KVSTORE_NLGRP_CHANGES, GFP_KERNEL);
	return;

free:
	nlmsg_free(skb);
lost:
	kvstore_event_lost(net);
}

static void kvstore_notify_del(struct genl_info *info, const char *key, u64 revision)
{
	struct net *net = genl_info_net(info);
	struct sk_buff *skb;
	void *hdr;

	if (!kvstore_is_heard(info))
		return;

	skb = genlmsg_new(nla_total_size(strlen(key) + 1) +
			  nla_total_size_64bit(sizeof(revision)), GFP_KERNEL);
	if (!skb)
		goto lost;
	hdr = genlmsg_put(skb, info->snd_portid, info->snd_seq, &kvstore_family, 0,
			  KVSTORE_CMD_DEL_NTF);
	if (!hdr || nla_put_string(skb, KVSTORE_A_ENTRY_KEY, key) ||
	    nla_put_u64_64bit(skb, KVSTORE_A_ENTRY_REVISION, revision,
			      KVSTORE_A_ENTRY_PAD))
		goto free;
	genlmsg_end(skb, hdr);
	genl_notify(&kvstore_family, skb, info, KVSTORE_NLGRP_CHANGES, GFP_KERNEL);
	return;

free:
	nlmsg_free(skb);
lost:
	kvstore_event_lost(net);
}

/* Operations. */

static struct kvstore *kvstore_of(struct net *net)
{
	return net_generic(net, kvstore_net_id);
}

static int kvstore_get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct kvstore *store = kvstore_of(genl_info_net(info));
	struct kvstore_entry *entry;
	struct sk_buff *skb;
	struct nlattr *key;
	void *hdr;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, KVSTORE_A_ENTRY_KEY))
		return -EINVAL;
	key = info->attrs[KVSTORE_A_ENTRY_KEY];

	mutex_lock(&store->lock);
	entry = kvstore_find(store, nla_data(key));
	if (!entry) {
		NL_SET_ERR_MSG_ATTR(info->extack, key, "there is no such entry");
		err = -ENOENT;
		goto unlock;
	}
	skb = kvstore_reply_new(info, kvstore_entry_size(entry), &hdr);
	if (!skb) {
		err = -ENOMEM;
		goto unlock;
	}
	entry->hits++;
	err = kvstore_put_entry(skb, entry);
	mutex_unlock(&store->lock);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, hdr);

	return genlmsg_reply(skb, info);

unlock:
	mutex_unlock(&store->lock);
	return err;
}

static int kvstore_get_start(struct netlink_callback *cb)
{
	struct kvstore_dump_ctx *ctx = (struct kvstore_dump_ctx *)cb->ctx;
	struct nlattr *prefix = genl_info_dump(cb)->attrs[KVSTORE_A_ENTRY_PREFIX];
	struct kvstore_cursor *cursor;

	NL_ASSERT_CTX_FITS(struct kvstore_dump_ctx);

	cursor = kzalloc_obj(*cursor);
	if (!cursor)
		return -ENOMEM;
	if (prefix)
		cursor->prefix_len = nla_strscpy(cursor->prefix, prefix,
						 sizeof(cursor->prefix));
	ctx->cursor = cursor;

	/* The longest entry has to fit. */
	cb->min_dump_alloc = NLMSG_HDRLEN + GENL_HDRLEN +
			     nla_total_size(KVSTORE_MAX_KEY_LEN + 1) +
			     nla_total_size(KVSTORE_MAX_VALUE_LEN) +
			     nla_total_size_64bit(sizeof(u64)) +
			     nla_total_size(sizeof(u32)) +
			     nla_total_size(0) +
			     nla_total_size_64bit(sizeof(u64)) +
			     nla_total_size(sizeof(u64)) +
			     KVSTORE_MAX_LABELS *
				nla_total_size(KVSTORE_MAX_LABEL_LEN + 1);
	return 0;
}

static int kvstore_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			    const struct kvstore_entry *entry)
{
	const struct genl_info *info = genl_info_dump(cb);
	void *hdr;

	hdr = genlmsg_put(skb, info->snd_portid, info->snd_seq, &kvstore_family,
			  NLM_F_MULTI, KVSTORE_CMD_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (kvstore_put_entry(skb, entry)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	genl_dump_check_consistent(cb, hdr);

	return 0;
}

static int kvstore_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct kvstore_dump_ctx *ctx = (struct kvstore_dump_ctx *)cb->ctx;
	struct kvstore_cursor *cursor = ctx->cursor;
	struct kvstore *store = kvstore_of(genl_info_net(genl_info_dump(cb)));
	struct kvstore_entry *entry, *last = NULL;
	int err = 0;

	mutex_lock(&store->lock);
	/* It has 32 bits, and 0 stands for "not told". */
	cb->seq = store->revision % U32_MAX + 1;
	if (cursor->begun)
		entry = kvstore_seek(store, cursor->told, false);
	else
		entry = kvstore_seek(store, cursor->prefix, true);
	while (entry && !strncmp(entry->key, cursor->prefix, cursor->prefix_len)) {
		err = kvstore_dump_one(skb, cb, entry);
		if (err)
			break;
		last = entry;
		entry = kvstore_next(entry);
	}
	if (last) {
		strscpy(cursor->told, last->key);
		cursor->begun = true;
	}
	mutex_unlock(&store->lock);

	if (err && !skb->len)
		NL_SET_ERR_MSG(cb->extack, "an entry is too long for a dump");
	return err;
}

static int kvstore_get_done(struct netlink_callback *cb)
{
	struct kvstore_dump_ctx *ctx = (struct kvstore_dump_ctx *)cb->ctx;

	kfree(ctx->cursor);
	return 0;
}

/* How many bytes the labels of a request have, if all that is in the nest is as it should be. */
static int kvstore_labels_len(const struct nlattr *meta, struct netlink_ext_ack *extack)
{
	unsigned int count = 0, len = 0;
	const struct nlattr *attr;
	int rem;

	nla_for_each_nested(attr, meta, rem) {
		switch (nla_type(attr)) {
		case KVSTORE_A_META_CREATED_NS:
		case KVSTORE_A_META_HITS:
			NL_SET_ERR_MSG_ATTR(extack, attr, "only the kernel sets this");
			return -EINVAL;
		case KVSTORE_A_META_LABEL:
			if (count++ == KVSTORE_MAX_LABELS) {
				NL_SET_ERR_MSG_ATTR(extack, attr, "too many labels");
				return -E2BIG;
			}
			len += strlen(nla_data(attr)) + 1;
			break;
		}
	}

	return len;
}

/* Copies value and labels of a request. */
static int kvstore_entry_fill(struct kvstore_entry *entry, struct genl_info *info)
{
	const struct nlattr *value = info->attrs[KVSTORE_A_ENTRY_VALUE];
	const struct nlattr *meta = info->attrs[KVSTORE_A_ENTRY_META];
	const struct nlattr *attr;
	int labels_len = 0, rem;
	char *to;

	if (value)
		entry->value_len = nla_len(value);
	if (meta) {
		labels_len = kvstore_labels_len(meta, info->extack);
		if (labels_len < 0)
			return labels_len;
	}
	entry->content_len = entry->value_len + labels_len;
	if (!entry->content_len)
		return 0;

	to = kmalloc(entry->content_len, GFP_KERNEL_ACCOUNT);
	if (!to)
		return -ENOMEM;
	entry->content = to;
	if (value)
		memcpy(to, nla_data(value), entry->value_len);
	to += entry->value_len;
	if (!labels_len)
		return 0;
	nla_for_each_nested_type(attr, KVSTORE_A_META_LABEL, meta, rem) {
		size_t size = strlen(nla_data(attr)) + 1;

		memcpy(to, nla_data(attr), size);
		to += size;
	}

	return 0;
}

static struct kvstore_entry *kvstore_entry_new(struct genl_info *info)
{
	struct nlattr *flags = info->attrs[KVSTORE_A_ENTRY_FLAGS];
	struct kvstore_entry *entry;
	int err;

	entry = kzalloc_obj(*entry, GFP_KERNEL_ACCOUNT);
	if (!entry)
		return ERR_PTR(-ENOMEM);
	err = kvstore_entry_fill(entry, info);
	if (err) {
		kvstore_entry_free(entry);
		return ERR_PTR(err);
	}
	strscpy(entry->key, nla_data(info->attrs[KVSTORE_A_ENTRY_KEY]));
	if (flags)
		entry->flags = nla_get_u32(flags);
	entry->created_ns = ktime_get_real_ns();

	return entry;
}

static int kvstore_set_doit(struct sk_buff *request, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct kvstore *store = kvstore_of(net);
	struct kvstore_entry *entry, *replaced;
	struct sk_buff *skb;
	void *hdr;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, KVSTORE_A_ENTRY_KEY))
		return -EINVAL;

	skb = kvstore_reply_new(info, nla_total_size_64bit(sizeof(u64)), &hdr);
	if (!skb)
		return -ENOMEM;
	entry = kvstore_entry_new(info);
	if (IS_ERR(entry)) {
		err = PTR_ERR(entry);
		goto free_skb;
	}

	mutex_lock(&store->lock);
	err = kvstore_insert(store, entry, &replaced, info);
	if (err) {
		mutex_unlock(&store->lock);
		goto free_entry;
	}
	kvstore_notify_set(info, entry);
	err = nla_put_u64_64bit(skb, KVSTORE_A_ENTRY_REVISION, entry->revision,
				KVSTORE_A_ENTRY_PAD);
	mutex_unlock(&store->lock);
	if (replaced)
		kvstore_entry_free(replaced);
	if (err)
		goto free_skb;
	genlmsg_end(skb, hdr);

	return genlmsg_reply(skb, info);

free_entry:
	kvstore_entry_free(entry);
free_skb:
	nlmsg_free(skb);
	return err;
}

static int kvstore_del_doit(struct sk_buff *request, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct kvstore *store = kvstore_of(net);
	struct kvstore_entry *entry;
	struct sk_buff *skb;
	struct nlattr *key;
	void *hdr;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, KVSTORE_A_ENTRY_KEY))
		return -EINVAL;
	key = info->attrs[KVSTORE_A_ENTRY_KEY];

	skb = kvstore_reply_new(info, nla_total_size_64bit(sizeof(u64)), &hdr);
	if (!skb)
		return -ENOMEM;

	mutex_lock(&store->lock);
	entry = kvstore_find(store, nla_data(key));
	if (!entry) {
		NL_SET_ERR_MSG_ATTR(info->extack, key, "there is no such entry");
		err = -ENOENT;
		goto unlock;
	}
	if (entry->flags & KVSTORE_ENTRY_FLAGS_READ_ONLY) {
		NL_SET_ERR_MSG_ATTR(info->extack, key, "the entry is read-only");
		err = -EPERM;
		goto unlock;
	}
	kvstore_remove(store, entry);
	kvstore_notify_del(info, entry->key, store->revision);
	err = nla_put_u64_64bit(skb, KVSTORE_A_ENTRY_REVISION, store->revision,
				KVSTORE_A_ENTRY_PAD);
	mutex_unlock(&store->lock);
	kvstore_entry_free(entry);
	if (err)
		goto free_skb;
	genlmsg_end(skb, hdr);

	return genlmsg_reply(skb, info);

unlock:
	mutex_unlock(&store->lock);
free_skb:
	nlmsg_free(skb);
	return err;
}

static int kvstore_stats_doit(struct sk_buff *request, struct genl_info *info)
{
	struct kvstore *store = kvstore_of(genl_info_net(info));
	struct kvstore_totals totals;
	struct nlattr *counts;
	struct sk_buff *skb;
	u64 revision;
	void *hdr;

	mutex_lock(&store->lock);
	totals = store->totals;
	revision = store->revision;
	mutex_unlock(&store->lock);

	skb = kvstore_reply_new(info, nla_total_size(sizeof(u32)) +
				nla_total_size_64bit(sizeof(u64)) * 2 +
				nla_total_size(nla_total_size(sizeof(u32)) * 2),
				&hdr);
	if (!skb)
		return -ENOMEM;
	if (nla_put_u32(skb, KVSTORE_A_STATS_ENTRIES, totals.entries) ||
	    nla_put_u64_64bit(skb, KVSTORE_A_STATS_BYTES, totals.bytes,
			      KVSTORE_A_STATS_PAD) ||
	    nla_put_u64_64bit(skb, KVSTORE_A_STATS_REVISION, revision,
			      KVSTORE_A_STATS_PAD))
		goto free;
	counts = nla_nest_start(skb, KVSTORE_A_STATS_FLAG_COUNTS);
	if (!counts ||
	    nla_put_u32(skb, KVSTORE_A_FLAG_COUNTS_READ_ONLY, totals.read_only) ||
	    nla_put_u32(skb, KVSTORE_A_FLAG_COUNTS_STICKY, totals.sticky))
		goto free;
	nla_nest_end(skb, counts);
	genlmsg_end(skb, hdr);

	return genlmsg_reply(skb, info);

free:
	nlmsg_free(skb);
	return -EMSGSIZE;
}

/*
 * Deletes what is there now. The lock is taken anew for each batch, so that a full store does not
 * keep others waiting; what they write meanwhile stays.
 */
static int kvstore_clear_doit(struct sk_buff *request, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct kvstore *store = kvstore_of(net);
	char from[KVSTORE_MAX_KEY_LEN + 1] = "";
	struct kvstore_entry *entry, *next;
	unsigned int batch;
	u64 until;

	mutex_lock(&store->lock);
	until = store->revision;
	for (entry = kvstore_seek(store, from, true); entry;) {
		for (batch = 0; entry && batch < KVSTORE_BATCH; batch++, entry = next) {
			next = kvstore_next(entry);
			if (entry->flags & KVSTORE_ENTRY_FLAGS_STICKY ||
			    entry->revision > until)
				continue;
			kvstore_remove(store, entry);
			kvstore_notify_del(info, entry->key, store->revision);
			kvstore_entry_free(entry);
		}
		if (entry) {
			strscpy(from, entry->key);
			mutex_unlock(&store->lock);
			cond_resched();
			mutex_lock(&store->lock);
			entry = kvstore_seek(store, from, true);
		}
	}
	mutex_unlock(&store->lock);

	return 0;
}

/* The family. */

static const struct nla_policy kvstore_key_policy[KVSTORE_A_ENTRY_KEY + 1];

static int kvstore_key_validate(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	const char *key = nla_data(attr);

	if (nla_len(attr) && *key)
		return 0;
	NL_SET_ERR_MSG_ATTR_POL(extack, attr, &kvstore_key_policy[KVSTORE_A_ENTRY_KEY],
				"string is too short");
	return -ERANGE;
}

static const struct nla_policy kvstore_meta_policy[KVSTORE_A_META_PAD + 1] = {
	[KVSTORE_A_META_CREATED_NS] = { .type = NLA_U64 },
	[KVSTORE_A_META_HITS] = { .type = NLA_UINT },
	[KVSTORE_A_META_LABEL] = { .type = NLA_NUL_STRING, .len = KVSTORE_MAX_LABEL_LEN },
};

static const struct nla_policy kvstore_key_policy[KVSTORE_A_ENTRY_KEY + 1] = {
	[KVSTORE_A_ENTRY_KEY] = {
		.type = NLA_NUL_STRING,
		.validation_type = NLA_VALIDATE_FUNCTION,
		.validate = kvstore_key_validate,
		.len = KVSTORE_MAX_KEY_LEN,
	},
};

static const struct nla_policy kvstore_dump_policy[KVSTORE_A_ENTRY_PREFIX + 1] = {
	[KVSTORE_A_ENTRY_PREFIX] = { .type = NLA_NUL_STRING, .len = KVSTORE_MAX_KEY_LEN },
};

static const struct nla_policy kvstore_set_policy[KVSTORE_A_ENTRY_META + 1] = {
	[KVSTORE_A_ENTRY_KEY] = {
		.type = NLA_NUL_STRING,
		.validation_type = NLA_VALIDATE_FUNCTION,
		.validate = kvstore_key_validate,
		.len = KVSTORE_MAX_KEY_LEN,
	},
	[KVSTORE_A_ENTRY_VALUE] = { .type = NLA_BINARY, .len = KVSTORE_MAX_VALUE_LEN },
	[KVSTORE_A_ENTRY_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x3),
	[KVSTORE_A_ENTRY_META] = NLA_POLICY_NESTED(kvstore_meta_policy),
};

static const struct genl_split_ops kvstore_ops[] = {
	{
		.cmd = KVSTORE_CMD_GET,
		.doit = kvstore_get_doit,
		.policy = kvstore_key_policy,
		.maxattr = KVSTORE_A_ENTRY_KEY,
		.flags = GENL_CMD_CAP_DO,
	},
	{
		.cmd = KVSTORE_CMD_GET,
		.start = kvstore_get_start,
		.dumpit = kvstore_get_dumpit,
		.done = kvstore_get_done,
		.policy = kvstore_dump_policy,
		.maxattr = KVSTORE_A_ENTRY_PREFIX,
		.flags = GENL_CMD_CAP_DUMP,
	},
	{
		.cmd = KVSTORE_CMD_SET,
		.doit = kvstore_set_doit,
		.policy = kvstore_set_policy,
		.maxattr = KVSTORE_A_ENTRY_META,
		.flags = GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd = KVSTORE_CMD_DEL,
		.doit = kvstore_del_doit,
		.policy = kvstore_key_policy,
		.maxattr = KVSTORE_A_ENTRY_KEY,
		.flags = GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd = KVSTORE_CMD_STATS,
		.doit = kvstore_stats_doit,
		.flags = GENL_CMD_CAP_DO,
	},
	{
		.cmd = KVSTORE_CMD_CLEAR,
		.doit = kvstore_clear_doit,
		.flags = GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
};

static const struct genl_multicast_group kvstore_mcgrps[] = {
	[KVSTORE_NLGRP_CHANGES] = { .name = "changes" },
};

static struct genl_family kvstore_family __ro_after_init = {
	.name		= KVSTORE_FAMILY_NAME,
	.version	= KVSTORE_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= kvstore_ops,
	.n_split_ops	= ARRAY_SIZE(kvstore_ops),
	.mcgrps		= kvstore_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(kvstore_mcgrps),
};

/* One store for each network namespace. */

static int __net_init kvstore_net_init(struct net *net)
{
	struct kvstore *store = kvstore_of(net);

	mutex_init(&store->lock);
	store->entries = RB_ROOT;

	return 0;
}

static void __net_exit kvstore_net_exit(struct net *net)
{
	struct kvstore *store = kvstore_of(net);
	struct kvstore_entry *entry, *next;

	rbtree_postorder_for_each_entry_safe(entry, next, &store->entries, node) {
		kvstore_entry_free(entry);
		cond_resched();
	}
}

static struct pernet_operations kvstore_net_ops = {
	.init = kvstore_net_init,
	.exit = kvstore_net_exit,
	.id = &kvstore_net_id,
	.size = sizeof(struct kvstore),
};

static int __init kvstore_init(void)
{
	int err;

	err = register_pernet_subsys(&kvstore_net_ops);
	if (err)
		return err;
	err = genl_register_family(&kvstore_family);
	if (err)
		unregister_pernet_subsys(&kvstore_net_ops);

	return err;
}

static void __exit kvstore_exit(void)
{
	genl_unregister_family(&kvstore_family);
	unregister_pernet_subsys(&kvstore_net_ops);
}

module_init(kvstore_init);
module_exit(kvstore_exit);

MODULE_AUTHOR("The genl-kmod authors");
MODULE_DESCRIPTION("A key/value store, one for each network namespace, in C");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY(KVSTORE_FAMILY_NAME);
