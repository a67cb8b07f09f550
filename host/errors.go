package host

import (
	"errors"
	"fmt"
	"strings"
)

// A ModuleError says why a module cannot be loaded or started.
type ModuleError struct {
	Module string // the name it was loaded under
	Err    error
}

func (e *ModuleError) Error() string { return "module " + e.Module + ": " + e.Err.Error() }
func (e *ModuleError) Unwrap() error { return e.Err }

// An ImportError names an import that is not offered, or not with this signature.
type ImportError struct {
	Module, Name string
	Reason       string
}

func (e *ImportError) Error() string {
	return fmt.Sprintf("import %s.%s: %s", printable(e.Module), printable(e.Name), e.Reason)
}

// An ExportError names an export that is missing or has another signature than the ABI's.
type ExportError struct {
	Name   string
	Reason string
}

func (e *ExportError) Error() string {
	return fmt.Sprintf("export %s: %s", printable(e.Name), e.Reason)
}

// A Trap is the end of an instance by its own fault: an unreachable instruction, an access out of bounds, an import
// called with a range outside of memory.
type Trap struct {
	Event  string   // that was delivered: the name of the export
	Reason string   // "unreachable", "out of bounds memory access", ...
	Frames []string // guest functions, the innermost first, as far as the module names them
}

func (e *Trap) Error() string {
	s := "trap in " + e.Event + ": " + e.Reason
	if len(e.Frames) > 0 {
		s += " (in " + strings.Join(e.Frames, " < ") + ")"
	}
	return s
}

// A LimitError is the breach of a limit.
type LimitError struct {
	Limit string // its name, one of [LimitNames]
	Value string // what it is set to, in the form [Limits.Set] takes
}

func (e *LimitError) Error() string { return "limit " + e.Limit + "=" + e.Value + " exceeded" }

// An ExitError is the end of an instance by its own will: proc_exit, or stop in a program.
type ExitError struct {
	Status int
}

func (e *ExitError) Error() string { return fmt.Sprintf("guest exited with status %d", e.Status) }

// ErrClosed is returned by methods of a [Host] or [Service] that has been closed.
var ErrClosed = errors.New("host is closed")

// printable makes a name that a module brings fit for a message.
func printable(s string) string {
	const most = 80
	var b strings.Builder
	for _, r := range s {
		if b.Len() >= most {
			b.WriteString("...")
			break
		}
		if r < ' ' || r == 0x7f || r == 0xfffd {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}
