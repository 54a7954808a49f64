/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What every peer in C shares; harness/src/lib.rs says what it is told and how it answers. */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stdint.h>

#define LARGE_KEY "large"
#define LARGE 1024

/* An operation of a case; what it gives depends on what was read, so that nothing can be left out. */
typedef uint64_t operation(void *state);

/* To be given by the peer: the operation of a case with its socket in `state`, NULL if it has none. */
operation *peer_open(const char *what, void **state);
/* To be given by the peer: reads events until peer_heard() says that it is enough. */
void peer_listen(void);

/* For peer_listen(): nothing will be missed any more. */
void peer_ready(void);
/* An event about the entry of this key came. Whether to go on. */
bool peer_heard(const char *key);
/* The library said that events were lost. */
void peer_lost(void);

/* The value of the large entry. */
extern unsigned char large_value[LARGE];

/* Keeps a value that is of no more use from being left out. */
#define use(value) __asm__ volatile("" : : "r"((uint64_t)(value)))

#define check(condition)                                                           \
	do {                                                                       \
		if (!(condition)) {                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			exit(1);                                                   \
		}                                                                  \
	} while (0)

#endif
