// Says hello to a server, and stops with status 7 when that has answered.
#include "wasmnet.h"

static unsigned char buffer[1024];

int32_t on_start(void) { return wasmnet_set_receive_buffer(buffer, sizeof buffer); }

void on_when_running(void) { wasmnet_connect("tcp:localhost:80", 16); }

void on_connection_made(int32_t conn) { wasmnet_write(conn, "hello", 5); }

void on_data_received(int32_t conn, int32_t len) {
  (void)conn;
  (void)len;
  wasmnet_stop(7);
}
