package redis

import (
	"encoding/csv"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// tool runs one of Redis's programs against a server and returns what it printed.
func tool(t *testing.T, s server, input, name string, args ...string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(s.address)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), name, append([]string{"-h", host, "-p", port}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func TestRedisCLI(t *testing.T) {
	s := startSandboxed(t, "password", "secret")
	cli := func(input string, args ...string) string {
		t.Helper()
		return tool(t, s, input, "redis-cli", append([]string{"--no-auth-warning", "-a", "secret"}, args...)...)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"SET", "greeting", "hello\x01\n"}, "OK\n"},
		{[]string{"--no-raw", "GET", "greeting"}, "\"hello\\x01\\n\"\n"},
		{[]string{"-3", "--no-raw", "HSET", "h", "a", "1", "b", "2"}, "(integer) 2\n"},
		{[]string{"-3", "--no-raw", "HGETALL", "h"}, "1# \"a\" => \"1\"\n2# \"b\" => \"2\"\n"},
		{[]string{"-3", "--no-raw", "GET", "nothing"}, "(nil)\n"},
		{[]string{"--no-raw", "INCR", "h"}, "(error) WRONGTYPE Operation against a key holding the wrong kind of value\n"},
		{[]string{"-n", "3", "DBSIZE"}, "0\n"},
		{[]string{"EXPIRE", "greeting", "100"}, "1\n"},
		{[]string{"TTL", "greeting"}, "100\n"},
		{[]string{"--eval", "/dev/null"}, ""}, // scripts are refused: the text follows
	} {
		got := cli("", c.args...)
		if c.args[0] == "--eval" {
			if !strings.HasPrefix(got, "ERR unknown command 'EVAL'") {
				t.Errorf("%q: %q", c.args, got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.args, got, c.want)
		}
	}
	if got := tool(t, s, "", "redis-cli", "GET", "greeting"); got != "NOAUTH Authentication required.\n\n" {
		t.Errorf("without a password: %q", got)
	}
	if got := cli("MULTI\nRPUSH l a b c\nLRANGE l 0 -1\nEXEC\n"); got != "OK\nQUEUED\nQUEUED\n3\na\nb\nc\n" {
		t.Errorf("a transaction: %q", got)
	}
	if got := cli("", "INFO", "keyspace"); !strings.Contains(got, "db0:keys=3,expires=1,") {
		t.Errorf("INFO: %q", got)
	}
	var mass strings.Builder
	const keys = 5000
	for i := range keys {
		key := fmt.Sprintf("mass:%d", i)
		fmt.Fprintf(&mass, "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$1\r\nx\r\n", len(key), key)
	}
	if got := cli(mass.String(), "--pipe"); !strings.Contains(got, fmt.Sprintf("errors: 0, replies: %d", keys)) {
		t.Errorf("mass insertion: %q", got)
	}
	found := strings.Fields(cli("", "--scan", "--pattern", "mass:*"))
	slices.Sort(found)
	if n := len(slices.Compact(found)); n != keys || len(found) != keys {
		t.Errorf("--scan finds %d keys, %d of them different, want %d", len(found), n, keys)
	}
}

// benchmarks are those that redis-benchmark runs here, as it names them in its table.
var benchmarks = []string{"PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "LPUSH", "RPUSH", "LPOP", "RPOP", "SADD", "HSET", "SPOP", "ZADD",
	"ZPOPMIN", "LPUSH (needed to benchmark LRANGE)", "LRANGE_100 (first 100 elements)", "MSET (10 keys)"}

func TestRedisBenchmark(t *testing.T) {
	s := startSandboxed(t)
	const requests = 1000
	out := tool(t, s, "", "redis-benchmark", "--csv", "-n", strconv.Itoa(requests), "-c", "20", "-P", "5", "-d", "100",
		"-t", "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,mset")
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var names []string
	for _, row := range rows[1:] {
		names = append(names, row[0])
		if rate, err := strconv.ParseFloat(row[1], 64); err != nil || rate <= 0 {
			t.Errorf("%s: %q requests a second", row[0], row[1])
		}
	}
	if !slices.Equal(names, benchmarks) {
		t.Errorf("it has run %q, want %q\n%s", names, benchmarks, out)
	}
	c := s.dial(t)
	for _, check := range []struct{ command, want string }{
		{"GET counter:__rand_int__", fmt.Sprintf("$4\r\n%d\r\n", requests)},
		{"LLEN mylist", fmt.Sprintf(":%d\r\n", requests)}, // what was pushed and popped, and pushed again for LRANGE
		{"STRLEN key:__rand_int__", ":100\r\n"},
		{"HLEN myhash", ":1\r\n"},
	} {
		if got := c.ask(strings.Fields(check.command)...); got != check.want {
			t.Errorf("%s: %q, want %q", check.command, got, check.want)
		}
	}
}
