// attack: keeps its loop, and goes on working beside it: imports from there, events that come meanwhile, ends of all kinds
// expect: served: the commands in the data are carried out in order, and events come one at a time in their order
//
// The data is a string of commands: 's' takes 50 ms, 'x' takes for ever, 'w' writes a byte, 'b' writes 2.5 MiB, 'i' writes
// its peer's address and a line end, 't' starts a timer that is due at once, 'l' logs, 'o' prints, 'd' gives a thread a task,
// 'r' looks up a name, 'q' loses the connection, 'a' aborts it, 'u' traps. Timers write 'T', completed requests 'C', a
// refused import '!'. A timer writes to the
// connection that asked last. connection_lost logs which events there were, a letter each: M made, D data, T timer, C
// completed, L lost.
#include "hostile.h"

static char chunk[65536], trail[256];
static int32_t trail_len, root, timed;

struct iovec { const void *ptr; uint32_t len; };
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write")))
int32_t fd_write(int32_t fd, const struct iovec *v, int32_t n, uint32_t *written);

static void event(char letter)
{
    if (trail_len < (int32_t)sizeof trail)
        trail[trail_len++] = letter;
}

static void say(const char *text, int32_t len)
{
    if (wasmnet_write(root, text, len) < 0)
        wasmnet_log(WASMNET_LOG_INFO, "refused", 7);
}

/* spin takes so many nanoseconds, or for ever. */
static void spin(int64_t time)
{
    int64_t begun = wasmnet_now(WASMNET_CLOCK_MONOTONIC);
    do
        for (volatile int32_t i = 0; i < 10000; i++)
            ;
    while (time < 0 || wasmnet_now(WASMNET_CLOCK_MONOTONIC) - begun < time);
}

void on_connection_made(int32_t conn)
{
    root = conn;
    event('M');
}

void on_data_received(int32_t conn, int32_t len)
{
    char commands[64], peer[64];
    int32_t n = len < 64 ? len : 64, got;
    uint32_t written;
    struct iovec lines = {"one\ntwo\n", 8};
    for (int32_t i = 0; i < n; i++)
        commands[i] = (char)buffer[i];
    root = conn;
    event('D');
    for (int32_t i = 0; i < n; i++)
        switch (commands[i]) {
        case 's': spin(50000000); break;
        case 'x': spin(-1);
        case 'w': say("w", 1); break;
        case 'b':
            for (int k = 0; k < 40; k++)
                say(chunk, sizeof chunk);
            break;
        case 'i':
            got = wasmnet_conn_info(conn, WASMNET_INFO_PEER, peer, 63);
            peer[got] = '\n';
            say(peer, got + 1);
            break;
        case 't':
            timed = conn;
            if (wasmnet_call_later(0) < 0)
                say("!", 1);
            break;
        case 'l': wasmnet_log(WASMNET_LOG_INFO, "from the side", 13); break;
        case 'o': fd_write(1, &lines, 1, &written); break;
        case 'd':
            if (wasmnet_defer_to_thread(buffer, 4) < 0)
                say("!", 1);
            break;
        case 'r':
            if (wasmnet_resolve("127.0.0.1", 9) < 0)
                say("!", 1);
            break;
        case 'q': wasmnet_lose_connection(conn); break;
        case 'a': wasmnet_abort_connection(conn); break;
        case 'u': __builtin_trap();
        }
}

void on_timer_fired(int32_t timer)
{
    (void)timer;
    event('T');
    root = timed;
    say("T", 1);
}

void on_completed(int32_t request, int32_t status, int32_t len)
{
    (void)request, (void)status, (void)len;
    event('C');
    say("C", 1);
}

int32_t on_run_task(int32_t len) { return len; }

void on_connection_lost(int32_t conn, int32_t reason)
{
    (void)conn, (void)reason;
    event('L');
    wasmnet_log(WASMNET_LOG_INFO, trail, trail_len);
}
