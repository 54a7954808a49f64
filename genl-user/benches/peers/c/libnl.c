// SPDX-License-Identifier: MIT OR Apache-2.0
/* libnl, as its documentation has it: messages are made and parsed by policies, callbacks get what came. */
#include <linux/kvstore.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

struct client {
	struct nl_sock *sock;
	int family;
	uint8_t cmd;
	int flags;
	const char *name; /* in the request, unless NULL */
	const void *value; /* the same, of LARGE bytes */
	uint64_t sum;
};

static struct nla_policy ctrl_policy[CTRL_ATTR_MAX + 1] = {
	[CTRL_ATTR_FAMILY_ID] = { .type = NLA_U16 }, [CTRL_ATTR_FAMILY_NAME] = { .type = NLA_STRING },
	[CTRL_ATTR_VERSION] = { .type = NLA_U32 },   [CTRL_ATTR_HDRSIZE] = { .type = NLA_U32 },
	[CTRL_ATTR_MAXATTR] = { .type = NLA_U32 },   [CTRL_ATTR_OPS] = { .type = NLA_NESTED },
	[CTRL_ATTR_MCAST_GROUPS] = { .type = NLA_NESTED },
};

static struct nla_policy op_policy[CTRL_ATTR_OP_MAX + 1] = {
	[CTRL_ATTR_OP_ID] = { .type = NLA_U32 },
	[CTRL_ATTR_OP_FLAGS] = { .type = NLA_U32 },
};

static struct nla_policy group_policy[CTRL_ATTR_MCAST_GRP_MAX + 1] = {
	[CTRL_ATTR_MCAST_GRP_NAME] = { .type = NLA_STRING },
	[CTRL_ATTR_MCAST_GRP_ID] = { .type = NLA_U32 },
};

static struct nla_policy entry_policy[KVSTORE_A_ENTRY_MAX + 1] = {
	[KVSTORE_A_ENTRY_KEY] = { .type = NLA_STRING },	  [KVSTORE_A_ENTRY_VALUE] = { .type = NLA_UNSPEC },
	[KVSTORE_A_ENTRY_REVISION] = { .type = NLA_U64 }, [KVSTORE_A_ENTRY_FLAGS] = { .type = NLA_U32 },
	[KVSTORE_A_ENTRY_META] = { .type = NLA_NESTED },
};

static int read_family(struct nl_msg *msg, void *data)
{
	struct client *client = data;
	struct nlattr *tb[CTRL_ATTR_MAX + 1], *nest;
	int rest;

	check(!genlmsg_parse(nlmsg_hdr(msg), 0, tb, CTRL_ATTR_MAX, ctrl_policy));
	client->sum += nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	client->sum += strlen(nla_get_string(tb[CTRL_ATTR_FAMILY_NAME]));
	for (int type = CTRL_ATTR_VERSION; type <= CTRL_ATTR_MAXATTR; type++)
		if (tb[type])
			client->sum += nla_get_u32(tb[type]);
	if (tb[CTRL_ATTR_OPS])
		nla_for_each_nested(nest, tb[CTRL_ATTR_OPS], rest) {
			struct nlattr *op[CTRL_ATTR_OP_MAX + 1];

			check(!nla_parse_nested(op, CTRL_ATTR_OP_MAX, nest, op_policy));
			client->sum += nla_get_u32(op[CTRL_ATTR_OP_ID]);
			client->sum += nla_get_u32(op[CTRL_ATTR_OP_FLAGS]);
		}
	if (tb[CTRL_ATTR_MCAST_GROUPS])
		nla_for_each_nested(nest, tb[CTRL_ATTR_MCAST_GROUPS], rest) {
			struct nlattr *group[CTRL_ATTR_MCAST_GRP_MAX + 1];

			check(!nla_parse_nested(group, CTRL_ATTR_MCAST_GRP_MAX, nest, group_policy));
			client->sum += strlen(nla_get_string(group[CTRL_ATTR_MCAST_GRP_NAME]));
			client->sum += nla_get_u32(group[CTRL_ATTR_MCAST_GRP_ID]);
		}
	return NL_OK;
}

static int read_policy(struct nl_msg *msg, void *data)
{
	struct client *client = data;
	struct nlattr *tb[CTRL_ATTR_MAX + 1];

	check(!genlmsg_parse(nlmsg_hdr(msg), 0, tb, CTRL_ATTR_MAX, ctrl_policy));
	client->sum += nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]) + !!tb[CTRL_ATTR_POLICY];
	return NL_OK;
}

static void parse_entry(struct nl_msg *msg, struct nlattr **tb)
{
	check(!genlmsg_parse(nlmsg_hdr(msg), 0, tb, KVSTORE_A_ENTRY_MAX, entry_policy));
}

static uint64_t entry(struct nlattr **tb)
{
	uint64_t sum = 0;
	struct nlattr *attr;
	int rest;

	sum += strlen(nla_get_string(tb[KVSTORE_A_ENTRY_KEY]));
	if (tb[KVSTORE_A_ENTRY_VALUE])
		sum += nla_len(tb[KVSTORE_A_ENTRY_VALUE]);
	use(nla_get_u64(tb[KVSTORE_A_ENTRY_REVISION]));
	if (tb[KVSTORE_A_ENTRY_FLAGS])
		sum += nla_get_u32(tb[KVSTORE_A_ENTRY_FLAGS]);
	if (!tb[KVSTORE_A_ENTRY_META])
		return sum;
	/* A table keeps one attribute of a type, and there are many labels. */
	nla_for_each_nested(attr, tb[KVSTORE_A_ENTRY_META], rest)
		switch (nla_type(attr)) {
		case KVSTORE_A_META_CREATED_NS:
			use(nla_get_u64(attr));
			break;
		case KVSTORE_A_META_HITS:
			use(nla_len(attr) == 4 ? nla_get_u32(attr) : nla_get_u64(attr));
			break;
		case KVSTORE_A_META_LABEL:
			sum += strlen(nla_get_string(attr));
			break;
		}
	return sum;
}

static int read_entry(struct nl_msg *msg, void *data)
{
	struct client *client = data;
	struct nlattr *tb[KVSTORE_A_ENTRY_MAX + 1];

	parse_entry(msg, tb);
	client->sum += entry(tb);
	return NL_OK;
}

static int read_revision(struct nl_msg *msg, void *data)
{
	struct client *client = data;
	struct nlattr *tb[KVSTORE_A_ENTRY_MAX + 1];

	parse_entry(msg, tb);
	client->sum += !!tb[KVSTORE_A_ENTRY_REVISION];
	return NL_OK;
}

static uint64_t ask(void *state)
{
	struct client *client = state;
	struct nl_msg *msg = nlmsg_alloc();

	check(msg);
	check(genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, client->family, 0, client->flags, client->cmd, 1));
	if (client->name) /* the name of a family, or a key */
		check(!nla_put_string(msg, client->family == GENL_ID_CTRL ? CTRL_ATTR_FAMILY_NAME : KVSTORE_A_ENTRY_KEY,
				      client->name));
	if (client->value)
		check(!nla_put(msg, KVSTORE_A_ENTRY_VALUE, LARGE, client->value));
	check(nl_send_auto(client->sock, msg) >= 0);
	nlmsg_free(msg);
	client->sum = 0;
	check(nl_recvmsgs_default(client->sock) >= 0);
	/* A socket asks for ACKs unless it is told not to; a dump has none. */
	if (!client->flags)
		check(nl_wait_for_ack(client->sock) >= 0);
	return client->sum;
}

operation *peer_open(const char *what, void **state)
{
	struct client *client = *state = calloc(1, sizeof(*client));
	nl_recvmsg_msg_cb_t read;

	check(client);
	client->sock = nl_socket_alloc();
	check(client->sock && !genl_connect(client->sock));
	client->family = GENL_ID_CTRL;
	client->cmd = CTRL_CMD_GETFAMILY;
	if (!strcmp(what, "family")) {
		client->name = "nlctrl";
		read = read_family;
	} else if (!strcmp(what, "families")) {
		client->flags = NLM_F_DUMP;
		read = read_family;
	} else if (!strcmp(what, "policy")) {
		client->flags = NLM_F_DUMP;
		client->cmd = CTRL_CMD_GETPOLICY;
		client->name = "ethtool";
		read = read_policy;
	} else {
		client->family = genl_ctrl_resolve(client->sock, KVSTORE_FAMILY_NAME);
		if (client->family < 0)
			return NULL;
		client->cmd = KVSTORE_CMD_GET;
		read = read_entry;
		if (!strcmp(what, "get")) {
			client->name = LARGE_KEY;
		} else if (!strcmp(what, "set")) {
			client->cmd = KVSTORE_CMD_SET;
			client->name = LARGE_KEY;
			client->value = large_value;
			read = read_revision;
		} else if (!strcmp(what, "list")) {
			client->flags = NLM_F_DUMP;
		} else {
			return NULL;
		}
	}
	nl_socket_modify_cb(client->sock, NL_CB_VALID, NL_CB_CUSTOM, read, client);
	return ask;
}

static bool enough;

static int read_event(struct nl_msg *msg, void *data)
{
	struct nlattr *tb[KVSTORE_A_ENTRY_MAX + 1];

	(void)data;
	parse_entry(msg, tb);
	use(entry(tb));
	enough = !peer_heard(nla_get_string(tb[KVSTORE_A_ENTRY_KEY]));
	return enough ? NL_STOP : NL_OK;
}

void peer_listen(void)
{
	struct nl_sock *sock = nl_socket_alloc();

	check(sock);
	nl_socket_disable_seq_check(sock);
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, read_event, NULL);
	check(!genl_connect(sock));
	check(!nl_socket_add_membership(sock, genl_ctrl_resolve_grp(sock, KVSTORE_FAMILY_NAME, "changes")));
	peer_ready();
	for (enough = false; !enough;)
		/* That events were lost is -NLE_NOMEM here. */
		if (nl_recvmsgs_default(sock) < 0)
			peer_lost();
	nl_socket_free(sock);
}
