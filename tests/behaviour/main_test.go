// Package behaviour restates the behaviours that Twisted's own tests hold its reactors to, as tests of this reactor on
// real sockets and on every backend. The names of those tests are given where one corresponds; they are in Twisted's
// twisted/internet/test and twisted/test.
//
// The tests whose names begin with TestPuppets play behaviours with package puppet: in memory and on sockets, natively and
// with either end or both compiled and in a sandbox. What the two ends tell has to be the same everywhere.
package behaviour

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
