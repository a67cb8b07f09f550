// Greets by name, one name a line, and closes when it has heard nothing for a minute. It prints what it greets.
#include "wasmnet.h"

static unsigned char buffer[16384], name[64];
static int32_t length, conn, timer;

__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write")))
int32_t fd_write(int32_t fd, const void *iovs, int32_t count, int32_t *written);

static void print(const void *text, int32_t len) {
  struct { const void *text; int32_t len; } piece = {text, len};
  int32_t written;
  fd_write(1, &piece, 1, &written);
}

static void wait(void) {
  if (timer > 0) wasmnet_cancel_timer(timer);
  timer = wasmnet_call_later(60000000000);
}

int32_t on_start(void) { return wasmnet_set_receive_buffer(buffer, sizeof buffer); }

void on_connection_made(int32_t c) {
  conn = c;
  wait();
}

void on_data_received(int32_t c, int32_t len) {
  wait();
  for (int32_t i = 0; i < len; i++) {
    if (buffer[i] != '\n') {
      if (length == sizeof name) {
        wasmnet_abort_connection(c);
        return;
      }
      name[length++] = buffer[i];
      continue;
    }
    print(name, length);
    print("\n", 1);
    wasmnet_write(c, "hello, ", 7);
    wasmnet_write(c, name, length);
    wasmnet_write(c, "\n", 1);
    length = 0;
  }
}

void on_timer_fired(int32_t t) {
  if (t != timer) return;
  wasmnet_write(conn, "bye\n", 4);
  wasmnet_lose_connection(conn);
}
