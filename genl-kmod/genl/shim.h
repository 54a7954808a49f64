/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the Rust runtime needs of C: static inlines and macros that bindgen cannot see.
 * shim.rs repeats these declarations.
 */
#ifndef GENL_SHIM_H
#define GENL_SHIM_H

#include <linux/types.h>

struct genl_family;
struct net;
struct netlink_callback;
struct sk_buff;

void *genl_shim_net_generic(const struct net *net, unsigned int id);
void genl_shim_dump_check_consistent(struct netlink_callback *cb, void *user_hdr);
int genl_shim_unicast(struct net *net, struct sk_buff *skb, u32 portid);
void genl_shim_multicast(const struct genl_family *family, struct net *net,
			 struct sk_buff *skb, unsigned int group, gfp_t gfp);
void genl_shim_multicast_all(const struct genl_family *family,
			     struct sk_buff *skb, unsigned int group);
void genl_shim_might_alloc(gfp_t gfp);
int genl_shim_gate_enter(void);
void genl_shim_gate_leave(int token);
void genl_shim_gate_drain(void);
void genl_shim_cond_resched(void);

#endif /* GENL_SHIM_H */
