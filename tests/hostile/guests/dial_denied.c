// attack: dials whatever endpoint string the peer sends: other hosts than granted, loopback and link-local addresses in
//   every notation, the metadata address, UNIX sockets, files of the host as options
// expect: served: answers with the result of connect; if that is a handle, with 1000 + the reason of connect_failed when it
//   comes, or with 2000 when the connection is made
#include "hostile.h"

static int32_t root;

void on_connection_made(int32_t conn)
{
    if (root == 0)
        root = conn;
    else
        answer(root, 2000);
}

void on_data_received(int32_t conn, int32_t len)
{
    if (conn == root)
        answer(root, wasmnet_connect(buffer, len));
}

void on_connect_failed(int32_t conn, int32_t reason)
{
    (void)conn;
    answer(root, 1000 + reason);
}
