//go:build wasip1

package wasmnet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// request is an operation that the host has under way. It implements [protocol.Request].
type request struct {
	handle    int32 // 0: the host refused it; the outcome is told later all the same
	done      bool
	cancelled bool
	tell      func(status int32, result []byte)
}

var _ protocol.Request = (*request)(nil)

// newRequest follows what an import has begun, or refused with a code below zero.
func newRequest(handle int32, tell func(status int32, result []byte)) *request {
	r := &request{tell: tell}
	if handle > 0 {
		r.handle = handle
		requests.put(handle, r)
		return r
	}
	theReactor.CallLater(0, func() {
		if r.cancelled {
			handle = int32(abi.Cancelled)
		}
		r.completed(handle, nil)
	})
	return r
}

func (r *request) completed(status int32, result []byte) {
	r.done = true
	r.tell(status, result)
}

// Cancel implements [protocol.Request].
func (r *request) Cancel() {
	if r.done || r.cancelled {
		return
	}
	r.cancelled = true
	if r.handle != 0 {
		hostCancel(r.handle)
	}
}

// Resolve implements [protocol.Reactor].
func (*reactor) Resolve(host string, done func(addresses []string, err error)) protocol.Request {
	return newRequest(hostResolve(stringPtr(host), int32(len(host))), func(status int32, result []byte) {
		switch {
		case status >= 0:
			done(lines(result), nil)
		case status == int32(abi.Cancelled):
			done(nil, protocol.ErrConnectingCancelled)
		default:
			done(nil, protocol.ErrDNSLookup.Because(fmt.Errorf("%s: %w", host, codeError(status))))
		}
	})
}

func lines(text []byte) []string {
	var all []string
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		if len(line) > 0 {
			all = append(all, string(line))
		}
	}
	return all
}

// taskFailed is the status of a task that returned an error; its text is the result.
const taskFailed = 1

// DeferToThread implements [protocol.Reactor]. The task runs in a worker instance, which is made from the service's
// image. Input and result are limited by the receive buffer, 64 KiB.
func (*reactor) DeferToThread(name string, input []byte, done func(result []byte, err error)) protocol.Request {
	fail := func(err error) { done(nil, fmt.Errorf("task %q: %w", name, err)) }
	if protocol.LookupTask(name) == nil {
		return newRequest(int32(abi.NotFound), func(status int32, _ []byte) {
			if status == int32(abi.Cancelled) {
				fail(protocol.ErrConnectingCancelled)
			} else {
				fail(errors.New("no task is registered under this name"))
			}
		})
	}
	// A worker reads: the length of the name, two bytes, little endian; the name; the input.
	frame := make([]byte, 0, 2+len(name)+len(input))
	frame = binary.LittleEndian.AppendUint16(frame, uint16(len(name)))
	frame = append(append(frame, name...), input...)
	return newRequest(hostDeferToThread(bytesPtr(frame), int32(len(frame))), func(status int32, result []byte) {
		switch {
		case status == taskFailed:
			fail(errors.New(string(result)))
		case status >= 0:
			done(bytes.Clone(result), nil)
		case status == int32(abi.IO):
			fail(errors.New("the worker trapped"))
		default:
			fail(codeError(status))
		}
	})
}

// runTask is the worker's side.
func runTask(frame []byte) int32 {
	if len(frame) < 2 || len(frame)-2 < int(binary.LittleEndian.Uint16(frame)) {
		return int32(abi.Invalid)
	}
	end := 2 + binary.LittleEndian.Uint16(frame)
	name, input := string(frame[2:end]), frame[end:]
	task := protocol.LookupTask(name)
	if task == nil {
		return int32(abi.NotFound)
	}
	result, err := task(input)
	endTurn()
	status := int32(0)
	if err != nil {
		status, result = taskFailed, []byte(err.Error())
	}
	if code := hostTaskResult(bytesPtr(result), int32(len(result))); code < 0 {
		return code
	}
	return status
}
