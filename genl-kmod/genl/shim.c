// SPDX-License-Identifier: GPL-2.0
/*
 * Static inlines and macros of the kernel as functions, and nothing else. Each module has its own
 * copy of this file.
 */
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/srcu.h>
#include <net/genetlink.h>
#include <net/netns/generic.h>

#include "shim.h"

/* Numbers that bindgen drops and the Rust files therefore repeat. */
static_assert(NLMSG_HDRLEN == 16);
static_assert(GENL_HDRLEN == 4);
static_assert(NLA_HDRLEN == 4);
static_assert(NLA_ALIGNTO == 4);
static_assert((NLA_TYPE_MASK & 0xffff) == 0x3fff);
static_assert(GENL_MCAST_CAP_NET_ADMIN == 1);
static_assert(GENL_MCAST_CAP_SYS_ADMIN == 2);
static_assert(NETLINK_CTX_SIZE == 48);

/* Open while the module's family is registered; see mcast.rs. */
DEFINE_STATIC_SRCU(gate);

void *genl_shim_net_generic(const struct net *net, unsigned int id)
{
	return net_generic(net, id);
}

void genl_shim_dump_check_consistent(struct netlink_callback *cb, void *user_hdr)
{
	genl_dump_check_consistent(cb, user_hdr);
}

int genl_shim_unicast(struct net *net, struct sk_buff *skb, u32 portid)
{
	return genlmsg_unicast(net, skb, portid);
}

/* Without skb the event could not be made, and who listens is told that something is lost. */
void genl_shim_multicast(const struct genl_family *family, struct net *net,
			 struct sk_buff *skb, unsigned int group, gfp_t gfp)
{
	if (skb)
		genlmsg_multicast_netns(family, net, skb, 0, group, gfp);
	else
		genl_set_err(family, net, 0, group, -ENOBUFS);
}

/*
 * genlmsg_multicast_allns() gives up at the first namespace where it fails. One listener with
 * NETLINK_BROADCAST_ERROR and a full queue makes it fail, and needs no rights for that: so what
 * happens in one namespace must not matter to another. Who misses the event is told by the core.
 */
void genl_shim_multicast_all(const struct genl_family *family,
			     struct sk_buff *skb, unsigned int group)
{
	struct net *net;

	rcu_read_lock();
	for_each_net_rcu(net) {
		struct sk_buff *clone = skb ? skb_clone(skb, GFP_ATOMIC) : NULL;

		genl_shim_multicast(family, net, clone, group, GFP_ATOMIC);
	}
	rcu_read_unlock();
	consume_skb(skb);
}

#if defined(CONFIG_DEBUG_ATOMIC_SLEEP) || defined(CONFIG_LOCKDEP)
void genl_shim_might_alloc(gfp_t gfp)
{
	might_alloc(gfp);
}
#endif

int genl_shim_gate_enter(void)
{
	return srcu_read_lock(&gate);
}

void genl_shim_gate_leave(int token)
{
	srcu_read_unlock(&gate, token);
}

void genl_shim_gate_drain(void)
{
	synchronize_srcu(&gate);
}

void genl_shim_cond_resched(void)
{
	cond_resched();
}
