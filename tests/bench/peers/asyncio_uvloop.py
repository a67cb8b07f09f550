"""An echo server on asyncio with uvloop. It says on standard error where it listens."""

import asyncio
import socket
import sys

import uvloop


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def main():
    loop = asyncio.get_running_loop()
    s = socket.create_server(("127.0.0.1", 0), backlog=4096)
    server = await loop.create_server(Echo, sock=s)
    print("uvloop listening on tcp:127.0.0.1:%d" % s.getsockname()[1], file=sys.stderr, flush=True)
    await server.serve_forever()


uvloop.install()
asyncio.run(main())
