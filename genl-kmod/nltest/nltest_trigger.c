// SPDX-License-Identifier: GPL-2.0
/*
 * Lets the kernel speak first: when this module is loaded, it sends one message of the family
 * nltest to a port and one to the group "chat", from a context of one's choice.
 */
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <net/net_namespace.h>

#include "nltest_events.h"

static unsigned int portid;
module_param(portid, uint, 0444);
MODULE_PARM_DESC(portid, "netlink port to send to, in the initial network namespace; 0 (the default) sends to the group only");

static char *text = "the kernel speaks first";
module_param(text, charp, 0444);
MODULE_PARM_DESC(text, "text of the messages");

static char *context = "process";
module_param(context, charp, 0444);
MODULE_PARM_DESC(context, "from where to send: process (the default), locked or softirq");

static bool everywhere;
module_param(everywhere, bool, 0444);
MODULE_PARM_DESC(everywhere, "send to the group in all network namespaces");

static DEFINE_SPINLOCK(lock);
static DECLARE_COMPLETION(spoken);
static int outcome;

static int speak(gfp_t gfp)
{
	struct nltest_message message = { .text = text };

	if (everywhere)
		nltest_message_all(&message, gfp);
	else
		nltest_message(&init_net, &message, gfp);
	return portid ? nltest_message_to(portid, &init_net, &message, gfp) : 0;
}

static void speak_from_softirq(struct timer_list *timer)
{
	outcome = speak(GFP_ATOMIC);
	complete(&spoken);
}

static DEFINE_TIMER(timer, speak_from_softirq);

static int __init nltest_trigger_init(void)
{
	if (!strcmp(context, "process"))
		return speak(GFP_KERNEL);
	if (!strcmp(context, "locked")) {
		spin_lock_bh(&lock);
		outcome = speak(GFP_ATOMIC);
		spin_unlock_bh(&lock);
		return outcome;
	}
	if (!strcmp(context, "softirq")) {
		mod_timer(&timer, jiffies);
		wait_for_completion(&spoken);
		timer_delete_sync(&timer);
		return outcome;
	}
	return -EINVAL;
}
module_init(nltest_trigger_init);

static void __exit nltest_trigger_exit(void)
{
}
module_exit(nltest_trigger_exit);

MODULE_AUTHOR("The genl-kmod authors");
MODULE_DESCRIPTION("Sends messages of the family nltest when it is loaded");
MODULE_LICENSE("GPL");
