"""receivers.py listen|connect ENDPOINT KIND [LIMIT]: one of Twisted's receivers; it sends and receives messages."""

import sys

from twisted.internet import endpoints, protocol, reactor
from twisted.protocols import basic

from agent import address, reason_name, report, run

kind = sys.argv[3]
base = {
    "line": basic.LineReceiver,
    "line only": basic.LineOnlyReceiver,
    "netstring": basic.NetstringReceiver,
    "int8": basic.Int8StringReceiver,
    "int16": basic.Int16StringReceiver,
    "int32": basic.Int32StringReceiver,
}[kind]


class Receiver(base):
    if len(sys.argv) > 4:
        MAX_LENGTH = int(sys.argv[4])

    def connectionMade(self):
        global current
        current = self
        super().connectionMade()
        report("made")

    def lineReceived(self, line):
        report("message", data=line.hex())

    stringReceived = lineReceived

    def connectionLost(self, reason=protocol.connectionDone):
        report("lost", reason=reason_name(reason))


def listen():
    listening = endpoints.serverFromString(reactor, sys.argv[2]).listen(protocol.Factory.forProtocol(Receiver))
    listening.addCallback(lambda port: report("listening", address=address(port.getHost())))


def connect():
    endpoint = endpoints.clientFromString(reactor, sys.argv[2])
    connecting = endpoint.connect(protocol.Factory.forProtocol(Receiver))
    connecting.addErrback(lambda reason: report("failed", reason=reason_name(reason)))


def send(messages):
    for message in messages:
        (current.sendLine if "line" in kind else current.sendString)(bytes.fromhex(message))


run({"listen": listen, "connect": connect}[sys.argv[1]], send=send, lose=lambda: current.transport.loseConnection())
