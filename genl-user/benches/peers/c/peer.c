// SPDX-License-Identifier: MIT OR Apache-2.0
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"

#define MOST_CASES 16
#define MOST_THREADS 16

unsigned char large_value[LARGE];

/* The C library's own functions, which these stand before to count. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);

static uint64_t allocations;

void *malloc(size_t size)
{
	__atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	__atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
	return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
	__atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
	return __libc_realloc(block, size);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static uint64_t time_ns(struct timeval time)
{
	return time.tv_sec * 1000000000ull + time.tv_usec * 1000ull;
}

static uint64_t heard, lost;

void peer_ready(void)
{
	puts("ready");
}

bool peer_heard(const char *key)
{
	if (!strcmp(key, "end"))
		return false;
	if (++heard % 1000 == 0)
		usleep(50000);
	return true;
}

void peer_lost(void)
{
	lost++;
}

static void events(void)
{
	struct rusage before, after;
	uint64_t allocated = allocations;

	heard = lost = 0;
	getrusage(RUSAGE_SELF, &before);
	peer_listen();
	getrusage(RUSAGE_SELF, &after);
	printf("%lu %lu %ld %lu %lu\n",
	       time_ns(after.ru_utime) + time_ns(after.ru_stime) -
		       time_ns(before.ru_utime) - time_ns(before.ru_stime),
	       allocations - allocated, after.ru_nvcsw - before.ru_nvcsw, heard, lost);
}

struct one {
	char what[16];
	operation *operation;
	void *state;
};

static void one(struct one *one, unsigned long count)
{
	struct rusage before, after;
	uint64_t allocated, start, ns, sum = 0;

	getrusage(RUSAGE_SELF, &before);
	allocated = allocations;
	start = now_ns();
	for (unsigned long i = 0; i < count; i++)
		sum = one->operation(one->state);
	ns = now_ns() - start;
	allocated = allocations - allocated;
	getrusage(RUSAGE_SELF, &after);
	printf("%lu %lu %ld %lu 0\n", ns, allocated, after.ru_nvcsw - before.ru_nvcsw, sum);
}

static pthread_barrier_t barrier;
static const char *threads_what;
static unsigned long threads_count;

/* Of a thread: when it began and ended. */
struct span {
	uint64_t start, end;
};

static void *thread(void *data)
{
	struct span *span = data;
	void *state;
	operation *operation = peer_open(threads_what, &state);

	check(operation);
	for (unsigned long i = 0; i < threads_count && i < 100; i++)
		operation(state);
	pthread_barrier_wait(&barrier);
	span->start = now_ns();
	for (unsigned long i = 0; i < threads_count; i++)
		operation(state);
	span->end = now_ns();
	return NULL;
}

static void many(const char *what, unsigned long count, unsigned int threads)
{
	struct span spans[MOST_THREADS], all = { UINT64_MAX, 0 };
	pthread_t ids[MOST_THREADS];

	check(threads <= MOST_THREADS);
	threads_what = what;
	threads_count = count;
	pthread_barrier_init(&barrier, NULL, threads);
	for (unsigned int i = 0; i < threads; i++)
		check(!pthread_create(&ids[i], NULL, thread, &spans[i]));
	for (unsigned int i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
		if (spans[i].start < all.start)
			all.start = spans[i].start;
		if (spans[i].end > all.end)
			all.end = spans[i].end;
	}
	printf("%lu - - - 0\n", all.end - all.start);
	pthread_barrier_destroy(&barrier);
}

int main(void)
{
	struct one cases[MOST_CASES];
	unsigned int known = 0, at, threads;
	unsigned long count;
	char what[16];

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned int i = 0; i < LARGE; i++)
		large_value[i] = i;
	while (scanf("%15s %lu %u", what, &count, &threads) == 3) {
		if (!strcmp(what, "events")) {
			events();
			continue;
		}
		for (at = 0; at < known && strcmp(cases[at].what, what); at++)
			;
		if (at == known) {
			check(known++ < MOST_CASES);
			strcpy(cases[at].what, what);
			cases[at].operation = peer_open(what, &cases[at].state);
		}
		if (!cases[at].operation)
			puts("none");
		else if (threads == 1)
			one(&cases[at], count);
		else
			many(what, count, threads);
	}
	return 0;
}
