package e2e

import (
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestWrkSeesNoError(t *testing.T) {
	s := serve(t, "run", "web", "--listen", "tcp:0:interface=127.0.0.1")
	got := command(t, "", "wrk", "-t1", "-c32", "-d1s", "http://127.0.0.1:"+s.port(0)+"/")
	m := regexp.MustCompile(`(\d+) requests in`).FindStringSubmatch(got.stdout)
	if got.status != 0 || m == nil || m[1] == "0" || strings.Contains(got.stdout, "Non-2xx") || strings.Contains(got.stdout, "Socket errors") {
		t.Errorf("wrk: status %d\n%s%s", got.status, got.stdout, got.stderr)
	}
}

func TestH2loadCountsEveryAnswer(t *testing.T) {
	dir, big := site(t)
	_, url := serveSite(t, dir)
	for path, size := range map[string]int{"/a%20b.txt": 12, "/big.bin": len(big)} {
		// Four requests at a time on each connection, which means pipelining.
		got := command(t, "", "h2load", "--h1", "-n", "1000", "-c", "10", "-m", "4", url+path)
		if !strings.Contains(got.stdout, "1000 succeeded, 0 failed, 0 errored") ||
			!strings.Contains(got.stdout, "("+strconv.Itoa(1000*size)+") data") {
			t.Errorf("h2load %s: status %d\n%s%s", path, got.status, got.stdout, got.stderr)
		}
	}
}

// TestSlowClientsStopNobody lets slowhttptest hold connections in each of its ways, and asks in between.
func TestSlowClientsStopNobody(t *testing.T) {
	dir, big := site(t)
	_, url := serveSite(t, dir, "--limit", "per-peer=1000")
	for name, args := range map[string][]string{
		"headers": {"-H"}, "body": {"-B"}, "read": {"-X", "-w", "10", "-y", "20", "-z", "5"},
	} {
		t.Run(name, func(t *testing.T) {
			attack := exec.Command("slowhttptest", append(args, "-c", "150", "-r", "150", "-i", "1", "-l", "3", "-p", "3", "-u", url+"/big.bin")...)
			var out strings.Builder
			attack.Stdout = &out
			if err := attack.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- attack.Wait() }()
			asked := 0
			for running := true; running; asked++ {
				if got := curl(t, "", url+"/big.bin"); got.stdout != string(big) {
					t.Errorf("%d bytes while slow clients are there", len(got.stdout))
				}
				select {
				case <-ended:
					running = false
				default:
				}
			}
			if asked < 2 || !strings.Contains(out.String(), "service available:") || regexp.MustCompile(`service available: +NO`).MatchString(out.String()) {
				t.Errorf("asked %d times; slowhttptest said\n%s", asked, out.String())
			}
		})
	}
}
