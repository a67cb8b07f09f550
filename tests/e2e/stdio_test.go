package e2e

import "testing"

// TestEchoOnStandardInputAndOutput has socat run the program as a super-server would, on a socket, and on a terminal,
// whose input ends with ^D. The program ends with its input.
func TestEchoOnStandardInputAndOutput(t *testing.T) {
	run := "EXEC:" + program + " run echo --listen stdio\\:"
	for name, c := range map[string]struct{ address, input, want string }{
		"socket":   {run, "hello\n", "hello\n"},
		"terminal": {run + ",pty,echo=0", "hello\n\x04", "hello\r\n"},
	} {
		got := command(t, c.input, "socat", "-t", "30", "-", c.address)
		if got.stdout != c.want {
			t.Errorf("%s: socat saw %q, %q", name, got.stdout, got.stderr)
		}
	}
}
