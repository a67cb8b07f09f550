// attack: reads, writes, closes and asks about descriptors that it was never given, the host's own among them, and
//   opens files by path
// expect: served: answers the data with 8 (BADF), 4 bytes little-endian, or with 1000 times the number of the check that
//   brought anything else, plus what it brought
#include "hostile.h"

#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) int32_t name
struct iovec { void *ptr; uint32_t len; };
WASI(fd_read)(int32_t fd, const struct iovec *v, int32_t n, uint32_t *read);
WASI(fd_write)(int32_t fd, const struct iovec *v, int32_t n, uint32_t *written);
WASI(fd_close)(int32_t fd);
WASI(fd_fdstat_get)(int32_t fd, void *stat);
WASI(fd_prestat_get)(int32_t fd, void *prestat);
WASI(fd_prestat_dir_name)(int32_t fd, void *path, int32_t len);
WASI(path_open)(int32_t fd, int32_t lookup, const char *path, int32_t len, int32_t flags, int64_t base, int64_t inherit,
                int32_t fdflags, int32_t *opened);
WASI(sock_accept)(int32_t fd, int32_t flags, int32_t *accepted);

static int32_t check(void)
{
    static char bytes[64];
    struct iovec v = {bytes, sizeof bytes};
    uint32_t n;
    int32_t fd, e, opened;
    for (fd = -1; fd < 300; fd = fd == 64 ? 299 : fd + 1) {
        if (fd >= 0 && fd <= 2)
            continue;
        if ((e = fd_read(fd, &v, 1, &n)) != 8) return 1000 + e;
        if ((e = fd_write(fd, &v, 1, &n)) != 8) return 2000 + e;
        if ((e = fd_fdstat_get(fd, bytes)) != 8) return 3000 + e;
        if ((e = fd_prestat_get(fd, bytes)) != 8) return 4000 + e;
        if ((e = fd_prestat_dir_name(fd, bytes, sizeof bytes)) != 8) return 5000 + e;
        if ((e = path_open(fd, 0, "/etc/passwd", 11, 0, -1, -1, 0, &opened)) != 8) return 6000 + e;
        if ((e = sock_accept(fd, 0, &opened)) != 8) return 7000 + e;
        if ((e = fd_close(fd)) != 8) return 8000 + e;
    }
    return 8;
}

void on_data_received(int32_t conn, int32_t len)
{
    (void)len;
    answer(conn, check());
}
