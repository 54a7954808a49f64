/* The struct that odd.yaml says another header has. */
#include <linux/types.h>

struct known_elsewhere {
	__u32 word;
};
