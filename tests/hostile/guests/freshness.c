// attack: leaves secrets everywhere for the next connection's guest, which looks for them
// expect: served: the data is a string of commands; a fresh instance's dump is the same for every connection
//
// 'd' writes out all of memory, its length first, 4 bytes little-endian; the receive buffer, which holds the command, is
// left out. 'f' fills memory from the end of the data to the end with 0xa5, changes every global and leaves timers and
// requests behind. 'g' grows memory by 16 pages first. Then a way to end: 'l' lose_connection, 'a' abort_connection, 't'
// trap, 's' overflow of the stack, 'x' endless loop, 'w' output without end, '.' nothing: the peer ends it.
#include "hostile.h"

extern unsigned char __heap_base;

static int32_t counter = 1;
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

void on_data_received(int32_t conn, int32_t len)
{
    unsigned char commands[16];
    int32_t n = len < 16 ? len : 16;
    for (int32_t i = 0; i < n; i++)
        commands[i] = buffer[i];
    for (int32_t i = 0; i < n; i++)
        switch (commands[i]) {
        case 'd': dump(conn); break;
        case 'g': __builtin_wasm_memory_grow(0, 16); break;
        case 'f': fill(); break;
        case 'l': wasmnet_lose_connection(conn); break;
        case 'a': wasmnet_abort_connection(conn); break;
        case 't': __builtin_trap();
        case 's': counter = deeper(&counter); break;
        case 'x': for (;;) counter = counter * 3 + 1;
        case 'w': for (;;) wasmnet_write(conn, (void *)0, 65536);
        }
}

void on_timer_fired(int32_t timer)
{
    (void)timer;
    __builtin_trap(); /* it belongs to a connection that is gone */
}
