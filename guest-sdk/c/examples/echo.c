/* Echo (RFC 862): what arrives is sent back. */
#include "../wasmnet.h"

static unsigned char buffer[65536];

int32_t on_start(void)
{
    return wasmnet_set_receive_buffer(buffer, sizeof buffer);
}

void on_data_received(int32_t conn, int32_t len)
{
    wasmnet_write(conn, buffer, len);
}
