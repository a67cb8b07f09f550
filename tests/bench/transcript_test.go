//go:build linux

package main

import (
	"strings"
	"sync"
	"testing"
)

func TestATranscriptIsReadWhileItGrows(t *testing.T) {
	var log transcript
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 1000 {
			log.add(strings.Repeat("x", 99))
		}
	})
	for range 100 {
		if said := log.String(); strings.Trim(said, "x\n") != "" {
			t.Errorf("it said %q", said)
		}
	}
	wg.Wait()
	if n := len(log.String()); n < mostSaid || n > mostSaid+100 {
		t.Errorf("%d bytes are kept", n)
	}
}
