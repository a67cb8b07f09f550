// attack: a large memory from the start, which costs nothing until it is written to: no memory.grow gives it away
// expect: served: answers the data when it has written to every page; what many of them hold together is within memory-total
#include "hostile.h"

static unsigned char plenty[48 << 20];

void on_data_received(int32_t conn, int32_t len)
{
    (void)len;
    for (uint32_t at = 0; at < sizeof plenty; at += 4096)
        *(volatile unsigned char *)(plenty + at) = 1;
    answer(conn, 1);
}
