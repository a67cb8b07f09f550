// attack: a range outside of memory for every import that takes one. The data is a byte that chooses the import, a byte
//   that chooses which of its ranges is bad, and the bad range: pointer and length, 4 bytes little-endian each
// expect: trap: out of bounds memory access
//
// A range of length 0 at the end of memory lies in it; one beyond the end does not. The test sends, for every import:
// the last byte and two bytes length, the end and one byte, 2^32-1 and one byte, 2^32-16 and 32 bytes (which wraps
// to 16), 2^31 and 2^31, 0 and 2^32-1. An import that returns instead of trapping is answered with its result.
#include "hostile.h"

static char good[64] = "tcp:127.0.0.1:1";
enum { good_len = 15 };

void on_data_received(int32_t conn, int32_t len)
{
    (void)len;
    int second = buffer[1];
    void *p = (void *)number(2);
    int32_t n = (int32_t)number(6);
    void *a = second ? good : p, *b = second ? p : good;
    int32_t a_len = second ? good_len : n, b_len = second ? n : good_len;
    int32_t result = 0;
    switch (buffer[0]) {
    case 0: result = wasmnet_set_receive_buffer(p, n); break;
    case 1: wasmnet_log(WASMNET_LOG_INFO, p, n); break;
    case 2: result = wasmnet_metric(WASMNET_METRIC_COUNTER, p, n, 1); break;
    case 3: result = wasmnet_config(a, a_len, b, b_len); break;
    case 4: wasmnet_random(p, n); break;
    case 5: result = wasmnet_write(conn, p, n); break;
    case 6: result = wasmnet_connect(p, n); break;
    case 7: result = wasmnet_listen(p, n); break;
    case 8: result = wasmnet_start_tls(conn, p, n); break;
    case 9: result = wasmnet_conn_info(conn, WASMNET_INFO_PEER, p, n); break;
    case 10: result = wasmnet_send_datagram(conn, a, a_len, b, b_len); break;
    case 11: result = wasmnet_resolve(p, n); break;
    case 12: result = wasmnet_defer_to_thread(p, n); break;
    case 13: result = wasmnet_task_result(p, n); break;
    case 14: result = wasmnet_kv_get(p, n); break;
    case 15: result = wasmnet_kv_delete(p, n); break;
    case 16: result = wasmnet_kv_put(a, a_len, b, b_len, 0); break;
    case 17: result = wasmnet_kv_update(a, a_len, b, b_len, 0); break;
    case 18: result = wasmnet_publish(a, a_len, b, b_len); break;
    case 19: result = wasmnet_subscribe(p, n); break;
    }
    answer(conn, result);
}
