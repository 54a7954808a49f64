// SPDX-License-Identifier: GPL-2.0
/*
 * Lets the kernel speak first: when this module is loaded, it sends one message of the family
 * nltest to a port and one to the group "chat", both in the initial network namespace.
 */
#include <linux/module.h>
#include <net/net_namespace.h>

#include "nltest.h"

static unsigned int portid;
module_param(portid, uint, 0444);
MODULE_PARM_DESC(portid, "netlink port to send to; 0 (the default) sends to the group only");

static char *text = "the kernel speaks first";
module_param(text, charp, 0444);
MODULE_PARM_DESC(text, "text of the messages");

static int __init nltest_trigger_init(void)
{
	nltest_broadcast(&init_net, text);
	return portid ? nltest_unicast(&init_net, portid, text) : 0;
}
module_init(nltest_trigger_init);

static void __exit nltest_trigger_exit(void)
{
}
module_exit(nltest_trigger_exit);

MODULE_AUTHOR("The genl-kmod authors");
MODULE_DESCRIPTION("Sends messages of the family nltest when it is loaded");
MODULE_LICENSE("GPL");
