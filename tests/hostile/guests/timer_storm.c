// attack: every timer starts two more that are due at once, until the limit timers, and the loop would do nothing else
// expect: limit: fuel-rate
//
// call_later answers LIMIT when there are enough timers; each timer that fires burns some fuel, so that the connection's
// budget a second ends it. Without fuel-rate it goes on until the peer hangs up, and then ends.
#include "hostile.h"

void on_data_received(int32_t conn, int32_t len)
{
    (void)conn, (void)len;
    while (wasmnet_call_later(0) > 0)
        ;
}

void on_timer_fired(int32_t timer)
{
    (void)timer;
    for (volatile int i = 0; i < 1000; i++)
        ;
    wasmnet_call_later(0);
    wasmnet_call_later(0);
}
