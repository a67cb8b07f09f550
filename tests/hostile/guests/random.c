// attack: looks for random bytes that another instance was given before
// expect: served: 32 random bytes for each byte of the data: from the import random for 'r', from WASI's random_get for 'w'
#include "hostile.h"

__attribute__((import_module("wasi_snapshot_preview1"), import_name("random_get")))
int32_t random_get(void *ptr, uint32_t len);

void on_data_received(int32_t conn, int32_t len)
{
    unsigned char commands[64], drawn[32];
    int32_t n = len < 64 ? len : 64;
    for (int32_t i = 0; i < n; i++)
        commands[i] = buffer[i];
    for (int32_t i = 0; i < n; i++) {
        if (commands[i] == 'w')
            random_get(drawn, sizeof drawn);
        else
            wasmnet_random(drawn, sizeof drawn);
        wasmnet_write(conn, drawn, sizeof drawn);
    }
}
