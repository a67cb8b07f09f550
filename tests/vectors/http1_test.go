package vectors

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func init() {
	players["http1"] = httpScript
	players["http1-chunked-body"] = chunkedScript
}

// httpScript plays a server, whose answers are those of the app that the case names.
func httpScript(c *testCase) (*script, error) {
	s, err := c.httpSetup("server", "http1")
	if err != nil {
		return nil, err
	}
	rest := map[string]json.RawMessage{}
	maps.Copy(rest, c.Expect)
	delete(rest, "status")
	delete(rest, "requests")
	if s.want, err = (&testCase{Protocol: c.Protocol, Expect: rest}).wants("output", "close"); err != nil {
		return nil, err
	}
	if raw, ok := c.Expect["status"]; ok {
		var codes []int
		if err := json.Unmarshal(raw, &codes); err != nil {
			return nil, fmt.Errorf("status: %w", err)
		}
		// Some cases leave interim responses out of the list; the output has them all.
		s.want["status"] = fmt.Sprint(slices.DeleteFunc(codes, func(code int) bool { return code < 200 }))
	}
	if raw, ok := c.Expect["requests"]; ok {
		if s.want["requests"], err = httpRequests(raw); err != nil {
			return nil, err
		}
	}
	s.observe = observeHTTP
	return s, nil
}

// chunkedScript plays a decoder of bodies.
func chunkedScript(c *testCase) (*script, error) {
	s, err := c.httpSetup("codec", "chunked")
	if err != nil {
		return nil, err
	}
	expect := maps.Clone(c.Expect)
	// Of a body that is malformed the cases do not say what was decoded before.
	maps.DeleteFunc(expect, func(what string, raw json.RawMessage) bool { return what == "decoded" && string(raw) == "null" })
	s.want, err = (&testCase{Protocol: c.Protocol, Expect: expect}).wants("decoded", "finished", "extra", "error", "close")
	s.observe = observeChunked
	return s, err
}

// httpSetup hands a case's setup to package report, which has the same names for it.
func (c *testCase) httpSetup(role, kind string) (*script, error) {
	if c.Role != role {
		return nil, fmt.Errorf("role %q cannot be played", c.Role)
	}
	s := &script{module: reportModule, config: map[string]string{"report": kind}}
	for key, value := range c.Setup {
		switch value := value.(type) {
		case float64:
			s.config[key] = strconv.FormatFloat(value, 'f', -1, 64)
		case string:
			s.config[key] = value
		default:
			return nil, fmt.Errorf("setup %s = %v cannot be played", key, value)
		}
		if !slices.Contains(httpKeys, key) {
			return nil, fmt.Errorf("setup %s = %v cannot be played", key, value)
		}
	}
	return s, nil
}

// httpKeys are what a setup may hold.
var httpKeys = []string{"app", "maxHeaders", "totalHeadersSize", "MAX_LENGTH", "maxChunkSizeLineLength", "maxTrailerHeadersSize"}

// httpRequests gives the requests of an expectation in the form of package report's lines.
func httpRequests(raw json.RawMessage) (string, error) {
	var requests []struct {
		Method, Target, Version, Body string
		Headers                       [][2]string
	}
	if err := json.Unmarshal(raw, &requests); err != nil {
		return "", fmt.Errorf("requests: %w", err)
	}
	var text strings.Builder
	for _, q := range requests {
		fmt.Fprintf(&text, "request %s %s %s\n", q.Method, q.Target, q.Version)
		var headers []string
		for _, h := range q.Headers {
			headers = append(headers, fmt.Sprintf("header %s %s\n", h[0], h[1]))
		}
		fmt.Fprintf(&text, "%sbody %s\n", byName(headers), q.Body)
	}
	return text.String(), nil
}

// byName sorts headers by name, and leaves those of one name in their order: the cases group them.
func byName(headers []string) string {
	slices.SortStableFunc(headers, func(a, b string) int {
		return strings.Compare(strings.Fields(a)[1], strings.Fields(b)[1])
	})
	return strings.Join(headers, "")
}

var statusLine = regexp.MustCompile(`HTTP/1\.[01] ([2-9]\d\d) `)

func observeHTTP(printed string, output []byte, closed bool, _ [2]string) observed {
	codes := []int{}
	for _, m := range statusLine.FindAllSubmatch(output, -1) {
		code, _ := strconv.Atoi(string(m[1]))
		codes = append(codes, code)
	}
	var requests strings.Builder
	var headers []string
	for line := range strings.Lines(printed) {
		if strings.HasPrefix(line, "header ") {
			headers = append(headers, line)
			continue
		}
		requests.WriteString(byName(headers) + line)
		headers = nil
	}
	return observed{
		"status": fmt.Sprint(codes), "requests": requests.String(),
		"output": fmt.Sprintf("%x", output), "close": fmt.Sprint(closed),
	}
}

func observeChunked(printed string, _ []byte, closed bool, _ [2]string) observed {
	seen := observed{"decoded": "", "extra": "", "finished": "false", "error": "false", "close": fmt.Sprint(closed)}
	for line := range strings.Lines(printed) {
		switch what, value, _ := strings.Cut(strings.TrimSpace(line), " "); what {
		case "decoded", "extra":
			seen[what] += value
		default:
			seen[what] = "true"
		}
	}
	return seen
}
