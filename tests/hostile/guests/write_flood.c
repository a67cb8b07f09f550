// attack: writes without end to a peer that does not read, deaf to pause_producing and to results
// expect: limit: output
#include "hostile.h"

static char chunk[65536];

void on_data_received(int32_t conn, int32_t len)
{
    (void)len;
    for (int i = 0; i < 1000; i++)
        wasmnet_write(conn, chunk, sizeof chunk);
}
