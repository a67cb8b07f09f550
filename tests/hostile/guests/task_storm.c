// attack: gives the threads tasks that never end, as many as it can
// expect: served: LIMIT after a bound, and each task completes with LIMIT (-4) when its budget is used up; answers the data
//   with how many were taken, then with the status of each that completes, 4 bytes little-endian each
#include "hostile.h"

static int32_t root;

void on_data_received(int32_t conn, int32_t len)
{
    int32_t taken = 0;
    root = conn;
    while (wasmnet_defer_to_thread(buffer, len) > 0)
        taken++;
    answer(conn, taken);
}

void on_completed(int32_t request, int32_t status, int32_t len)
{
    (void)request, (void)len;
    answer(root, status);
}

int32_t on_run_task(int32_t len)
{
    for (volatile int32_t i = len;; i++)
        ;
}
