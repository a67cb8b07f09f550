"""transfer.py listen|connect ENDPOINT BYTES [slow]: sends and receives BYTES bytes at the pace of its peer.

With "slow" it reads nothing until it is told to.
"""

import hashlib
import random
import sys

from twisted.internet import endpoints, interfaces, protocol, reactor
from zope.interface import implementer

from agent import address, reason_name, report, run

size = int(sys.argv[3])
slow = "slow" in sys.argv[4:]

# The length is odd, so that the same bytes never come at the same place of a buffer again.
block = random.Random(size).randbytes(1_048_573)
piece = 50_000


@implementer(interfaces.IPushProducer, interfaces.IHandshakeListener)
class Transfer(protocol.Protocol):
    def connectionMade(self):
        global current
        current = self
        self.reading = not slow
        self.early = 0
        self.producing = True
        self.told = False
        self.out, self.sent = hashlib.sha256(), 0
        self.incoming, self.received = hashlib.sha256(), 0
        report("made", peer=address(self.transport.getPeer()), host=address(self.transport.getHost()))
        if not interfaces.ISSLTransport.providedBy(self.transport):
            self.begin()

    def handshakeCompleted(self):
        # Not before: to pause a transport of Twisted's is to pause its handshake.
        self.begin()

    def begin(self):
        if slow:
            self.transport.pauseProducing()
        self.transport.registerProducer(self, True)
        self.resumeProducing()

    def pauseProducing(self):
        self.producing = False
        if not self.told:
            self.told = True
            report("paused", bytes=self.sent)

    def resumeProducing(self):
        self.producing = True
        while self.producing and self.sent < size:
            start = self.sent % len(block)
            data = block[start:start + min(piece, size - self.sent)]
            self.sent += len(data)
            self.out.update(data)
            self.transport.write(data)
        if self.producing and self.sent == size:
            self.producing = False
            self.transport.unregisterProducer()
            report("sent", bytes=self.sent, sha256=self.out.hexdigest())

    def stopProducing(self):
        self.producing = False

    def dataReceived(self, data):
        if not self.reading:
            # What one read from the socket has brought, Twisted's TLS delivers whether or not reading is paused.
            self.early += len(data)
            if self.early > 65536:
                report("error", text="%d bytes received while reading was paused" % self.early)
        self.incoming.update(data)
        self.received += len(data)
        if self.received >= size:
            report("received", bytes=self.received, sha256=self.incoming.hexdigest())

    def connectionLost(self, reason):
        report("lost", reason=reason_name(reason))


def read():
    current.reading = True
    current.transport.resumeProducing()


def listen():
    listening = endpoints.serverFromString(reactor, sys.argv[2]).listen(protocol.Factory.forProtocol(Transfer))
    listening.addCallback(lambda port: report("listening", address=address(port.getHost())))


def connect():
    endpoint = endpoints.clientFromString(reactor, sys.argv[2])
    connecting = endpoint.connect(protocol.Factory.forProtocol(Transfer))
    connecting.addErrback(lambda reason: report("failed", reason=reason_name(reason)))


run({"listen": listen, "connect": connect}[sys.argv[1]], read=read, lose=lambda: current.transport.loseConnection())
