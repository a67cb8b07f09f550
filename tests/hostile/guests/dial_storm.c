// attack: dials the configured target as often as it can, and again for every dial that ends
// expect: served: never more than the limit dials under way; answers the data with how many connects were taken at
//   first, 4 bytes little-endian: the limit
#include "hostile.h"

static char target[128];
static int32_t target_len;

void on_restored(void) { target_len = setting("target", target, sizeof target); }

void on_data_received(int32_t conn, int32_t len)
{
    (void)len;
    int32_t taken = 0;
    while (wasmnet_connect(target, target_len) > 0)
        taken++;
    answer(conn, taken);
}

void on_connect_failed(int32_t conn, int32_t reason)
{
    (void)conn, (void)reason;
    wasmnet_connect(target, target_len);
}

void on_connection_lost(int32_t conn, int32_t reason)
{
    (void)conn, (void)reason;
    wasmnet_connect(target, target_len);
}
