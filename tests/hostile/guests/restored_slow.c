// attack: every fresh instance takes its time before its first event, while its peer sends, or has left already
// expect: served: connection_made is the first event nevertheless, and connection_lost the last: anything else traps
//
// With the configuration pause it takes half a second, otherwise some slices of fuel.
#include "hostile.h"

static enum { fresh, made, lost } state;

void on_restored(void)
{
    char pause[8];
    int64_t begun = wasmnet_now(WASMNET_CLOCK_MONOTONIC);
    int64_t time = setting("pause", pause, sizeof pause) ? 500000000 : 0;
    do
        for (volatile int32_t i = 0; i < 100000; i++)
            ;
    while (wasmnet_now(WASMNET_CLOCK_MONOTONIC) - begun < time);
}

static void expect(int wanted)
{
    if ((int)state != wanted)
        __builtin_trap();
}

void on_connection_made(int32_t conn)
{
    expect(fresh);
    state = made;
    wasmnet_write(conn, "made", 4);
}

void on_data_received(int32_t conn, int32_t len)
{
    expect(made);
    wasmnet_write(conn, buffer, len);
}

void on_read_connection_lost(int32_t conn)
{
    expect(made);
    wasmnet_lose_connection(conn);
}

void on_connection_lost(int32_t conn, int32_t reason)
{
    (void)conn, (void)reason;
    expect(made);
    state = lost;
}
