// SPDX-License-Identifier: GPL-2.0
/* Exports what exports.rs defines; the macro exists in C only. */
#include <linux/export.h>

#include "nltest.h"

EXPORT_SYMBOL_GPL(nltest_unicast);
EXPORT_SYMBOL_GPL(nltest_broadcast);
