// SPDX-License-Identifier: MIT OR Apache-2.0
/* libmnl, as its generic netlink examples have it: attributes are parsed into a table by callbacks that check them. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/kvstore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

struct client {
	struct mnl_socket *nl;
	unsigned int port, seq;
	uint16_t family;
	uint8_t cmd;
	uint16_t flags;
	const char *name; /* in the request, unless NULL */
	const void *value; /* the same, of LARGE bytes */
	mnl_cb_t read;
	char buf[32768]; /* at least MNL_SOCKET_BUFFER_SIZE */
};

struct table {
	const struct nlattr **attrs;
	uint16_t max;
	const enum mnl_attr_data_type *types;
};

static int into_table(const struct nlattr *attr, void *data)
{
	const struct table *table = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (mnl_attr_type_valid(attr, table->max) < 0)
		return MNL_CB_OK;
	if (table->types[type] != MNL_TYPE_UNSPEC && mnl_attr_validate(attr, table->types[type]) < 0)
		return MNL_CB_ERROR;
	table->attrs[type] = attr;
	return MNL_CB_OK;
}

static const enum mnl_attr_data_type ctrl_types[CTRL_ATTR_MAX + 1] = {
	[CTRL_ATTR_FAMILY_ID] = MNL_TYPE_U16, [CTRL_ATTR_FAMILY_NAME] = MNL_TYPE_STRING,
	[CTRL_ATTR_VERSION] = MNL_TYPE_U32,   [CTRL_ATTR_HDRSIZE] = MNL_TYPE_U32,
	[CTRL_ATTR_MAXATTR] = MNL_TYPE_U32,   [CTRL_ATTR_OPS] = MNL_TYPE_NESTED,
	[CTRL_ATTR_MCAST_GROUPS] = MNL_TYPE_NESTED,
};

static const enum mnl_attr_data_type op_types[CTRL_ATTR_OP_MAX + 1] = {
	[CTRL_ATTR_OP_ID] = MNL_TYPE_U32,
	[CTRL_ATTR_OP_FLAGS] = MNL_TYPE_U32,
};

static const enum mnl_attr_data_type group_types[CTRL_ATTR_MCAST_GRP_MAX + 1] = {
	[CTRL_ATTR_MCAST_GRP_NAME] = MNL_TYPE_STRING,
	[CTRL_ATTR_MCAST_GRP_ID] = MNL_TYPE_U32,
};

static const enum mnl_attr_data_type entry_types[KVSTORE_A_ENTRY_MAX + 1] = {
	[KVSTORE_A_ENTRY_KEY] = MNL_TYPE_STRING,   [KVSTORE_A_ENTRY_VALUE] = MNL_TYPE_BINARY,
	[KVSTORE_A_ENTRY_REVISION] = MNL_TYPE_U64, [KVSTORE_A_ENTRY_FLAGS] = MNL_TYPE_U32,
	[KVSTORE_A_ENTRY_META] = MNL_TYPE_NESTED,
};

static void parse_ctrl(const struct nlmsghdr *nlh, const struct nlattr **tb)
{
	struct table table = { tb, CTRL_ATTR_MAX, ctrl_types };

	check(mnl_attr_parse(nlh, sizeof(struct genlmsghdr), into_table, &table) >= 0);
}

static int read_family(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[CTRL_ATTR_MAX + 1] = {}, *nest;
	uint64_t *sum = data;

	parse_ctrl(nlh, tb);
	*sum += mnl_attr_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	*sum += strlen(mnl_attr_get_str(tb[CTRL_ATTR_FAMILY_NAME]));
	for (int type = CTRL_ATTR_VERSION; type <= CTRL_ATTR_MAXATTR; type++)
		if (tb[type])
			*sum += mnl_attr_get_u32(tb[type]);
	if (tb[CTRL_ATTR_OPS])
		mnl_attr_for_each_nested(nest, tb[CTRL_ATTR_OPS]) {
			const struct nlattr *op[CTRL_ATTR_OP_MAX + 1] = {};
			struct table table = { op, CTRL_ATTR_OP_MAX, op_types };

			check(mnl_attr_parse_nested(nest, into_table, &table) >= 0);
			*sum += mnl_attr_get_u32(op[CTRL_ATTR_OP_ID]);
			*sum += mnl_attr_get_u32(op[CTRL_ATTR_OP_FLAGS]);
		}
	if (tb[CTRL_ATTR_MCAST_GROUPS])
		mnl_attr_for_each_nested(nest, tb[CTRL_ATTR_MCAST_GROUPS]) {
			const struct nlattr *group[CTRL_ATTR_MCAST_GRP_MAX + 1] = {};
			struct table table = { group, CTRL_ATTR_MCAST_GRP_MAX, group_types };

			check(mnl_attr_parse_nested(nest, into_table, &table) >= 0);
			*sum += strlen(mnl_attr_get_str(group[CTRL_ATTR_MCAST_GRP_NAME]));
			*sum += mnl_attr_get_u32(group[CTRL_ATTR_MCAST_GRP_ID]);
		}
	return MNL_CB_OK;
}

static int read_policy(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[CTRL_ATTR_MAX + 1] = {};

	parse_ctrl(nlh, tb);
	*(uint64_t *)data += mnl_attr_get_u16(tb[CTRL_ATTR_FAMILY_ID]) + !!tb[CTRL_ATTR_POLICY];
	return MNL_CB_OK;
}

static void parse_entry(const struct nlmsghdr *nlh, const struct nlattr **tb)
{
	struct table table = { tb, KVSTORE_A_ENTRY_MAX, entry_types };

	check(mnl_attr_parse(nlh, sizeof(struct genlmsghdr), into_table, &table) >= 0);
}

static void add_entry(const struct nlattr **tb, uint64_t *sum)
{
	const struct nlattr *attr;

	*sum += strlen(mnl_attr_get_str(tb[KVSTORE_A_ENTRY_KEY]));
	if (tb[KVSTORE_A_ENTRY_VALUE])
		*sum += mnl_attr_get_payload_len(tb[KVSTORE_A_ENTRY_VALUE]);
	use(mnl_attr_get_u64(tb[KVSTORE_A_ENTRY_REVISION]));
	if (tb[KVSTORE_A_ENTRY_FLAGS])
		*sum += mnl_attr_get_u32(tb[KVSTORE_A_ENTRY_FLAGS]);
	if (!tb[KVSTORE_A_ENTRY_META])
		return;
	/* A table keeps one attribute of a type, and there are many labels. */
	mnl_attr_for_each_nested(attr, tb[KVSTORE_A_ENTRY_META])
		switch (mnl_attr_get_type(attr)) {
		case KVSTORE_A_META_CREATED_NS:
			check(mnl_attr_validate(attr, MNL_TYPE_U64) >= 0);
			use(mnl_attr_get_u64(attr));
			break;
		case KVSTORE_A_META_HITS:
			use(mnl_attr_get_payload_len(attr) == 4 ? mnl_attr_get_u32(attr) :
								  mnl_attr_get_u64(attr));
			break;
		case KVSTORE_A_META_LABEL:
			check(mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0);
			*sum += strlen(mnl_attr_get_str(attr));
			break;
		}
}

static int read_entry(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[KVSTORE_A_ENTRY_MAX + 1] = {};

	parse_entry(nlh, tb);
	add_entry(tb, data);
	return MNL_CB_OK;
}

static int read_revision(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[KVSTORE_A_ENTRY_MAX + 1] = {};

	parse_entry(nlh, tb);
	*(uint64_t *)data += !!tb[KVSTORE_A_ENTRY_REVISION];
	return MNL_CB_OK;
}

static uint64_t ask(void *state)
{
	struct client *client = state;
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(client->buf);
	struct genlmsghdr *genl;
	uint64_t sum = 0;
	int ret;

	nlh->nlmsg_type = client->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | client->flags;
	nlh->nlmsg_seq = ++client->seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = client->cmd;
	genl->version = 1;
	if (client->name) /* the name of a family, or a key */
		mnl_attr_put_strz(nlh, client->family == GENL_ID_CTRL ? CTRL_ATTR_FAMILY_NAME : KVSTORE_A_ENTRY_KEY,
				  client->name);
	if (client->value)
		mnl_attr_put(nlh, KVSTORE_A_ENTRY_VALUE, LARGE, client->value);
	check(mnl_socket_sendto(client->nl, nlh, nlh->nlmsg_len) >= 0);
	do {
		ret = mnl_socket_recvfrom(client->nl, client->buf, sizeof(client->buf));
		check(ret > 0);
		ret = mnl_cb_run(client->buf, ret, client->seq, client->port, client->read, &sum);
		check(ret >= 0);
	} while (ret > 0);
	return sum;
}

static struct client *open_client(void)
{
	struct client *client = calloc(1, sizeof(*client));

	check(client);
	client->nl = mnl_socket_open(NETLINK_GENERIC);
	check(client->nl);
	check(mnl_socket_bind(client->nl, 0, MNL_SOCKET_AUTOPID) >= 0);
	client->port = mnl_socket_get_portid(client->nl);
	client->family = GENL_ID_CTRL;
	client->cmd = CTRL_CMD_GETFAMILY;
	return client;
}

struct kvstore {
	uint16_t id;
	uint32_t group;
};

static int read_kvstore(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[CTRL_ATTR_MAX + 1] = {}, *nest;
	struct kvstore *kvstore = data;

	parse_ctrl(nlh, tb);
	kvstore->id = mnl_attr_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	mnl_attr_for_each_nested(nest, tb[CTRL_ATTR_MCAST_GROUPS]) {
		const struct nlattr *group[CTRL_ATTR_MCAST_GRP_MAX + 1] = {};
		struct table table = { group, CTRL_ATTR_MCAST_GRP_MAX, group_types };

		check(mnl_attr_parse_nested(nest, into_table, &table) >= 0);
		kvstore->group = mnl_attr_get_u32(group[CTRL_ATTR_MCAST_GRP_ID]);
	}
	return MNL_CB_OK;
}

static struct kvstore resolve(void)
{
	struct client *client = open_client();
	struct kvstore kvstore = {};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(client->buf);
	struct genlmsghdr *genl;
	int ret;

	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETFAMILY;
	genl->version = 1;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, KVSTORE_FAMILY_NAME);
	check(mnl_socket_sendto(client->nl, nlh, nlh->nlmsg_len) >= 0);
	ret = mnl_socket_recvfrom(client->nl, client->buf, sizeof(client->buf));
	mnl_cb_run(client->buf, ret, 0, client->port, read_kvstore, &kvstore);
	mnl_socket_close(client->nl);
	free(client);
	return kvstore;
}

operation *peer_open(const char *what, void **state)
{
	struct client *client = *state = open_client();

	if (!strcmp(what, "family")) {
		/* An ACK, as in the library's examples. */
		client->flags = NLM_F_ACK;
		client->name = "nlctrl";
		client->read = read_family;
		return ask;
	}
	if (!strcmp(what, "families")) {
		client->flags = NLM_F_DUMP;
		client->read = read_family;
		return ask;
	}
	if (!strcmp(what, "policy")) {
		client->flags = NLM_F_DUMP;
		client->cmd = CTRL_CMD_GETPOLICY;
		client->name = "ethtool";
		client->read = read_policy;
		return ask;
	}
	client->family = resolve().id;
	if (!client->family)
		return NULL;
	client->flags = NLM_F_ACK;
	client->name = LARGE_KEY;
	client->read = read_entry;
	client->cmd = KVSTORE_CMD_GET;
	if (!strcmp(what, "get"))
		return ask;
	if (!strcmp(what, "set")) {
		client->cmd = KVSTORE_CMD_SET;
		client->value = large_value;
		client->read = read_revision;
		return ask;
	}
	if (!strcmp(what, "list")) {
		client->flags = NLM_F_DUMP;
		client->name = NULL;
		return ask;
	}
	return NULL;
}

static int read_event(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[KVSTORE_A_ENTRY_MAX + 1] = {};
	uint64_t sum = 0;

	(void)data;
	parse_entry(nlh, tb);
	add_entry(tb, &sum);
	use(sum);
	return peer_heard(mnl_attr_get_str(tb[KVSTORE_A_ENTRY_KEY])) ? MNL_CB_OK : MNL_CB_STOP;
}

void peer_listen(void)
{
	struct client *client = open_client();
	uint32_t group = resolve().group;
	int ret;

	check(mnl_socket_setsockopt(client->nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) >= 0);
	peer_ready();
	do {
		ret = mnl_socket_recvfrom(client->nl, client->buf, sizeof(client->buf));
		if (ret < 0) {
			check(errno == ENOBUFS);
			peer_lost();
			ret = MNL_CB_OK;
			continue;
		}
		ret = mnl_cb_run(client->buf, ret, 0, 0, read_event, NULL);
	} while (ret > MNL_CB_STOP);
}
