/* What most of the guests here need: a receive buffer, its number written little-endian, no library. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "wasmnet.h"

static unsigned char buffer[4096];

int32_t on_start(void) { return wasmnet_set_receive_buffer(buffer, sizeof buffer); }

/* number reads a little-endian number from the receive buffer. */
static inline uint32_t number(int at)
{
    return buffer[at] | buffer[at + 1] << 8 | buffer[at + 2] << 16 | (uint32_t)buffer[at + 3] << 24;
}

/* answer writes a number to the connection, 4 bytes little-endian. */
static inline int32_t answer(int32_t conn, int32_t value)
{
    unsigned char b[4] = {value, value >> 8, value >> 16, value >> 24};
    return wasmnet_write(conn, b, sizeof b);
}

/* setting reads a value of the configuration and returns its length, or 0. */
static inline int32_t setting(const char *key, char *value, int32_t cap)
{
    int32_t key_len = 0;
    while (key[key_len])
        key_len++;
    int32_t n = wasmnet_config(key, key_len, value, cap);
    return n < 0 ? 0 : n < cap ? n : cap;
}

#endif
