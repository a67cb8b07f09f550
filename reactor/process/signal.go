package process

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
)

// maxSignal is the largest number of a signal on any system.
const maxSignal = 128

// ParseSignal returns the signal of a name, with or without "SIG" ("TERM", "SIGKILL"), or of a number ("15").
func ParseSignal(text string) (syscall.Signal, error) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 && n <= maxSignal {
		return syscall.Signal(n), nil
	}
	if sig := signalNumber("SIG" + strings.TrimPrefix(text, "SIG")); sig != 0 {
		return sig, nil
	}
	return 0, fmt.Errorf("process: signal %q is unknown (a name such as TERM, or a number)", text)
}
