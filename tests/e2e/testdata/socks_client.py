"""Uses a SOCKS 5 proxy with a password: UDP through python3-socks, BIND by hand, because no library of Debian's has it.

Arguments: the proxy's port, and the port of a UDP server which answers what it is told."""

import socket
import struct
import sys

import socks

proxy, server = int(sys.argv[1]), int(sys.argv[2])


def udp():
    s = socks.socksocket(socket.AF_INET, socket.SOCK_DGRAM)
    s.set_proxy(socks.SOCKS5, "127.0.0.1", proxy, username="ann", password="secret")
    s.settimeout(30)
    for payload, host in (b"hello", "127.0.0.1"), (b"by name", "localhost"):
        s.sendto(payload, (host, server))
        print(s.recvfrom(65536)[0].decode())
    s.close()


def read(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            raise EOFError(data)
        data += more
    return data


def reply(s):
    code, host, port = struct.unpack("!xBxx4sH", read(s, 10))
    return code, socket.inet_ntoa(host), port


def bind(peer, visitor):
    s = socket.create_connection(("127.0.0.1", proxy), 30)
    s.sendall(b"\x05\x01\x02" + b"\x01\x03ann\x06secret")
    assert read(s, 4) == b"\x05\x02\x01\x00"
    s.sendall(b"\x05\x02\x00\x01" + socket.inet_aton(peer) + b"\x00\x00")
    code, host, port = reply(s)
    assert code == 0, code
    v = socket.create_connection((host, port), 30, source_address=(visitor, 0))
    code, host, port = reply(s)
    if code == 0:
        assert (host, port) == v.getsockname(), (host, port)
        v.sendall(b"let in")
        print("peer is", read(s, 6).decode())
    elif code == 2 and s.recv(1) == b"":
        print("stranger is turned away")
    s.close()
    v.close()


udp()
bind("127.0.0.5", "127.0.0.5")
bind("127.0.0.5", "127.0.0.6")
