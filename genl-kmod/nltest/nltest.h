/* SPDX-License-Identifier: GPL-2.0 */
/* What the module nltest exports: messages of its family, sent from other modules. */
#ifndef _NLTEST_H
#define _NLTEST_H

#include <linux/types.h>

struct net;

/**
 * nltest_unicast() - Send a message to one netlink port.
 * @net: The network namespace in which the port is; not NULL.
 * @portid: The port.
 * @text: The message's text, ended by a NUL; not NULL.
 *
 * The message has no portid attribute: the kernel itself sends it.
 *
 * Context: Process context. May sleep.
 * Return: 0; -ECONNREFUSED if nobody has the port, -EAGAIN if its queue is full, -EINVAL for
 * port 0, -EMSGSIZE for a text of 64 KiB or more, -ENODEV if the family is not registered,
 * -ENOMEM.
 */
int nltest_unicast(struct net *net, u32 portid, const char *text);

/**
 * nltest_broadcast() - Send a message to the group "chat".
 * @net: The network namespace in which it is heard; not NULL.
 * @text: The message's text, ended by a NUL; not NULL.
 *
 * It is no error if nobody listens. Listeners that the message cannot reach are told that they
 * have lost something.
 *
 * Context: Process context. May sleep.
 */
void nltest_broadcast(struct net *net, const char *text);

#endif /* _NLTEST_H */
