"""datagram.py HOST [group]: a UDP port that does what it is told. With a group it is a member of that, on loopback."""

import sys

from twisted.internet import protocol, reactor

from agent import address, report, run


class Told(protocol.DatagramProtocol):
    def startProtocol(self):
        report("listening", address=address(self.transport.getHost()))

    def datagramReceived(self, data, peer):
        report("datagram", data=data.hex(), address="%s:%d" % peer if ":" not in peer[0] else "[%s]:%d" % peer)

    def connectionRefused(self):
        report("refused")


told = Told()


def started():
    global port
    if len(sys.argv) > 2:
        port = reactor.listenMulticast(0, told, listenMultiple=True)
        port.joinGroup(sys.argv[2], sys.argv[1]).addCallback(lambda _: report("joined"))
    else:
        port = reactor.listenUDP(0, told, interface=sys.argv[1])


def write(data, times=1):
    for _ in range(times):
        told.transport.write(bytes.fromhex(data))


def stop():
    port.stopListening().addCallback(lambda _: report("stopped"))


run(
    started,
    connect=lambda host, port: told.transport.connect(host, port),
    write=write,
    write_to=lambda data, host, port: told.transport.write(bytes.fromhex(data), (host, port)),
    stop=stop,
)
