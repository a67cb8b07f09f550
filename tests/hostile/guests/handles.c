// attack: every import that takes a handle, with whatever handle the peer says: garbage, dead ones, ones of another kind,
//   ones of another instance. The data is a byte that chooses the import and the handle, 4 bytes little-endian
// expect: served: answers the handle of its own connection when that is made, and each request with the import's result: HANDLE
//   (-2) for every handle but its own connection's
//
// A handle of 0 or below, 2^31-1, and the number that another connection was told must all be HANDLE; abort_connection
// of another instance's number must leave that connection alone.
#include "hostile.h"

void on_connection_made(int32_t conn) { answer(conn, conn); }

void on_data_received(int32_t conn, int32_t len)
{
    (void)len;
    int32_t h = (int32_t)number(1), result = 0;
    char peer[64];
    switch (buffer[0]) {
    case 0: result = wasmnet_write(h, "x", 1); break;
    case 1: result = wasmnet_lose_connection(h); break;
    case 2: result = wasmnet_abort_connection(h); break;
    case 3: result = wasmnet_lose_write_connection(h); break;
    case 4: result = wasmnet_pause_reading(h); break;
    case 5: result = wasmnet_resume_reading(h); break;
    case 6: result = wasmnet_stop_listening(h); break;
    case 7: result = wasmnet_start_tls(h, "", 0); break;
    case 8: result = wasmnet_splice(h, conn); break;
    case 9: result = wasmnet_splice(conn, h); break;
    case 10: result = wasmnet_conn_info(h, WASMNET_INFO_PEER, peer, sizeof peer); break;
    case 11: result = wasmnet_set_option(h, WASMNET_OPTION_NO_DELAY, 1); break;
    case 12: result = wasmnet_send_datagram(h, "x", 1, "", 0); break;
    case 13: result = wasmnet_cancel_timer(h); break;
    case 14: result = wasmnet_cancel(h); break;
    case 15: result = wasmnet_unsubscribe(h); break;
    case 16: result = wasmnet_cancel_timer(conn); break; /* another kind */
    case 17: result = wasmnet_cancel(conn); break;
    case 18: result = wasmnet_stop_listening(conn); break;
    case 19: /* a timer's handle where a connection's belongs, and after it is dead */
        h = wasmnet_call_later(1000000000000);
        result = wasmnet_write(h, "x", 1);
        if (result == WASMNET_E_HANDLE && wasmnet_cancel_timer(h) == 0)
            result = wasmnet_cancel_timer(h);
        break;
    }
    answer(conn, result);
}
