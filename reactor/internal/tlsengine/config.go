package tlsengine

import (
	"crypto/tls"
	"errors"
)

// What can be wrong with a configuration.
var (
	ErrNoCertificate = errors.New("a TLS server needs a certificate")
	ErrNoServerName  = errors.New("a TLS client needs the server's name to verify it")
	ErrNoConfig      = errors.New("no TLS configuration")
)

// ServerConfig returns a copy of cfg for [NewServer], at least TLS 1.2. It is made once for a port and not for each
// connection, because session tickets are valid for one configuration. A configuration that cfg.GetConfigForClient
// returns is used as it is.
func ServerConfig(cfg *tls.Config) (*tls.Config, error) {
	switch {
	case cfg == nil:
		return nil, ErrNoConfig
	case len(cfg.Certificates) == 0 && cfg.GetCertificate == nil && cfg.GetConfigForClient == nil:
		return nil, ErrNoCertificate
	}
	return prepare(cfg), nil
}

// ClientConfig returns a copy of cfg for [NewClient], at least TLS 1.2 and without renegotiation. An empty ServerName
// becomes serverName.
func ClientConfig(cfg *tls.Config, serverName string) (*tls.Config, error) {
	if cfg == nil {
		return nil, ErrNoConfig
	}
	ready := prepare(cfg)
	if ready.ServerName == "" {
		ready.ServerName = serverName
	}
	if ready.ServerName == "" && !ready.InsecureSkipVerify {
		return nil, ErrNoServerName
	}
	return ready, nil
}

func prepare(cfg *tls.Config) *tls.Config {
	ready := cfg.Clone()
	ready.MinVersion = max(ready.MinVersion, tls.VersionTLS12)
	// A renegotiation is a handshake in the middle of a Read, and may block.
	ready.Renegotiation = tls.RenegotiateNever
	// Output is gathered into few large writes, of which small records would make many again.
	ready.DynamicRecordSizingDisabled = true
	return ready
}
