/* Character generator (RFC 864): 72-column lines for as long as the peer reads, as a pull producer. */
#include "../wasmnet.h"

enum { COLUMNS = 72, PRINTABLE = 95, LINES = PRINTABLE, LINE = COLUMNS + 2 };

static unsigned char buffer[WASMNET_MIN_RECEIVE_BUFFER]; /* what the peer sends is not looked at */
static char page[LINES * LINE];                          /* the whole pattern, after which it repeats */

int32_t on_start(void)
{
    char *p = page;
    for (int line = 0; line < LINES; line++) {
        for (int column = 0; column < COLUMNS; column++)
            *p++ = ' ' + (line + column) % PRINTABLE;
        *p++ = '\r';
        *p++ = '\n';
    }
    return wasmnet_set_receive_buffer(buffer, sizeof buffer);
}

void on_connection_made(int32_t conn)
{
    wasmnet_set_option(conn, WASMNET_OPTION_PRODUCER, WASMNET_PRODUCER_PULL);
}

void on_resume_producing(int32_t conn)
{
    wasmnet_write(conn, page, sizeof page);
}

void on_data_received(int32_t conn, int32_t len)
{
    (void)conn;
    (void)len;
}
