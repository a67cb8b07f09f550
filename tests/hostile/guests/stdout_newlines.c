// attack: print calls of 4 MiB that are nothing but line ends: a cheap call that makes the host look at each of them
// expect: served: each call takes no more than the host looks through in one go, 64 KiB, which is what the data is answered
//   with, 4 bytes little-endian
#include "hostile.h"

struct iovec { const void *ptr; uint32_t len; };
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write")))
int32_t fd_write(int32_t fd, const struct iovec *v, int32_t n, uint32_t *written);

static char lines[4 << 20];

void on_data_received(int32_t conn, int32_t len)
{
    (void)len;
    for (uint32_t i = 0; i < sizeof lines; i++)
        lines[i] = '\n';
    struct iovec v[16];
    for (int i = 0; i < 16; i++)
        v[i] = (struct iovec){lines, sizeof lines};
    uint32_t n = 0;
    for (int i = 0; i < 64; i++)
        if (fd_write(1, v, 16, &n) != 0)
            __builtin_trap();
    answer(conn, (int32_t)n);
}
