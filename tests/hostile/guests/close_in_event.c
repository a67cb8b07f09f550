// attack: closes its connection from inside each event, in each way, and goes on using it. Configuration: event, how
//   (lose, abort, half), as names
// expect: served: the connection ends as the import says, connection_lost comes once and last, nothing is left behind
//
// event: connection_made, data_received, connection_lost, read_connection_lost, write_connection_lost, pause_producing,
// resume_producing, timer_fired. Data "w" has 256 KiB written (for pause_producing, to a peer that does not read), "h" has
// the sending side closed, "t" a timer started. "paused" is logged when pause_producing comes. Events after the close that
// SPEC.md rules out trap.
#include "hostile.h"

static char event[32], how[8];
static int32_t event_len, how_len, root;
static enum { open, lost_asked, abort_asked, gone } state;
static char chunk[65536];

void on_restored(void)
{
    event_len = setting("event", event, sizeof event);
    how_len = setting("how", how, sizeof how);
}

static void closing(const char *name)
{
    for (int32_t i = 0; i < event_len || name[i]; i++)
        if (i == event_len || name[i] != event[i])
            return;
    switch (how[0]) {
    case 'l': wasmnet_lose_connection(root); if (state == open) state = lost_asked; break;
    case 'a': wasmnet_abort_connection(root); if (state != gone) state = abort_asked; break;
    case 'h': wasmnet_lose_write_connection(root); break;
    }
    wasmnet_write(root, "late", 4);
    wasmnet_pause_reading(root);
    wasmnet_resume_reading(root);
    wasmnet_set_option(root, WASMNET_OPTION_NO_DELAY, 0);
}

/* expect traps if this event must not come any more. */
static void allowed_before(int limit)
{
    if ((int)state >= limit)
        __builtin_trap();
}

void on_connection_made(int32_t conn)
{
    root = conn;
    closing("connection_made");
}

void on_data_received(int32_t conn, int32_t len)
{
    allowed_before(lost_asked);
    for (int32_t i = 0; i < len; i++) {
        if (buffer[i] == 'w')
            for (int n = 0; n < 4; n++)
                wasmnet_write(conn, chunk, sizeof chunk);
        if (buffer[i] == 'h')
            wasmnet_lose_write_connection(conn);
        if (buffer[i] == 't')
            wasmnet_call_later(0);
    }
    closing("data_received");
}

void on_read_connection_lost(int32_t conn)
{
    (void)conn;
    allowed_before(lost_asked);
    closing("read_connection_lost");
}

void on_write_connection_lost(int32_t conn)
{
    (void)conn;
    allowed_before(abort_asked);
    closing("write_connection_lost");
}

void on_pause_producing(int32_t conn)
{
    (void)conn;
    allowed_before(abort_asked);
    wasmnet_log(WASMNET_LOG_INFO, "paused", 6);
    closing("pause_producing");
}

void on_resume_producing(int32_t conn)
{
    (void)conn;
    allowed_before(abort_asked);
    closing("resume_producing");
}

void on_timer_fired(int32_t timer)
{
    (void)timer;
    allowed_before(gone);
    closing("timer_fired");
}

void on_connection_lost(int32_t conn, int32_t reason)
{
    (void)conn, (void)reason;
    allowed_before(gone);
    closing("connection_lost");
    state = gone;
}
