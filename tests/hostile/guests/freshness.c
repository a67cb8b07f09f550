// attack: leaves secrets everywhere for the next connection's guest, which looks for them
// expect: served: the data is a string of commands; a fresh instance's dump is the same for every connection
//
// 'd' writes out all of memory, its length first, 4 bytes little-endian; the receive buffer, which holds the command, is
// left out. 'f' fills memory from the end of the data to the end with 0xa5, changes every global and leaves timers and
// requests behind. 'g' grows memory by 16 pages first. Then a way to end: 'l' lose_connection, 'a' abort_connection, 't'
// trap, 's' overflow of the stack, 'x' endless loop, 'w' output without end, 'e' proc_exit, '.' nothing: the peer ends it.
// 'h' takes some milliseconds. 'k' gives a thread a task: the rest of the data, of which each letter does what it does here,
// but for 'd': after it stands the number of a piece of memory of 2048 bytes, 2 bytes little-endian, which is the result.
// When it has completed its status is written, 4 bytes little-endian, and the result.
#include "hostile.h"

extern unsigned char __heap_base;

__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_exit")))
void proc_exit(int32_t status);

static int32_t counter = 1;
static int32_t root;
static uint64_t secret_globals[4] = {1, 2, 3, 4};

/* dump writes memory around the receive buffer. */
static void dump(int32_t conn)
{
    uint32_t size = (uint32_t)__builtin_wasm_memory_size(0) << 16;
    answer(conn, (int32_t)size);
    uint32_t from = (uint32_t)(uintptr_t)buffer, to = from + sizeof buffer;
    wasmnet_write(conn, (void *)0, (int32_t)from);
    wasmnet_write(conn, (void *)to, (int32_t)(size - to));
}

static void fill(void)
{
    uint32_t size = (uint32_t)__builtin_wasm_memory_size(0) << 16;
    for (uint32_t at = (uint32_t)(uintptr_t)&__heap_base; at < size; at++)
        *(volatile unsigned char *)at = 0xa5;
    for (int i = 0; i < 4; i++)
        secret_globals[i] = 0xa5a5a5a5a5a5a5a5;
    counter = (int32_t)0xa5a5a5a5;
    for (uint32_t i = 0; i < sizeof buffer; i++)
        buffer[i] = i < 16 ? buffer[i] : 0xa5;
    for (int i = 0; i < 8; i++)
        wasmnet_call_later(1000000);
}

__attribute__((noinline)) static int32_t deeper(volatile int32_t *n)
{
    volatile int32_t here = *n + 1;
    if (here == 0)
        return 0;
    return deeper(&here) + here;
}

/* hold takes five milliseconds. */
static void hold(void)
{
    int64_t begun = wasmnet_now(WASMNET_CLOCK_MONOTONIC);
    while (wasmnet_now(WASMNET_CLOCK_MONOTONIC) - begun < 5000000)
        counter = counter * 3 + 1;
}

/* leave does what both connections and tasks can be told. */
static void leave(unsigned char command)
{
    switch (command) {
    case 'g': __builtin_wasm_memory_grow(0, 16); break;
    case 'f': fill(); break;
    case 'h': hold(); break;
    case 't': __builtin_trap();
    case 's': counter = deeper(&counter); break;
    case 'x': for (;;) counter = counter * 3 + 1;
    case 'e': proc_exit(3);
    }
}

void on_data_received(int32_t conn, int32_t len)
{
    unsigned char commands[16];
    int32_t n = len < 16 ? len : 16;
    root = conn;
    for (int32_t i = 0; i < n; i++)
        commands[i] = buffer[i];
    for (int32_t i = 0; i < n; i++)
        switch (commands[i]) {
        case 'd': dump(conn); break;
        case 'l': wasmnet_lose_connection(conn); break;
        case 'a': wasmnet_abort_connection(conn); break;
        case 'w': for (;;) wasmnet_write(conn, (void *)0, 65536);
        case 'k':
            if (wasmnet_defer_to_thread(buffer + i + 1, len - i - 1) < 0)
                answer(conn, 0);
            return;
        default: leave(commands[i]);
        }
}

int32_t on_run_task(int32_t len)
{
    unsigned char commands[16];
    int32_t n = len < 16 ? len : 16;
    for (int32_t i = 0; i < n; i++)
        commands[i] = buffer[i];
    for (int32_t i = 0; i < n; i++)
        switch (commands[i]) {
        case 'd':
            wasmnet_task_result((unsigned char *)((uint32_t)(buffer[i + 1] | buffer[i + 2] << 8) * 2048), 2048);
            return __builtin_wasm_memory_size(0);
        default: leave(commands[i]);
        }
    return 0;
}

void on_completed(int32_t request, int32_t status, int32_t len)
{
    (void)request;
    answer(root, status);
    wasmnet_write(root, buffer, len);
}

void on_timer_fired(int32_t timer)
{
    (void)timer;
    __builtin_trap(); /* it belongs to a connection that is gone */
}
