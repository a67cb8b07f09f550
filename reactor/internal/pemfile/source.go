package pemfile

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// checkInterval is how often a Source looks whether its files have changed.
const checkInterval = time.Second

// defaultName is the file of a certificate directory that is presented to clients which name no known server.
const defaultName = "DEFAULT.pem"

// Pair names the files of one certificate.
type Pair struct {
	// Cert is a file, with the key in it if Key is empty; or a directory, each of whose *.pem files holds one
	// certificate and its key. The directory's DEFAULT.pem, or else the first in order of names, stands for it
	// where no name matches.
	Cert string
	// Key is the private key's file.
	Key string
	// Chain lists files with further certificates of the chain.
	Chain []string
}

// Source holds the certificates of a server or a client and takes up changes of their files: when a handshake asks
// for a certificate, at most once a second, the files are looked at, and read again if they changed. New certificates
// replace the old ones only if all of them can be loaded.
//
// Any goroutine may use a Source.
type Source struct {
	// OnReload, if not nil, is told the outcome of every reload that a change of the files caused: nil, or the
	// error for which the old certificates were kept (once for as long as the error stays the same). It is set
	// before the Source is used and is called on the goroutine of a handshake.
	OnReload func(err error)

	pairs   []Pair
	current atomic.Pointer[set]

	mu      sync.Mutex // held while looking at the files
	now     func() time.Time
	checked time.Time
	seen    []fileState
	failed  string // text of the error of the last reload
}

// set is one consistent state of the certificates.
type set struct {
	all    []*tls.Certificate
	byName map[string][]*tls.Certificate // by DNS name, lower case, wildcards as they stand
}

// fileState is what tells a changed file from an unchanged one. The zero value with a name is a file that is not there.
type fileState struct {
	name string
	size int64
	mod  int64
}

// NewSource loads the certificates of pairs, of which there must be at least one. The first is the default. Errors are
// [*Error].
func NewSource(pairs ...Pair) (*Source, error) {
	if len(pairs) == 0 {
		return nil, errors.New("no certificate is named")
	}
	s := &Source{pairs: slices.Clone(pairs), now: time.Now}
	if err := s.Reload(); err != nil {
		return nil, err
	}
	return s, nil
}

// Reload reads the files now, whether they changed or not. On an error the old certificates are kept.
func (s *Source) Reload() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checked = s.now()
	s.seen = s.look()
	return s.load()
}

// GetCertificate is for [tls.Config.GetCertificate]: it chooses by server name and by what the client supports.
func (s *Source) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.refresh()
	certs := s.current.Load()
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	matching := certs.byName[name]
	if _, parent, ok := strings.Cut(name, "."); ok {
		matching = slices.Concat(matching, certs.byName["*."+parent])
	}
	for _, cert := range matching {
		if hello.SupportsCertificate(cert) == nil {
			return cert, nil
		}
	}
	// No certificate bears the name. The client may accept one all the same, of a kind that it can verify.
	anyName := *hello
	anyName.ServerName = ""
	for _, cert := range certs.all {
		if anyName.SupportsCertificate(cert) == nil {
			return cert, nil
		}
	}
	return certs.all[0], nil
}

// GetClientCertificate is for [tls.Config.GetClientCertificate]: it returns the first certificate that the server
// accepts, or an empty one, which crypto/tls takes as "none".
func (s *Source) GetClientCertificate(request *tls.CertificateRequestInfo) (*tls.Certificate, error) {
	s.refresh()
	for _, cert := range s.current.Load().all {
		if request.SupportsCertificate(cert) == nil {
			return cert, nil
		}
	}
	return new(tls.Certificate), nil
}

// refresh reloads if it is time to look and the files changed. A handshake that finds another one looking does not
// wait for it.
func (s *Source) refresh() {
	if !s.mu.TryLock() {
		return
	}
	defer s.mu.Unlock()
	now := s.now()
	if now.Sub(s.checked) < checkInterval {
		return
	}
	s.checked = now
	// A failed reload is tried again although nothing seems to have changed: the files may have been read while
	// they were being written, within the resolution of their times.
	found := s.look()
	if s.failed == "" && slices.Equal(found, s.seen) {
		return
	}
	s.seen = found
	before := s.failed
	err := s.load()
	if s.OnReload != nil && (err == nil || s.failed != before) {
		s.OnReload(err)
	}
}

// load replaces the current set if all of the files are sound.
func (s *Source) load() error {
	next, err := loadSet(s.pairs)
	if err != nil {
		s.failed = err.Error()
		return err
	}
	s.failed = ""
	s.current.Store(next)
	return nil
}

// look is the state of every file and directory that the pairs name.
func (s *Source) look() []fileState {
	var states []fileState
	for _, pair := range s.pairs {
		files, err := expand(pair)
		if err != nil {
			files = []Pair{pair}
		}
		for _, file := range files {
			for _, name := range append([]string{file.Cert, file.Key}, file.Chain...) {
				if name == "" {
					continue
				}
				state := fileState{name: name}
				if info, err := os.Stat(name); err == nil {
					state.size, state.mod = info.Size(), info.ModTime().UnixNano()
				}
				states = append(states, state)
			}
		}
	}
	return states
}

func loadSet(pairs []Pair) (*set, error) {
	certs := &set{byName: map[string][]*tls.Certificate{}}
	for _, pair := range pairs {
		files, err := expand(pair)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			loaded, err := LoadKeyPair(file.Cert, file.Key, file.Chain...)
			if err != nil {
				return nil, err
			}
			cert := &loaded
			certs.all = append(certs.all, cert)
			for _, name := range cert.Leaf.DNSNames {
				name = strings.ToLower(name)
				certs.byName[name] = append(certs.byName[name], cert)
			}
		}
	}
	return certs, nil
}

// expand returns pair itself, or the pairs in the directory that it names, the default first.
func expand(pair Pair) ([]Pair, error) {
	info, err := os.Stat(pair.Cert)
	if err != nil || !info.IsDir() {
		return []Pair{pair}, nil // a missing file is reported by whoever reads it
	}
	if pair.Key != "" {
		return nil, &Error{pair.Cert, fmt.Errorf("a directory of certificates takes no separate key (%s)", pair.Key)}
	}
	entries, err := os.ReadDir(pair.Cert)
	if err != nil {
		return nil, systemError(pair.Cert, err)
	}
	var names []string // in order, as ReadDir sorts
	for _, entry := range entries {
		switch name := entry.Name(); {
		case name == defaultName:
			names = slices.Insert(names, 0, name)
		case filepath.Ext(name) == ".pem":
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, &Error{pair.Cert, errors.New("no *.pem file in this directory")}
	}
	pairs := make([]Pair, len(names))
	for i, name := range names {
		pairs[i] = Pair{Cert: filepath.Join(pair.Cert, name), Chain: pair.Chain}
	}
	return pairs, nil
}
