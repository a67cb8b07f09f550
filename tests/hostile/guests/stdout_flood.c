// attack: the log flood by way of WASI: one write of 64 KiB that is all line ends, a thousand times
// expect: served: as log_flood; answers the data with the sum of what fd_write took, 4 bytes little-endian: all of it
#include "hostile.h"

struct iovec { const void *ptr; uint32_t len; };
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write")))
int32_t fd_write(int32_t fd, const struct iovec *v, int32_t n, uint32_t *written);

static char lines[65536];

void on_data_received(int32_t conn, int32_t len)
{
    (void)len;
    for (int i = 0; i < (int)sizeof lines; i++)
        lines[i] = '\n';
    struct iovec v = {lines, sizeof lines};
    uint32_t sum = 0;
    for (int i = 0; i < 1000; i++) {
        uint32_t n = 0;
        if (fd_write(1 + i % 2, &v, 1, &n) == 0)
            sum += n;
    }
    answer(conn, (int32_t)sum);
}
