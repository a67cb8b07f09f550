// attack: poll_oneoff with a clock a year from now and descriptors never given, to put the loop to sleep; then with counts
//   that do not fit memory, chosen by the data: 0 sleep, 1 no subscriptions, 2 a count whose size wraps past 4 GiB
// expect: served: 0 is answered at once with the number of events, 3; 1 with 28 (INVAL) above 1000; 2 likewise
#include "hostile.h"

__attribute__((import_module("wasi_snapshot_preview1"), import_name("poll_oneoff")))
int32_t poll_oneoff(const void *subscriptions, void *events, int32_t count, int32_t *ready);

struct subscription {
    uint64_t userdata;
    uint8_t tag;
    uint8_t padding[7];
    union {
        struct { uint32_t id; uint32_t pad; uint64_t timeout, precision; uint16_t flags; } clock;
        struct { uint32_t fd; } descriptor;
    };
};

static struct subscription subs[3];
static unsigned char events[3 * 32];

void on_data_received(int32_t conn, int32_t len)
{
    (void)len;
    int32_t ready = -1, count = 3;
    subs[0].tag = 0;
    subs[0].clock.id = 1;
    subs[0].clock.timeout = 31536000000000000;
    subs[1].tag = 1;
    subs[1].descriptor.fd = 0;
    subs[2].tag = 2;
    subs[2].descriptor.fd = 77;
    if (buffer[0] == 1)
        count = 0;
    if (buffer[0] == 2)
        count = 0x05555556; /* times 48: 4 GiB and 32 bytes */
    int32_t errno = poll_oneoff(subs, events, count, &ready);
    answer(conn, errno ? 1000 + errno : ready);
}
