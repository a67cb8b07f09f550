"""What the benchmarks compare with in Twisted: python3 twisted.py echo|line|udp|web|files|timeouts|timers|deferreds [FOLDER|SECONDS]

Servers say on standard error where they listen. The other kinds do work for so many seconds and print how much it was,
as package work does.
"""

import sys
import time

# This file has the name of the package that it needs.
sys.path.pop(0)

from twisted.internet import defer, epollreactor

epollreactor.install()

from twisted.internet import protocol, reactor  # noqa: E402
from twisted.protocols import basic  # noqa: E402

BATCH = 1000


class Echo(protocol.Protocol):
    def connectionMade(self):
        self.transport.setTcpNoDelay(True)

    def dataReceived(self, data):
        self.transport.write(data)


class Lines(basic.LineReceiver):
    def connectionMade(self):
        self.transport.setTcpNoDelay(True)

    def lineReceived(self, line):
        self.sendLine(line)


class EchoDatagrams(protocol.DatagramProtocol):
    def datagramReceived(self, datagram, addr):
        self.transport.write(datagram, addr)


def listening(scheme, port):
    print("twisted listening on %s:127.0.0.1:%d" % (scheme, port.getHost().port), file=sys.stderr, flush=True)


def web():
    from twisted.web import resource, server

    class Page(resource.Resource):
        isLeaf = True

        def render_GET(self, request):
            request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
            return b"Hello, world!\n"

    listening("tcp", reactor.listenTCP(0, server.Site(Page()), 4096, "127.0.0.1"))


def files():
    from twisted.web import server, static

    listening("tcp", reactor.listenTCP(0, server.Site(static.File(sys.argv[2])), 4096, "127.0.0.1"))


def echo(kind=Echo):
    factory = protocol.Factory.forProtocol(kind)
    factory.noisy = False
    listening("tcp", reactor.listenTCP(0, factory, backlog=4096, interface="127.0.0.1"))


def udp():
    listening("udp", reactor.listenUDP(0, EchoDatagrams(), interface="127.0.0.1"))


def timeouts(done):
    calls = [reactor.callLater(1 + i * 7919 % BATCH, int) for i in range(BATCH)]
    for call in calls:
        call.reset(60)
    for call in calls:
        call.cancel()
    done()


def timers(done):
    left = [BATCH]

    def fired():
        left[0] -= 1
        if not left[0]:
            done()

    for _ in range(BATCH):
        reactor.callLater(0, fired)


def deferreds(done):
    for _ in range(BATCH):
        d = defer.Deferred()
        for _ in range(10):
            d.addCallback(lambda n: n + 1)
        d.callback(0)
    done()


def work(do, seconds):
    began = time.monotonic_ns()
    units = [0]

    def turn():
        took = time.monotonic_ns() - began
        if took >= seconds * 1e9:
            print("%d units in %d ns" % (units[0], took), flush=True)
            reactor.stop()
            return
        do(done)

    def done():
        units[0] += BATCH
        reactor.callLater(0, turn)

    reactor.callWhenRunning(turn)


kind = sys.argv[1]
servers = {"echo": echo, "line": lambda: echo(Lines), "udp": udp, "web": web, "files": files}
if kind in servers:
    servers[kind]()
else:
    work({"timeouts": timeouts, "timers": timers, "deferreds": deferreds}[kind], float(sys.argv[2]))
reactor.run()
