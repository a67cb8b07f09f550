// A guest on strings: it calls whatever import its control connection tells it to, and reports every event.
//
// The control connection is the first one made. To the guest and from it go frames: 4 bytes of length, little endian,
// then so many bytes. A command is 1 byte of operation, 6 arguments of 8 bytes, and text that is put at `scratch`.
// A report is 'R' and 8 bytes of result, 'D' and bytes, or 'E', 1 byte of event, 3 arguments of 4 bytes, and the bytes
// that came with it.
typedef unsigned char u8;
typedef unsigned int u32;
typedef int i32;
typedef long long i64;

#define IMPORT(name) __attribute__((import_module("wasmnet_v1"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

IMPORT(set_receive_buffer) i32 set_receive_buffer(i32, i32);
IMPORT(log) void log_line(i32, i32, i32);
IMPORT(metric) i32 metric(i32, i32, i32, double);
IMPORT(config) i32 config(i32, i32, i32, i32);
IMPORT(now) i64 now(i32);
IMPORT(random) void random_bytes(i32, i32);
IMPORT(stop) i32 stop(i32);
IMPORT(write) i32 write(i32, i32, i32);
IMPORT(lose_connection) i32 lose_connection(i32);
IMPORT(abort_connection) i32 abort_connection(i32);
IMPORT(lose_write_connection) i32 lose_write_connection(i32);
IMPORT(pause_reading) i32 pause_reading(i32);
IMPORT(resume_reading) i32 resume_reading(i32);
IMPORT(connect) i32 connect(i32, i32);
IMPORT(listen) i32 listen(i32, i32);
IMPORT(stop_listening) i32 stop_listening(i32);
IMPORT(start_tls) i32 start_tls(i32, i32, i32);
IMPORT(splice) i32 splice(i32, i32);
IMPORT(conn_info) i32 conn_info(i32, i32, i32, i32);
IMPORT(set_option) i32 set_option(i32, i32, i64);
IMPORT(send_datagram) i32 send_datagram(i32, i32, i32, i32, i32);
IMPORT(call_later) i32 call_later(i64);
IMPORT(cancel_timer) i32 cancel_timer(i32);
IMPORT(resolve) i32 resolve(i32, i32);
IMPORT(defer_to_thread) i32 defer_to_thread(i32, i32);
IMPORT(task_result) i32 task_result(i32, i32);
IMPORT(cancel) i32 cancel(i32);
IMPORT(kv_get) i32 kv_get(i32, i32);
IMPORT(kv_delete) i32 kv_delete(i32, i32);
IMPORT(kv_put) i32 kv_put(i32, i32, i32, i32, i64);
IMPORT(kv_update) i32 kv_update(i32, i32, i32, i32, i64);
IMPORT(publish) i32 publish(i32, i32, i32, i32);
IMPORT(subscribe) i32 subscribe(i32, i32);
IMPORT(unsubscribe) i32 unsubscribe(i32);

#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
WASI(fd_write) i32 fd_write(i32, i32, i32, i32);
WASI(fd_read) i32 fd_read(i32, i32, i32, i32);
WASI(poll_oneoff) i32 poll_oneoff(i32, i32, i32, i32);
WASI(random_get) i32 random_get(i32, i32);
WASI(clock_time_get) i32 clock_time_get(i32, i64, i32);
WASI(args_get) i32 args_get(i32, i32);
WASI(args_sizes_get) i32 args_sizes_get(i32, i32);
WASI(environ_get) i32 environ_get(i32, i32);
WASI(environ_sizes_get) i32 environ_sizes_get(i32, i32);
WASI(fd_fdstat_get) i32 fd_fdstat_get(i32, i32);
WASI(path_open) i32 path_open(i32, i32, i32, i32, i32, i64, i64, i32, i32);
WASI(proc_exit) void proc_exit(i32);

#define RECEIVE (64 << 10)
#define SCRATCH (256 << 10)
static u8 receive[RECEIVE], scratch[SCRATCH], pending[SCRATCH + 64];
static u32 have;          // bytes in pending
static i32 control;       // the control connection, 0: none
static i64 do_in[32][7];
volatile i32 counter;     // something that changes

static void put32(u8 *p, u32 v) { p[0] = v; p[1] = v >> 8; p[2] = v >> 16; p[3] = v >> 24; }

static void report(u8 kind, const u8 *head, u32 nhead, const u8 *body, u32 nbody) {
  static u8 frame[64];
  if (!control) return;
  put32(frame, 1 + nhead + nbody);
  frame[4] = kind;
  for (u32 i = 0; i < nhead; i++) frame[5 + i] = head[i];
  write(control, (i32)frame, 5 + nhead);
  if (nbody) write(control, (i32)body, nbody);
}

static i32 recurse(i32 n) {
  volatile i32 keep = n;
  if (n <= 0) return 0;
  return recurse(n - 1) + keep;
}

static i32 twice(i32 n) { return n <= 0 ? ++counter : twice(n - 1) + twice(n - 1); }

enum {
  OP_SCRATCH = 100, OP_PEEK, OP_POKE, OP_GROW, OP_TRAP, OP_SPIN, OP_RECURSE, OP_SIZE, OP_FILL, OP_DO_IN, OP_COUNT,
  OP_TWICE, OP_SPIN_IMPORT, OP_HASH,
};

static i64 perform(const i64 *a, u8 op, u32 text) {
  i32 x = a[0], y = a[1], z = a[2], w = a[3], v = a[4];
  switch (op) {
  case 0: return set_receive_buffer(x, y);
  case 1: log_line(x, y, z); return 0;
  case 2: { union { i64 i; double d; } u; u.i = a[3]; return metric(x, y, z, u.d); }
  case 3: return config(x, y, z, w);
  case 4: return now(x);
  case 5: random_bytes(x, y); return 0;
  case 6: return stop(x);
  case 7: return write(x, y, z);
  case 8: return lose_connection(x);
  case 9: return abort_connection(x);
  case 10: return lose_write_connection(x);
  case 11: return pause_reading(x);
  case 12: return resume_reading(x);
  case 13: return connect(x, y);
  case 14: return listen(x, y);
  case 15: return stop_listening(x);
  case 16: return start_tls(x, y, z);
  case 17: return splice(x, y);
  case 18: return conn_info(x, y, z, w);
  case 19: return set_option(x, y, a[2]);
  case 20: return send_datagram(x, y, z, w, v);
  case 21: return call_later(a[0]);
  case 22: return cancel_timer(x);
  case 23: return resolve(x, y);
  case 24: return defer_to_thread(x, y);
  case 25: return task_result(x, y);
  case 26: return cancel(x);
  case 27: return kv_get(x, y);
  case 28: return kv_delete(x, y);
  case 29: return kv_put(x, y, z, w, a[4]);
  case 30: return kv_update(x, y, z, w, a[4]);
  case 31: return publish(x, y, z, w);
  case 32: return subscribe(x, y);
  case 33: return unsubscribe(x);
  case 40: return fd_write(x, y, z, w);
  case 41: return fd_read(x, y, z, w);
  case 42: return poll_oneoff(x, y, z, w);
  case 43: return random_get(x, y);
  case 44: return clock_time_get(x, a[1], z);
  case 45: return args_get(x, y);
  case 46: return args_sizes_get(x, y);
  case 47: return environ_get(x, y);
  case 48: return environ_sizes_get(x, y);
  case 49: return fd_fdstat_get(x, y);
  case 50: return path_open(x, y, z, w, v, 0, 0, 0, (i32)a[5]);
  case 51: proc_exit(x); return 0;
  case OP_SCRATCH: return (i64)(u32)scratch;
  case OP_PEEK: report('D', 0, 0, (u8 *)x, y); return y;
  case OP_POKE: for (u32 i = 0; i < text; i++) ((volatile u8 *)x)[i] = scratch[i]; return text;
  case OP_GROW: return __builtin_wasm_memory_grow(0, x);
  case OP_TRAP: __builtin_trap();
  case OP_SPIN: for (i64 i = 0; i < a[0]; i++) counter++; return counter;
  case OP_RECURSE: return recurse(x);
  case OP_SIZE: return __builtin_wasm_memory_size(0);
  case OP_FILL: __builtin_memset((void *)x, y, z); return 0;
  case OP_DO_IN: for (int i = 0; i < 6; i++) do_in[x & 31][i + 1] = i ? a[i] : 0; do_in[x & 31][0] = 1; return 0;
  case OP_COUNT: return ++counter;
  case OP_TWICE: return twice(x);
  case OP_SPIN_IMPORT: for (i64 i = 0; i < a[0]; i++) now(0); return 0;
  case OP_HASH: {
    u32 size = __builtin_wasm_memory_size(0) << 16, h = 2166136261u;
    for (u32 i = 0; i < size; i++) h = (h ^ *(u8 *)i) * 16777619u;
    return h;
  }
  }
  return -99;
}

static void command(const u8 *p, u32 n) {
  i64 a[6];
  if (n < 49) return;
  for (int i = 0; i < 6; i++) {
    a[i] = 0;
    for (int k = 7; k >= 0; k--) a[i] = a[i] << 8 | p[1 + 8 * i + k];
  }
  for (u32 i = 0; i < n - 49; i++) scratch[i] = p[49 + i];
  i64 r = perform(a, p[0], n - 49);
  u8 b[8];
  for (int i = 0; i < 8; i++) b[i] = r >> (8 * i);
  report('R', b, 8, 0, 0);
}

static void event(u8 e, i32 a, i32 b, i32 c, u32 bytes) {
  u8 head[13];
  head[0] = e;
  put32(head + 1, a);
  put32(head + 5, b);
  put32(head + 9, c);
  report('E', head, 13, receive, bytes);
  i64 *d = do_in[e & 31];
  if (d[0]) { // arguments: operation, whether its first argument is the handle of the event, then the arguments
    i64 args[6] = {d[4], d[5], d[6], 0, 0, 0};
    if (d[3]) args[0] = a;
    perform(args, (u8)d[2], 0);
  }
}

EXPORT(wasmnet_start) i32 wasmnet_start(void) { return set_receive_buffer((i32)receive, RECEIVE); }
#ifndef NO_RESTORED
EXPORT(restored) void restored(void) { counter++; }
#endif
EXPORT(wasmnet_stop) void wasmnet_stop(void) { log_line(1, (i32) "stopped", 7); }
EXPORT(when_running) void when_running(void) { log_line(1, (i32) "running", 7); event(4, 0, 0, 0, 0); }
EXPORT(connection_made) void connection_made(i32 conn) {
  if (!control) control = conn;
  event(5, conn, 0, 0, 0);
}
EXPORT(data_received) void data_received(i32 conn, i32 len) {
  if (conn != control) {
    event(6, conn, len, 0, len);
    return;
  }
  for (i32 i = 0; i < len; i++) pending[have++] = receive[i];
  while (have >= 4) {
    u32 n = pending[0] | pending[1] << 8 | pending[2] << 16 | pending[3] << 24;
    if (have < 4 + n) break;
    command(pending + 4, n);
    for (u32 i = 4 + n; i < have; i++) pending[i - 4 - n] = pending[i];
    have -= 4 + n;
  }
}
EXPORT(connection_lost) void connection_lost(i32 conn, i32 reason) {
  if (conn == control) control = 0;
  event(7, conn, reason, 0, 0);
}
#ifdef HALF_CLOSE
EXPORT(read_connection_lost) void read_connection_lost(i32 conn) { event(8, conn, 0, 0, 0); }
EXPORT(write_connection_lost) void write_connection_lost(i32 conn) { event(9, conn, 0, 0, 0); }
#endif
EXPORT(connect_failed) void connect_failed(i32 conn, i32 reason) { event(10, conn, reason, 0, 0); }
EXPORT(handshake_completed) void handshake_completed(i32 conn) { event(11, conn, 0, 0, 0); }
EXPORT(pause_producing) void pause_producing(i32 conn) { if (conn != control) event(12, conn, 0, 0, 0); }
EXPORT(resume_producing) void resume_producing(i32 conn) { if (conn != control) event(13, conn, 0, 0, 0); }
EXPORT(datagram_received) void datagram_received(i32 conn, i32 len, i32 addr) { event(14, conn, len, addr, len + addr); }
EXPORT(timer_fired) void timer_fired(i32 timer) { event(15, timer, 0, 0, 0); }
EXPORT(completed) void completed(i32 request, i32 status, i32 len) { event(16, request, status, len, len); }
EXPORT(run_task) i32 run_task(i32 len) {
  // The input is an operation byte, then text: 'u' upper case, 's' spin for ever, 't' trap, 'd' a denied import.
  if (len < 1) return -1;
  switch (receive[0]) {
  case 's': for (;;) counter++;
  case 't': __builtin_trap();
  case 'd': return call_later(0);
  }
  for (i32 i = 0; i < len; i++)
    if (receive[i] >= 'a' && receive[i] <= 'z') receive[i] -= 32;
  task_result((i32)receive, len);
  return len;
}
