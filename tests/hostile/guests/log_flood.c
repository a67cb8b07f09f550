// attack: 100,000 log lines of 8 KiB in one event, with line ends and terminal controls in them
// expect: served: as many lines as log-rate allows are written, each on one line with nothing but printable bytes, and how
//   many were dropped is said once; then the data is answered with 100000, 4 bytes little-endian
#include "hostile.h"

static char line[8192];

void on_data_received(int32_t conn, int32_t len)
{
    (void)len;
    for (int i = 0; i < (int)sizeof line; i++)
        line[i] = "\nlevel=ERROR msg=forged \x1b[2J\xff\r"[i % 32];
    int32_t n = 0;
    for (; n < 100000; n++)
        wasmnet_log(n % 6 - 1, line, sizeof line);
    answer(conn, n);
}
