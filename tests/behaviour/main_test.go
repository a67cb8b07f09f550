// Package behaviour restates the behaviours that Twisted's own tests hold its reactors to, as tests of this reactor on
// real sockets and on every backend. The names of those tests are given where one corresponds; they are in Twisted's
// twisted/internet/test and twisted/test.
package behaviour

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
