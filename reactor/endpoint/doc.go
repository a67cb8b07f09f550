// Package endpoint reads endpoint strings, the small language in which users say where to listen and where to connect:
//
//	tcp:8080:interface=127.0.0.1
//	ssl:443:privateKey=key.pem:certKey=cert.pem
//	tls:www.example.com:443:timeout=10
//
// The result is a description, a [Server] or a [Client], with files already read and checked. Package reactor opens the
// sockets. The language is Twisted's (twisted.internet.endpoints).
//
// # Grammar
//
// An endpoint string is a type and its arguments, separated by colons. An argument that holds an equals sign is given
// by name, every other one by position; only the first equals sign of an argument separates. A backslash takes away
// the meaning of the character after it, so that a colon within a value is written \: and a backslash \\. [Quote] does
// this. An IPv6 address is written with escaped colons:
//
//	tcp:8080:interface=\:\:1
//	tcp:\:\:1:8080
//
// # Server types
//
// Port 0 asks for any free port. Every argument in brackets may be left out.
//
//	tcp:PORT[:interface=ADDRESS][:backlog=N]
//	    TCP on IPv4, on all addresses unless one is named. An IPv6 address as interface makes it tcp6.
//	tcp6:PORT[:interface=ADDRESS][:backlog=N]
//	    TCP on IPv6; the default interface is \:\:, which on most systems accepts IPv4 too.
//	unix:PATH[:mode=OCTAL][:backlog=N][:lockfile=0|1]
//	    A UNIX socket. A path beginning with @ is an abstract name (Linux). The mode defaults to 666. With a lock file,
//	    the default, a socket that a dead server left behind is replaced and one of a living server is not.
//	ssl:PORT[:privateKey=FILE][:certKey=FILE][:extraCertChain=FILE][:sslmethod=METHOD][:dhParameters=FILE]
//	    [:trustRoots=PATH][:alpn=NAMES][:interface=ADDRESS][:backlog=N]
//	    TLS over TCP with one certificate. privateKey defaults to server.pem, certKey to the same file.
//	tls:PATH[:PORT][:path=PATH]...[:trustRoots=PATH][:alpn=NAMES][:interface=ADDRESS][:backlog=N]
//	    TLS over TCP, with certificates chosen by server name (SNI). A PATH is a file with a certificate and its key,
//	    or a directory of such files, all named *.pem; DEFAULT.pem serves clients that name no known server. The port
//	    defaults to 443, the interface to \:\:.
//	udp:PORT[:interface=ADDRESS], udp6:PORT[:interface=ADDRESS]
//	    Datagrams.
//	unixgram:PATH[:mode=OCTAL][:lockfile=0|1]
//	    Datagrams, with the names of UNIX sockets.
//	stdio:
//	    One connection, on standard input and output.
//	systemd:domain=INET|INET6|UNIX:(index=N|name=NAME)
//	    A listening socket inherited by socket activation.
//	fd:N[:domain=INET|INET6|UNIX]
//	    A listening socket inherited as descriptor N.
//	haproxy:SERVER
//	    Any stream server, each of whose connections begins with a PROXY protocol header, version 1 or 2.
//
// # Client types
//
// HOST and PORT may be given by name as well (host=, port=).
//
//	tcp:HOST:PORT[:timeout=SECONDS][:bindAddress=ADDRESS]
//	ssl:HOST:PORT[:hostname=NAME][:certKey=FILE][:privateKey=FILE][:caCertsDir=PATH][:alpn=NAMES]
//	    [:timeout=SECONDS][:bindAddress=ADDRESS]
//	tls:HOST:PORT[:certificate=FILE][:privateKey=FILE][:trustRoots=PATH][:alpn=NAMES][:endpoint=CLIENT]
//	    [:timeout=SECONDS][:bindAddress=ADDRESS]
//	unix:PATH[:timeout=SECONDS][:lockfile=0]
//	udp:HOST:PORT[:bindAddress=ADDRESS]
//	unixgram:PATH[:bindAddress=PATH][:mode=OCTAL]
//
// TLS clients verify the server: its name is hostname, or else HOST, and its certificate must lead to one of the roots
// named by caCertsDir or trustRoots (a PEM file or a directory), or else to one the system trusts. With endpoint= the
// connection is made there, and HOST is only verified.
//
// # TLS
//
// The minimum is TLS 1.2. alpn lists application protocols separated by commas. A server with trustRoots demands a
// certificate from its clients. Changed certificate files are taken up without a restart.
//
// # More types
//
// [RegisterServer] and [RegisterClient] add types; the ones above are registered the same way.
package endpoint
