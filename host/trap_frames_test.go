package host

import (
	"slices"
	"testing"
)

func TestFramesOfAStackTrace(t *testing.T) {
	trace := "\t.main.(*T).f<x>(i32,i64) (i32,i64)\n" +
		"\t.plain() i64\n" +
		"\tguest.dotted.name(externref)\n" +
		"\t.$12(i32,i64)\n" +
		"\t.wasmnet_dispatch(i32,i32,i32,i32) i32\n" +
		"\t.evil\x1b[2J(i32)\n" +
		"\n\nGo runtime stack trace:\ngoroutine 1 [running]:\nmain.f(0x1)\n"
	want := []string{"main.(*T).f<x>", "plain", "dotted.name", "evil?[2J"}
	if got := frames(trace); !slices.Equal(got, want) {
		t.Errorf("frames %q, want %q", got, want)
	}
	if got := frames(""); got != nil {
		t.Errorf("frames of nothing: %q", got)
	}
}
