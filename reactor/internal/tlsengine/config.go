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

// ServerConfig returns cfg as [NewServer] wants it, at least TLS 1.2: a copy unless it is so already. A copy is to be
// made once for a port and not for each connection, because session tickets are valid for one configuration. What
// cfg.GetConfigForClient returns is used as it is.
func ServerConfig(cfg *tls.Config) (*tls.Config, error) {
	switch {
	case cfg == nil:
		return nil, ErrNoConfig
	case len(cfg.Certificates) == 0 && cfg.GetCertificate == nil && cfg.GetConfigForClient == nil:
		return nil, ErrNoCertificate
	}
	return prepare(cfg), nil
}

// ClientConfig returns cfg as [NewClient] wants it, at least TLS 1.2 and without renegotiation: a copy unless it is so
// already. An empty ServerName becomes serverName.
func ClientConfig(cfg *tls.Config, serverName string) (*tls.Config, error) {
	if cfg == nil {
		return nil, ErrNoConfig
	}
	cfg = prepare(cfg)
	if cfg.ServerName == "" && serverName != "" {
		cfg = cfg.Clone()
		cfg.ServerName = serverName
	}
	if cfg.ServerName == "" && !cfg.InsecureSkipVerify {
		return nil, ErrNoServerName
	}
	return cfg, nil
}

func prepare(cfg *tls.Config) *tls.Config {
	if cfg.MinVersion >= tls.VersionTLS12 && cfg.Renegotiation == tls.RenegotiateNever && cfg.DynamicRecordSizingDisabled {
		return cfg
	}
	cfg = cfg.Clone()
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	// A renegotiation is a handshake in the middle of a Read, and may block.
	cfg.Renegotiation = tls.RenegotiateNever
	// Output is gathered into few large writes, of which small records would make many again.
	cfg.DynamicRecordSizingDisabled = true
	return cfg
}
