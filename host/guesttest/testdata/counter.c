// Tells how many pieces its input came in, which nobody should.
#include "wasmnet.h"

static unsigned char buffer[1024];

int32_t on_start(void) { return wasmnet_set_receive_buffer(buffer, sizeof buffer); }

void on_data_received(int32_t conn, int32_t len) {
  (void)len;
  wasmnet_write(conn, ".", 1);
}
