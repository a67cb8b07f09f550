// attack: as write_flood, but a little in each event, so that no single event writes much
// expect: limit: output
#include "hostile.h"

static char chunk[16384];
static int32_t root;

void on_data_received(int32_t conn, int32_t len)
{
    (void)len;
    root = conn;
    wasmnet_call_later(0);
}

void on_timer_fired(int32_t timer)
{
    (void)timer;
    wasmnet_write(root, chunk, sizeof chunk);
    wasmnet_call_later(0);
}
