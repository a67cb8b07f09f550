package wasm

import "fmt"

// Error says what is wrong with a module and where.
type Error struct {
	// Offset is the position in the module of the byte that could not be taken.
	Offset int
	// Msg says what was wrong.
	Msg string
	// Feature names the WebAssembly proposal that the module needs and that is not accepted; empty if the module is
	// malformed or beyond a limit.
	Feature string
	// Limit names the field of [Limits] that the module goes beyond; empty otherwise.
	Limit string
}

func (e *Error) Error() string {
	return fmt.Sprintf("at byte %d: %s", e.Offset, e.Msg)
}

// fail carries an *Error up from the depths of the decoder to Decode, the only place that recovers it.
type fail struct{ err *Error }

func malformed(offset int, format string, args ...any) {
	panic(fail{&Error{Offset: offset, Msg: fmt.Sprintf(format, args...)}})
}

func unsupported(offset int, feature, format string, args ...any) {
	panic(fail{&Error{Offset: offset, Feature: feature,
		Msg: fmt.Sprintf(format, args...) + ": " + feature + " is not accepted"}})
}

func overLimit(offset int, limit, what string, got, max uint64) {
	panic(fail{&Error{Offset: offset, Limit: limit, Msg: fmt.Sprintf("%s: %d, at most %d allowed", what, got, max)}})
}

// catch turns a fail into an error return; every other panic goes on.
func catch(err *error) {
	switch r := recover().(type) {
	case nil:
	case fail:
		*err = r.err
	default:
		panic(r)
	}
}
