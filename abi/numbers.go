package abi

// Levels of the log import.
const (
	LogDebug = 0
	LogInfo  = 1
	LogWarn  = 2
	LogError = 3
)

// LogLevels lists the levels of the log import.
var LogLevels = []Named{
	{"DEBUG", LogDebug, "for who looks for a fault"},
	{"INFO", LogInfo, "normal events"},
	{"WARN", LogWarn, "something to look at"},
	{"ERROR", LogError, "something failed"},
}

// Clocks of the now import.
const (
	ClockMonotonic = 0
	ClockWall      = 1
)

// Clocks lists the clocks of the now import.
var Clocks = []Named{
	{"MONOTONIC", ClockMonotonic, "never jumps; its zero is arbitrary"},
	{"WALL", ClockWall, "since 1970-01-01T00:00:00Z"},
}

// Kinds of the metric import.
const (
	MetricCounter   = 0 // add to a counter
	MetricGauge     = 1 // set a gauge
	MetricHistogram = 2 // observe in a histogram
)

// MetricKinds lists the kinds of the metric import.
var MetricKinds = []Named{
	{"COUNTER", MetricCounter, "add to a counter"},
	{"GAUGE", MetricGauge, "set a gauge"},
	{"HISTOGRAM", MetricHistogram, "observe in a histogram"},
}

// Keys of the conn_info import.
const (
	InfoPeer            = 0
	InfoHost            = 1
	InfoALPN            = 2
	InfoSNI             = 3
	InfoTLSVersion      = 4
	InfoCipher          = 5
	InfoPeerCertificate = 6
	InfoService         = 7
	InfoEndpoint        = 8
	InfoBytesIn         = 9
	InfoBytesOut        = 10
	InfoNetwork         = 11
	InfoListener        = 12
	InfoPeerVerified    = 13
	InfoPeerCredentials = 14
)

// InfoKeys lists the keys of the conn_info import.
var InfoKeys = []Named{
	{"PEER", InfoPeer, "address of the other end"},
	{"HOST", InfoHost, "address of this end"},
	{"ALPN", InfoALPN, "negotiated application protocol; may be empty"},
	{"SNI", InfoSNI, "server name the client sent; may be empty"},
	{"TLS_VERSION", InfoTLSVersion, `"TLS 1.2", "TLS 1.3"`},
	{"CIPHER", InfoCipher, "IANA name of the cipher suite"},
	{"PEER_CERTIFICATE", InfoPeerCertificate, "leaf certificate of the peer, DER"},
	{"SERVICE", InfoService, "name of the service"},
	{"ENDPOINT", InfoEndpoint, "endpoint string it was accepted on or dialled with"},
	{"BYTES_IN", InfoBytesIn, "bytes received so far, decimal"},
	{"BYTES_OUT", InfoBytesOut, "bytes sent so far, decimal"},
	{"NETWORK", InfoNetwork, `"tcp", "udp", "unix", "unixgram" or "pipe"`},
	{"LISTENER", InfoListener, "handle of this instance's listener that accepted it, decimal"},
	{"PEER_VERIFIED", InfoPeerVerified, `"1" if the peer's certificate chain was verified, else "0"`},
	{"PEER_CREDENTIALS", InfoPeerCredentials, `"pid=N,uid=N,gid=N" of the peer of a UNIX connection`},
}

// Options of the set_option import.
const (
	OptionNoDelay     = 0
	OptionKeepAlive   = 1
	OptionIdleTimeout = 2 // ns; 0: the service's default
	OptionProducer    = 3 // a producer kind
)

// Options lists the options of the set_option import.
var Options = []Named{
	{"NO_DELAY", OptionNoDelay, "0 off, 1 on (on from the start)"},
	{"KEEP_ALIVE", OptionKeepAlive, "0 off, 1 on"},
	{"IDLE_TIMEOUT", OptionIdleTimeout, "nanoseconds; 0: the service's default"},
	{"PRODUCER", OptionProducer, "kind of producer that feeds the connection"},
}

// Values of [OptionProducer].
const (
	ProducerPush = 0 // pause_producing and resume_producing at the water marks
	ProducerPull = 1 // resume_producing after each complete flush, never pause_producing
)

// Producers lists the values of [OptionProducer].
var Producers = []Named{
	{"PUSH", ProducerPush, "paused and resumed at the water marks"},
	{"PULL", ProducerPull, "asked for more after each complete flush"},
}
