// attack: proc_exit from inside an event, to take the process with it
// expect: trap: exit
//
// In a program (exec) the status, 3, is the program's; in a server's guest it ends the instance as a trap does.
#include "hostile.h"

__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_exit"), noreturn))
void proc_exit(int32_t status);

void on_data_received(int32_t conn, int32_t len)
{
    (void)conn, (void)len;
    proc_exit(3);
}
