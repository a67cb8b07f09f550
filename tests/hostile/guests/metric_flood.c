// attack: a metric of another name in every call, for every connection
// expect: served: LIMIT for names above a bound; answers the data with how many were taken, 4 bytes little-endian
#include "hostile.h"

void on_data_received(int32_t conn, int32_t len)
{
    (void)len;
    static char name[] = "m000000";
    int32_t taken = 0;
    for (int32_t i = 0; i < 100000; i++) {
        for (int32_t d = 6, n = i; d > 0; d--, n /= 10)
            name[d] = (char)('0' + n % 10);
        if (wasmnet_metric(WASMNET_METRIC_GAUGE, name, 7, 1) == 0)
            taken++;
    }
    answer(conn, taken);
}
