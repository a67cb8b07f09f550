package endpoint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Type is one type of endpoint: how its arguments are called, and what they mean.
type Type[E Server | Client] struct {
	// Name is what stands before the first colon.
	Name string
	// Positional names the arguments that may be given by position, in order. They may be given by name too, and the
	// positions are then those of the rest.
	Positional []string
	// Named lists the arguments that are given by name only.
	Named []string
	// Repeated lists those of Positional and Named that may be given more than once.
	Repeated []string
	// Parse makes an endpoint of the arguments, all of which are known to be among the above. It need not set Text.
	Parse func(a *Args) (*E, error)
	// Wrap, in place of everything but the name, makes a type that stands before another endpoint string, as
	// haproxy: does. It changes the endpoint described there, or says why it cannot.
	Wrap func(inner *E) error
}

var (
	servers = map[string]Type[Server]{}
	clients = map[string]Type[Client]{}
)

// RegisterServer adds a type of server. It is called from init functions, and panics on a name that is taken.
func RegisterServer(t Type[Server]) { register(servers, t) }

// RegisterClient adds a type of client. It is called from init functions, and panics on a name that is taken.
func RegisterClient(t Type[Client]) { register(clients, t) }

func register[E Server | Client](types map[string]Type[E], t Type[E]) {
	if _, taken := types[t.Name]; taken || t.Name == "" {
		panic(fmt.Sprintf("endpoint: type %q is registered twice or has no name", t.Name))
	}
	types[t.Name] = t
}

// reader reads endpoint strings of one kind.
type reader[E Server | Client] struct {
	kind    string
	types   map[string]Type[E]
	trusted bool
}

// parse reads text from offset on, and returns the endpoint with its canonical form.
func (r reader[E]) parse(text string, offset int) (*E, string, error) {
	fields, perr := split(text)
	if perr != nil {
		return nil, "", perr
	}
	for fields[0].at < offset {
		fields = fields[1:]
	}
	fail := func(format string, args ...any) (*E, string, error) {
		return nil, "", &ParseError{Text: text, Offset: offset, Reason: fmt.Sprintf(format, args...)}
	}
	head := fields[0]
	t, known := r.types[head.value]
	switch {
	case text[offset:] == "":
		return fail("no endpoint (want TYPE:ARGUMENTS, as in tcp:8080)")
	case head.named, !known:
		name, _, _ := strings.Cut(text[offset:], ":")
		return fail("unknown type %q of %s endpoint %s", name, r.kind, r.instead(name))
	case t.Wrap != nil && len(fields) == 1:
		return fail("%s stands before another endpoint, as in %s:tcp:8080", t.Name, t.Name)
	case t.Wrap != nil:
		e, canonical, err := r.parse(text, fields[1].at)
		if err != nil {
			return nil, "", err
		}
		if err := t.Wrap(e); err != nil {
			return fail("%s: %v", t.Name, err)
		}
		return e, Quote(t.Name) + ":" + canonical, nil
	}
	a := &Args{
		text: text, typ: t.Name, at: offset, trusted: r.trusted, positional: t.Positional, named: t.Named,
	}
	if err := a.bind(t.Repeated, fields[1:]); err != nil {
		return nil, "", err
	}
	e, err := t.Parse(a)
	if a.err != nil {
		return nil, "", a.err
	}
	if err != nil {
		return fail("%v", err)
	}
	return e, a.canonical(), nil
}

// instead says what there is in place of the unknown type name, which may be an address in the way other programs have
// them: 8080, :8080 or 127.0.0.1:8080.
func (r reader[E]) instead(name string) string {
	if strings.Trim(name, "0123456789.") == "" || name == "localhost" {
		return "(TCP is tcp:PORT for servers, tcp:HOST:PORT for clients)"
	}
	return "(there are " + list(slices.Sorted(maps.Keys(r.types))) + ")"
}

// list writes names as part of a sentence.
func list(names []string) string { return strings.Join(names, ", ") }
