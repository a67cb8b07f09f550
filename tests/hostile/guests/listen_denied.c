// attack: listens on whatever endpoint string the peer sends, and once more each time it is told it may
// expect: served: answers with the result of the first listen: DENIED unless granted, and LIMIT in the end where it is
#include "hostile.h"

void on_data_received(int32_t conn, int32_t len)
{
    int32_t first = wasmnet_listen(buffer, len), next = first;
    while (next > 0)
        next = wasmnet_listen(buffer, len);
    answer(conn, first);
    answer(conn, next);
}
