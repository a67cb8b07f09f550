package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
)

func TestCommittedHeaderIsWhatTheGeneratorWrites(t *testing.T) {
	committed, err := os.ReadFile("../wasmnet.h")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, header()) {
		t.Error("guest-sdk/c/wasmnet.h is out of date: run go generate ./guest-sdk/c/gen")
	}
}

func TestPrototypes(t *testing.T) {
	want := []string{
		"int32_t wasmnet_write(int32_t conn, const void *ptr, int32_t len);",
		"int32_t wasmnet_config(const void *key_ptr, int32_t key_len, void *ptr, int32_t cap);",
		"int32_t wasmnet_set_receive_buffer(void *ptr, int32_t cap);",
		"void wasmnet_random(void *ptr, int32_t len);",
		"int32_t wasmnet_metric(int32_t kind, const void *name_ptr, int32_t name_len, double value);",
		"int64_t wasmnet_now(int32_t clock);",
		"int32_t wasmnet_call_later(int64_t delay);",
		"WASMNET_EVENT(when_running)\nvoid on_when_running(void);",
		"WASMNET_EVENT(wasmnet_start)\nint32_t on_start(void);",
		"WASMNET_EVENT(_initialize)\nvoid on_initialize(void);",
		"#define WASMNET_E_INVALID (-1) ",
		"#define WASMNET_REASON_RELOADED 15 ",
	}
	text := string(header())
	for _, line := range want {
		if !strings.Contains(text, line) {
			t.Errorf("missing: %s", line)
		}
	}
	for macro, want := range map[string]int{"WASMNET_IMPORT(": len(abi.Imports), "WASMNET_EVENT(": len(abi.Events)} {
		if got := strings.Count(text, "\n"+macro); got != want {
			t.Errorf("%d declarations with %s, want %d", got, macro, want)
		}
	}
}
