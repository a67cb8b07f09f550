//go:build wasip1

package wasmnet

import (
	"fmt"
	"path"
	"runtime"
	"strconv"
	"strings"

	"github.com/wasmnet/wasmnet/abi"
)

// trap ends the instance. It is one instruction: unreachable.
func trap()

// reportPanic is deferred by every event. It logs what a protocol panicked with and where, on one line, and traps.
func reportPanic(e abi.Event) {
	if p := recover(); p != nil {
		Log(abi.LogError, fmt.Sprintf("panic in %s: %v (%s)", e, p, panicStack()))
		trap()
	}
}

// panicStack lists the calls that led to a panic, innermost first, without those of the runtime and of this package's
// exports. It is called by the deferred function that recovered.
func panicStack() string {
	var pcs [48]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	var b strings.Builder
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") && !strings.Contains(f.Function, "/guest-sdk/go.export") {
			if b.Len() > 0 {
				b.WriteString(" < ")
			}
			b.WriteString(path.Base(f.Function) + " " + path.Base(f.File) + ":" + strconv.Itoa(f.Line))
		}
		if !more {
			return b.String()
		}
	}
}
