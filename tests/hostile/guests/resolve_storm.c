// attack: looks up names without end: the resolver's, or whoever answers for the name, is to be flooded
// expect: served: DENIED (-3) without the grant, else LIMIT (-4) after the limit handles; answers the data with how many
//   were taken and then the code that ended it, 4 bytes little-endian each
#include "hostile.h"

void on_data_received(int32_t conn, int32_t len)
{
    int32_t taken = 0, code;
    while ((code = wasmnet_resolve(buffer, len)) > 0)
        taken++;
    answer(conn, taken);
    answer(conn, code);
}

void on_completed(int32_t request, int32_t status, int32_t len)
{
    (void)request, (void)status;
    wasmnet_resolve(buffer, len < 253 ? len : 253);
}
