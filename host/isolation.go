package host

import "fmt"

// Isolation says which connections share an instance, and with it a memory.
type Isolation int

// The isolations, from the strongest to the weakest. The zero value leaves the choice to the module's manifest, and
// is [PerConnection] where that says nothing.
const (
	ModuleDefault Isolation = iota
	PerConnection           // one instance for each accepted or dialled root connection
	PerLoop                 // one instance for each event loop
	PerService              // exactly one instance, on one loop
)

var isolationNames = [...]string{"default", "connection", "loop", "service"}

func (i Isolation) String() string {
	if i < 0 || int(i) >= len(isolationNames) {
		return fmt.Sprintf("isolation %d", int(i))
	}
	return isolationNames[i]
}

// ParseIsolation reads "connection", "loop" or "service".
func ParseIsolation(s string) (Isolation, error) {
	for i := PerConnection; i <= PerService; i++ {
		if s == isolationNames[i] {
			return i, nil
		}
	}
	return 0, fmt.Errorf("isolation %q: want connection, loop or service", s)
}

// chooseIsolation settles the operator's wish against the module's default, which may be tightened and never loosened:
// a module that expects an instance of its own for each connection may leak one peer's data to another if it shares.
func chooseIsolation(wish, module Isolation) (Isolation, error) {
	if module == ModuleDefault {
		module = PerConnection
	}
	switch {
	case wish == ModuleDefault:
		return module, nil
	case wish < ModuleDefault || wish > PerService:
		return 0, fmt.Errorf("%s: no such isolation", wish)
	case wish > module:
		return 0, fmt.Errorf("isolation %s: the module is made for %s, which can be tightened and not loosened", wish, module)
	}
	return wish, nil
}
