"""unixgram.py listen PATH | connect PATH OWN: a UNIX socket for datagrams that does what it is told."""

import sys

from twisted.internet import protocol, reactor

from agent import address, report, run


def name(peer):
    """A peer as the tests write it: an abstract name is bytes that begin with a zero byte."""
    peer = peer or b""
    peer = peer if isinstance(peer, bytes) else peer.encode()
    return peer.replace(b"\0", b"@", 1).decode()


class Told(protocol.DatagramProtocol):
    def startProtocol(self):
        report("listening", address=address(self.transport.getHost()))

    def datagramReceived(self, data, peer):
        report("datagram", data=data.hex(), address=name(peer))


class ToldClient(protocol.ConnectedDatagramProtocol):
    def startProtocol(self):
        report("listening", address=address(self.transport.getHost()))

    def datagramReceived(self, data):
        report("datagram", data=data.hex(), address="")

    def connectionFailed(self, failure):
        report("failed")

    def connectionRefused(self):
        report("refused")


def started():
    global port, told
    if sys.argv[1] == "listen":
        told = Told()
        port = reactor.listenUNIXDatagram(sys.argv[2], told)
    else:
        told = ToldClient()
        port = reactor.connectUNIXDatagram(sys.argv[2], told, bindAddress=sys.argv[3])


run(
    started,
    write=lambda data: told.transport.write(bytes.fromhex(data)),
    write_to=lambda data, path: told.transport.write(bytes.fromhex(data), path),
)
