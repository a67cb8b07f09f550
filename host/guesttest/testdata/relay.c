// Relay dials tcp:127.0.0.1:80 for each connection, says who comes, and has the host pass on the rest.
#include "wasmnet.h"

static char buffer[4096];
static const char backend[] = "tcp:127.0.0.1:80", greeting[] = "from the relay\n";
static int32_t client, lost;

int32_t on_start(void) { return wasmnet_set_receive_buffer(buffer, sizeof buffer); }

void on_connection_made(int32_t conn) {
  if (!client) {
    client = conn;
    wasmnet_pause_reading(conn);
    wasmnet_connect(backend, sizeof backend - 1);
    return;
  }
  wasmnet_write(conn, greeting, sizeof greeting - 1);
  wasmnet_splice(client, conn);
}

void on_connect_failed(int32_t conn, int32_t reason) {
  (void)conn;
  (void)reason;
  wasmnet_lose_connection(client);
}

// What is spliced is not the guest's to hear: it would tell, by an answer.
void on_data_received(int32_t conn, int32_t len) { wasmnet_write(conn, buffer, (uint32_t)len); }

void on_connection_lost(int32_t conn, int32_t reason) {
  (void)conn;
  (void)reason;
  if (++lost == 2) wasmnet_log(WASMNET_LOG_INFO, "both are over", 13);
}
