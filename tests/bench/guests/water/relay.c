/* A WATER transport module (API version 1) that relays: what it accepts goes to what it dials, both ways, as it comes.
 * Freestanding, so that nothing but WATER itself is measured. */
#include <stddef.h>
#include <stdint.h>

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))
#define WASI(name) IMPORT("wasi_snapshot_preview1", #name) uint16_t name

/* Of WASI: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md */
enum { EAGAIN = 6, ECANCELED = 11, EIO = 29, NONBLOCK = 4, FD_READ = 1, FD_WRITE = 2 };

struct iovec { const void *base; size_t size; };
struct subscription { uint64_t user, tag; uint32_t fd; uint8_t rest[28]; };
struct event { uint64_t user; uint16_t error; uint8_t type; uint8_t rest[20]; };
_Static_assert(sizeof(struct subscription) == 48 && offsetof(struct subscription, fd) == 16, "the form of a subscription");
_Static_assert(sizeof(struct event) == 32, "the size of an event");

WASI(fd_read)(int32_t fd, const struct iovec *to, size_t n, size_t *done);
WASI(fd_write)(int32_t fd, const struct iovec *from, size_t n, size_t *done);
WASI(fd_close)(int32_t fd);
WASI(fd_fdstat_set_flags)(int32_t fd, uint16_t flags);
WASI(poll_oneoff)(const struct subscription *in, struct event *out, size_t n, size_t *events);
IMPORT("env", "water_accept") int32_t water_accept(void);
IMPORT("env", "water_dial_fixed") int32_t water_dial_fixed(void);

static int32_t ends[2];
static struct subscription readable[] = {
	{.user = 0, .tag = FD_READ},
	{.user = 1, .tag = FD_READ},
	{.user = 2, .tag = FD_READ}, /* the host's wish to end */
};
static struct subscription writable = {.tag = FD_WRITE};
static char buffer[64 << 10];

EXPORT("watm_init_v1") int32_t watm_init_v1(void) { return 0; }

EXPORT("watm_ctrlpipe_v1") int32_t watm_ctrlpipe_v1(int32_t fd)
{
	readable[2].fd = fd;
	return 0;
}

EXPORT("watm_associate_v1") int32_t watm_associate_v1(void)
{
	if ((ends[0] = water_accept()) < 0)
		return ends[0];
	if ((ends[1] = water_dial_fixed()) < 0)
		return ends[1];
	for (int i = 0; i < 2; i++) {
		readable[i].fd = ends[i];
		if (fd_fdstat_set_flags(ends[i], NONBLOCK))
			return -EIO;
	}
	return 0;
}

/* send writes all of the buffer's first size bytes, and waits where the other side is slow. It returns false at an error. */
static int send(int32_t to, size_t size)
{
	for (size_t at = 0, done; at < size; at += done) {
		struct iovec rest = {buffer + at, size - at};
		uint16_t error = fd_write(to, &rest, 1, &done);
		if (error == EAGAIN) {
			struct event ready;
			writable.fd = to;
			if (poll_oneoff(&writable, &ready, 1, &done))
				return 0;
			done = 0;
		} else if (error) {
			return 0;
		}
	}
	return 1;
}

/* pass hands on what has come from one end. It returns false at the end and at an error. */
static int pass(int from)
{
	struct iovec all = {buffer, sizeof buffer};
	size_t n;
	uint16_t error = fd_read(ends[from], &all, 1, &n);
	if (error == EAGAIN)
		return 1;
	return !error && n && send(ends[1 - from], n);
}

EXPORT("watm_start_v1") int32_t watm_start_v1(void)
{
	for (;;) {
		struct event out[3];
		size_t n = 0;
		int32_t end = poll_oneoff(readable, out, 3, &n) ? -EIO : 1;
		for (size_t i = 0; i < n && end > 0; i++) {
			if (out[i].user == 2)
				end = -ECANCELED;
			else if (!pass(out[i].user))
				end = 0;
		}
		if (end <= 0) {
			fd_close(ends[0]);
			fd_close(ends[1]);
			return end;
		}
	}
}
