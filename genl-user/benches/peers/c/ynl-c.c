// SPDX-License-Identifier: MIT OR Apache-2.0
/* YNL's C library, as its tests have it, with what its generator makes of the specs. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ynl.h>

#include "kvstore-user.h"
#include "nlctrl-user.h"
#include "peer.h"

static uint64_t all_of(const struct nlctrl_getfamily_rsp *rsp)
{
	uint64_t sum = rsp->family_id + rsp->_len.family_name + rsp->version + rsp->hdrsize + rsp->maxattr;

	for (unsigned int i = 0; i < rsp->_count.ops; i++)
		sum += rsp->ops[i].id + rsp->ops[i].flags;
	for (unsigned int i = 0; i < rsp->_count.mcast_groups; i++)
		sum += rsp->mcast_groups[i]._len.name + rsp->mcast_groups[i].id;
	return sum;
}

static uint64_t family(void *state)
{
	struct nlctrl_getfamily_req *req = nlctrl_getfamily_req_alloc();
	struct nlctrl_getfamily_rsp *rsp;
	uint64_t sum;

	nlctrl_getfamily_req_set_family_name(req, "nlctrl");
	rsp = nlctrl_getfamily(state, req);
	nlctrl_getfamily_req_free(req);
	check(rsp);
	sum = all_of(rsp);
	nlctrl_getfamily_rsp_free(rsp);
	return sum;
}

static uint64_t families(void *state)
{
	struct nlctrl_getfamily_list *list = nlctrl_getfamily_dump(state);
	uint64_t sum = 0;

	check(list);
	ynl_dump_foreach(list, rsp)
		sum += all_of(rsp);
	nlctrl_getfamily_list_free(list);
	return sum;
}

static uint64_t entry(const struct kvstore_get_rsp *rsp)
{
	uint64_t sum = rsp->_len.key + rsp->_len.value + rsp->flags;

	use(rsp->revision);
	use(rsp->meta.created_ns);
	use(rsp->meta.hits);
	for (unsigned int i = 0; i < rsp->meta._count.label; i++)
		sum += rsp->meta.label[i]->len;
	return sum;
}

static uint64_t get(void *state)
{
	struct kvstore_get_req *req = kvstore_get_req_alloc();
	struct kvstore_get_rsp *rsp;
	uint64_t sum;

	kvstore_get_req_set_key(req, LARGE_KEY);
	rsp = kvstore_get(state, req);
	kvstore_get_req_free(req);
	check(rsp);
	sum = entry(rsp);
	kvstore_get_rsp_free(rsp);
	return sum;
}

static uint64_t set(void *state)
{
	struct kvstore_set_req *req = kvstore_set_req_alloc();
	struct kvstore_set_rsp *rsp;
	uint64_t sum;

	kvstore_set_req_set_key(req, LARGE_KEY);
	kvstore_set_req_set_value(req, large_value, LARGE);
	rsp = kvstore_set(state, req);
	kvstore_set_req_free(req);
	check(rsp);
	sum = rsp->_present.revision;
	kvstore_set_rsp_free(rsp);
	return sum;
}

static uint64_t list(void *state)
{
	struct kvstore_get_req_dump *req = kvstore_get_req_dump_alloc();
	struct kvstore_get_list *list = kvstore_get_dump(state, req);
	uint64_t sum = 0;

	kvstore_get_req_dump_free(req);
	check(list);
	ynl_dump_foreach(list, rsp)
		sum += entry(rsp);
	kvstore_get_list_free(list);
	return sum;
}

operation *peer_open(const char *what, void **state)
{
	static const struct {
		const char *what;
		const struct ynl_family *family;
		operation *operation;
	} cases[] = {
		/* What it makes of policies cannot be read: their nests are of another depth. */
		{ "family", &ynl_nlctrl_family, family }, { "families", &ynl_nlctrl_family, families },
		{ "get", &ynl_kvstore_family, get },	  { "set", &ynl_kvstore_family, set },
		{ "list", &ynl_kvstore_family, list },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (!strcmp(cases[i].what, what)) {
			*state = ynl_sock_create(cases[i].family, NULL);
			return *state ? cases[i].operation : NULL;
		}
	return NULL;
}

void peer_listen(void)
{
	struct ynl_sock *ys = ynl_sock_create(&ynl_kvstore_family, NULL);
	bool go_on = true;

	check(ys && !ynl_subscribe(ys, "changes"));
	peer_ready();
	while (go_on) {
		struct pollfd pollfd = { .fd = ynl_socket_get_fd(ys), .events = POLLIN };
		struct ynl_ntf_base_type *ntf;
		struct kvstore_get_rsp *event;

		poll(&pollfd, 1, -1);
		if (ynl_ntf_check(ys))
			peer_lost();
		while (go_on && ynl_has_ntf(ys)) {
			ntf = ynl_ntf_dequeue(ys);
			event = &((struct kvstore_get_ntf *)ntf)->obj;
			use(entry(event));
			go_on = peer_heard(event->key);
			ynl_ntf_free(ntf);
		}
	}
	ynl_sock_destroy(ys);
}
