package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/internal/guestbuild"
)

// What services hold of the kernel, images above all, goes with them: a program that starts and ends services for ever
// has no more descriptors and mappings than at first.
func TestServicesLeaveNothingOpen(t *testing.T) {
	before := openNow(t)
	s, transport := stubService(t, guestbuild.WatText(t, `(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (memory (export "memory") 8)
  (func (export "wasmnet_start") (result i32)
    (call $set_receive_buffer (i32.const 4096) (i32.const 4096)))
  (func (export "data_received") (param $conn i32) (param $len i32)
    (i32.store (i32.const 0x50000) (local.get $len))))`))
	const rounds, atOnce = 20, 10
	var first kernelHeld
	for round := range rounds {
		services := []*Service{s}
		for len(services) < atOnce {
			another, err := s.host.NewServiceOn(s.module, transport.stub, ServiceConfig{})
			if err != nil {
				t.Fatal(err)
			}
			services = append(services, another)
		}
		for _, s := range services {
			connectOnce(s, transport, []byte("recycled"))
			c := s.BuildProtocol(transport.peer)
			c.ConnectionMade(transport) // and never lost
		}
		if held := openNow(t); held.images < before.images+2*atOnce {
			t.Fatalf("with %d services: %+v; is what is counted still called so?", atOnce, held)
		}
		for _, s := range services {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		left := openNow(t)
		if round == 0 {
			first = left
		}
		if left.images != before.images || left.descriptors > first.descriptors {
			t.Fatalf("after %d rounds: %+v; after the first: %+v; before: %+v", round+1, left, first, before)
		}
		var err error
		if s, err = s.host.NewServiceOn(s.module, transport.stub, ServiceConfig{}); err != nil {
			t.Fatal(err)
		}
	}
}

// kernelHeld is how many descriptors the process has, and mappings of images.
type kernelHeld struct{ descriptors, images int }

func openNow(t *testing.T) (h kernelHeld) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	h.images = strings.Count(string(maps), "memfd:wasmnet-image")
	descriptors, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	h.descriptors = len(descriptors)
	return h
}
