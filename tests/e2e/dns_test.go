package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// serveZone serves the test's zone over UDP and TCP, endpoints 0 and 1, and more endpoints as args ask for.
func serveZone(t *testing.T, args ...string) *server {
	t.Helper()
	folder, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, append([]string{"run", "dns", "--listen", "udp:0:interface=127.0.0.1", "--listen", "tcp:0:interface=127.0.0.1",
		"--allow", "mount=" + folder + ":/zones", "--set", "zone-files=/zones/example.zone"}, args...)...)
}

// dig asks questions, and returns for each status and flags and the records of the sections. Names of servers'
// addresses that an answer brings along are left out: what is helpful is a matter of taste. It fails the test if there
// is no answer.
func dig(t *testing.T, port string, options string, questions ...string) []string {
	t.Helper()
	args := append([]string{"@127.0.0.1", "-p", port, "+tries=2", "+time=20", "+noall", "+comments", "+answer", "+authority", "+additional"},
		strings.Fields(options)...)
	got := command(t, "", "dig", append(args, strings.Fields(strings.Join(questions, " "))...)...)
	answers := strings.Split(got.stdout, ";; Got answer:")[1:]
	if got.status != 0 || len(answers) != len(questions) {
		t.Fatalf("dig %q: %d answers\n%s%s", args, len(answers), got.stdout, got.stderr)
	}
	for i, text := range answers {
		answers[i] = digest(text)
	}
	return answers
}

// digest is an answer as dig shows it, without what differs from server to server.
func digest(text string) string {
	var head, records []string
	section := ""
	for line := range strings.Lines(text + ";; LAST SECTION:") {
		line = strings.Join(strings.Fields(line), " ")
		switch {
		case strings.Contains(line, "status: "):
			head = append(head, strings.Split(strings.Split(line, "status: ")[1], ",")[0])
		case strings.HasPrefix(line, ";; flags: "):
			head = append(head, strings.Split(line[len(";; flags: "):], ";")[0])
		case strings.HasSuffix(line, "PSEUDOSECTION:"):
			head = append(head, "EDNS")
		case strings.HasSuffix(line, "SECTION:"):
			if slices.Sort(records); section != "ADDITIONAL" || !slices.Contains(head, "ANSWER") {
				head = append(head, records...) // servers may turn them round
			}
			section, records = strings.Fields(line)[1], nil
			if section == "ANSWER" || section == "AUTHORITY" {
				head = append(head, section)
			}
		case line != "" && line[0] != ';':
			records = append(records, line)
		}
	}
	return strings.Join(head, "\n")
}

// questions are asked of both name servers. Every kind of answer is among them.
var questions = []string{
	"example SOA", "example NS", "example MX", "example TXT", "example CAA", "example A", "www.example A", "www.example CNAME", "www.example AAAA",
	"web.example A", "WEB.example A", "case.example A", "ns1.example AAAA", "a.b.c.example TXT", "b.c.example TXT", "c.example A", "nope.example A",
	"x.web.example A", "any.wild.example A", "a.b.wild.example A", "wild.example A", "any.wild.example TXT", "not.example A", "x.not.example A",
	"host.x.not.example A", "_sip._tcp.example SRV", "sub.example NS", "sub.example DS", "ns.sub.example A", "x.y.sub.example MX", "x.ds.sub.example A",
	"out.example A", "gone.example A", "odd.example TYPE65280", "odd.example A", "big.example TXT", "example.com A", "example. CH TXT",
}

// Two name servers with the same zone give the same answers.
func TestDNSAgreesWithNSD(t *testing.T) {
	port, _ := nsd(t)
	s := serveZone(t)
	for _, options := range []string{"+norec +ignore", "+norec +ignore +noedns", "+norec +ignore +dnssec +bufsize=512", "+norec +tcp"} {
		ours := s.port(0)
		if strings.Contains(options, "+tcp") {
			ours = s.port(1)
		}
		got, want := dig(t, ours, options, questions...), dig(t, port, options, questions...)
		for i, question := range questions {
			if got[i] != want[i] {
				t.Errorf("%s, %s\n%s\n-- and NSD\n%s", question, options, got[i], want[i])
			}
		}
	}
}

func TestDigTransfersAZone(t *testing.T) {
	port, _ := nsd(t)
	s := serveZone(t, "--set", "transfer=127.0.0.1")
	transfer := func(port string) []string {
		return records(command(t, "", "dig", "@127.0.0.1", "-p", port, "+tcp", "+noall", "+answer", "example", "AXFR").stdout)
	}
	if got, want := transfer(s.port(1)), transfer(port); len(got) < 25 || !slices.Equal(got, want) {
		t.Errorf("dig saw\n%s\nand of NSD\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	strict := serveZone(t, "--isolation", "connection")
	if refused := transfer(strict.port(1)); len(refused) > 0 {
		t.Errorf("a transfer that is not granted: %q", refused)
	}
	for i, options := range []string{"+norec", "+norec +tcp"} {
		if got := dig(t, strict.port(i), options, "mail.example A")[0]; !strings.Contains(got, "192.0.2.2") {
			t.Errorf("with a sandbox for each connection: %s", got)
		}
	}
}

// records are the lines of a zone, without their layout.
func records(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 3 && fields[0][0] != ';' {
			all = append(all, strings.ToLower(strings.Join(fields, " ")))
		}
	}
	slices.Sort(all)
	return all
}

func TestKdigOverTLS(t *testing.T) {
	key, cert := selfSigned(t, "localhost")
	s := serveZone(t, "--listen", "ssl:0:privateKey="+key+":certKey="+cert+":interface=127.0.0.1")
	got := command(t, "", "kdig", "@127.0.0.1", "-p", s.port(2), "+tls-ca="+cert, "+tls-hostname=localhost", "+keepopen", "+short",
		"web.example", "A", "example", "MX", "mail.example", "A")
	if want := "192.0.2.3\n192.0.2.4\n10 mail.example.\n192.0.2.2\n"; got.stdout != want {
		t.Errorf("kdig saw %q, want %q; %s", got.stdout, want, got.stderr)
	}
	refused := command(t, "", "kdig", "@127.0.0.1", "-p", s.port(2), "+tls-ca="+cert, "+tls-hostname=elsewhere", "+retry=0", "+short", "web.example")
	if refused.stdout != "" {
		t.Errorf("another host's name is taken: %q", refused.stdout)
	}
}

// TestDNSPerf has dnsperf count answers, over UDP, TCP and TLS.
func TestDNSPerf(t *testing.T) {
	key, cert := selfSigned(t, "localhost")
	s := serveZone(t, "--listen", "ssl:0:privateKey="+key+":certKey="+cert+":interface=127.0.0.1")
	file := filepath.Join(t.TempDir(), "queries")
	if err := os.WriteFile(file, []byte(strings.Repeat("web.example A\nnope.example A\nwww.example A\nexample MX\n", 250)), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, mode := range []string{"udp", "tcp", "dot"} {
		got := command(t, "", "dnsperf", "-s", "127.0.0.1", "-p", s.port(i), "-m", mode, "-d", file, "-n", "3", "-c", "4", "-t", "20", "-e")
		for _, want := range []string{"Queries completed:    3000 (100.00%)", "NOERROR 2250 (75.00%), NXDOMAIN 750 (25.00%)"} {
			if !strings.Contains(got.stdout, want) {
				t.Errorf("%s: dnsperf does not say %q: %s%s", mode, want, got.stdout, got.stderr)
			}
		}
	}
}

// A forwarder in front of a name server gives its answers, also when that is gone.
func TestDNSForwardsToNSD(t *testing.T) {
	port, stop := nsd(t)
	s := serve(t, "run", "dns", "--listen", "udp:0:interface=127.0.0.1", "--listen", "tcp:0:interface=127.0.0.1",
		"--set", "forward=127.0.0.1:"+port, "--set", "timeouts=1s", "--allow", "dial=udp:127.0.0.1:"+port, "--allow", "dial=tcp:127.0.0.1:"+port)
	ask := func(question string, args ...string) string {
		return command(t, "", "dig", append([]string{"@127.0.0.1", "-p", s.port(1), "+tcp", "+short"}, append(strings.Fields(question), args...)...)...).stdout
	}
	big := ask("big.example TXT")
	for question, want := range map[string]string{"www.example A": "web.example.\n192.0.2.3\n192.0.2.4\n", "example MX": "10 mail.example.\n", "nope.example A": ""} {
		if got := sorted(ask(question)); got != sorted(want) {
			t.Errorf("%s: %q, want %q", question, got, want)
		}
	}
	if strings.Count(big, "0123456789") != 130 {
		t.Errorf("what does not fit UDP was not asked for over TCP: %q", big)
	}
	stop()
	got := dig(t, s.port(0), "", "nope.example A", "www.example A", "other.example A")
	for i, want := range []string{"NXDOMAIN\nqr rd ra\nEDNS\nAUTHORITY\nexample. ", "NOERROR\nqr rd ra\nEDNS\nANSWER\nweb.example. ", "SERVFAIL\nqr rd ra\nEDNS"} {
		if !strings.HasPrefix(got[i], want) {
			t.Errorf("when the server is gone: %s, want %s", got[i], want)
		}
	}
}

func sorted(lines string) string {
	all := strings.Fields(strings.ReplaceAll(lines, "10 ", "10_"))
	slices.Sort(all)
	return strings.Join(all, "\n")
}
