"""stream.py listen|connect ENDPOINT [half|files] [verify=FILE]: one end of a connection that does what it is told.

With "half" its protocol knows half-closed connections, and with "files" it takes descriptors. With "verify" a TLS server
demands a certificate that the one in FILE has signed.
"""

import os
import sys

from twisted.internet import endpoints, interfaces, protocol, reactor, ssl
from zope.interface import implementer

from agent import address, reason_name, report, run

current = None  # the latest connection's protocol


class Told(protocol.Protocol):
    def connectionMade(self):
        global current
        current = self
        report("made", **self.ends())

    def ends(self):
        return {"peer": address(self.transport.getPeer()), "host": address(self.transport.getHost())}

    def dataReceived(self, data):
        # Behind a proxy Twisted does not know the addresses before.
        report("data", data=data.hex(), **self.ends())

    def connectionLost(self, reason):
        report("lost", reason=reason_name(reason))


@implementer(interfaces.IHandshakeListener)
class Shaken(Told):
    def handshakeCompleted(self):
        certificate = self.transport.getPeerCertificate()
        # After startTLS the transport is still the one without TLS, whose protocol is the one with it.
        tls = self.transport if hasattr(self.transport, "negotiatedProtocol") else self.transport.protocol
        report(
            "handshake",
            alpn=(tls.negotiatedProtocol or b"").decode(),
            subject=certificate.get_subject().CN if certificate else "",
        )


@implementer(interfaces.IHalfCloseableProtocol)
class Half(Told):
    # Not a Shaken: of the interfaces of a client's protocol, Twisted's endpoints pass on one only.

    def readConnectionLost(self):
        report("read lost")

    def writeConnectionLost(self):
        report("write lost")


@implementer(interfaces.IFileDescriptorReceiver)
class Files(Told):
    def fileDescriptorReceived(self, descriptor):
        with open(descriptor, "rb") as f:
            report("file", data=f.read().hex())


class Factory(protocol.Factory):
    noisy = False
    protocol = Half if "half" in sys.argv[3:] else Files if "files" in sys.argv[3:] else Shaken


def listen():
    def listening(port):
        global listener
        listener = port
        report("listening", address=address(port.getHost()))

    endpoint = endpoints.serverFromString(reactor, sys.argv[2])
    for option in sys.argv[3:]:
        if option.startswith("verify="):
            demand(endpoint, option[len("verify="):])
    endpoint.listen(Factory()).addCallback(listening)


def demand(endpoint, file):
    """Has a TLS endpoint demand certificates, which its string cannot say."""
    with open(file) as f:
        authority = ssl.Certificate.loadPEM(f.read())
    plain = endpoint._sslContextFactory
    endpoint._sslContextFactory = ssl.CertificateOptions(
        privateKey=plain.privateKey, certificate=plain.certificate, trustRoot=authority)


def connect():
    endpoint = endpoints.clientFromString(reactor, sys.argv[2])
    endpoint.connect(Factory()).addErrback(lambda reason: report("failed", reason=reason_name(reason)))


def start_tls(server, alpn=(), certificate="", key="", root="", name=""):
    """Upgrades the connection; certificate, key and root are names of PEM files."""
    protocols = [p.encode() for p in alpn] or None
    if server:
        with open(certificate) as c, open(key) as k:
            pair = ssl.PrivateCertificate.loadPEM(c.read() + k.read())
        options = pair.options() if not protocols else ssl.CertificateOptions(
            privateKey=pair.privateKey.original, certificate=pair.original, acceptableProtocols=protocols)
    else:
        with open(root) as r:
            authority = ssl.Certificate.loadPEM(r.read())
        options = ssl.optionsForClientTLS(name, trustRoot=authority, acceptableProtocols=protocols)
    # "normal" is the usual assignment of roles, in which whoever accepted the connection is the TLS server.
    current.transport.startTLS(options, normal=server == (sys.argv[1] == "listen"))


def send_file(name, data):
    """Sends a descriptor of the file, and data, which it goes with."""
    # It stays open: Twisted makes no copy, and sends it later.
    current.transport.sendFileDescriptor(os.open(name, os.O_RDONLY))
    current.transport.write(bytes.fromhex(data))


def write_and_start_tls(data, **options):
    """Writes the go-ahead of a STARTTLS command and upgrades in the same turn."""
    current.transport.write(bytes.fromhex(data))
    start_tls(**options)


run(
    {"listen": listen, "connect": connect}[sys.argv[1]],
    connect=connect,
    write=lambda data: current.transport.write(bytes.fromhex(data)),
    lose=lambda: current.transport.loseConnection(),
    lose_write=lambda: current.transport.loseWriteConnection(),
    abort=lambda: current.transport.abortConnection(),
    send_file=send_file,
    start_tls=start_tls,
    write_and_start_tls=write_and_start_tls,
    stop_listening=lambda: listener.stopListening().addCallback(lambda _: report("stopped")),
)
