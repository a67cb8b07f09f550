package vectors

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// apps gives module framing's name for what a case has done with each message.
var apps = map[string]string{"stop-on-stop": "stop-on-stop", "echo-payload-raw": "echo"}

func init() {
	for _, framing := range []string{"line", "netstring", "int8", "int16", "int32"} {
		players[framing] = framingScript
	}
	for _, wire := range []string{"echo", "discard", "qotd", "who"} {
		players[wire] = wireScript
	}
}

// framingScript plays a receiver of package basic, in module framing.
func framingScript(c *testCase) (*script, error) {
	if c.Role != "server" {
		return nil, fmt.Errorf("role %q cannot be played", c.Role)
	}
	s := &script{module: "framing", config: map[string]string{"framing": c.Protocol}, observe: observeFraming}
	for _, key := range slices.Sorted(maps.Keys(c.Setup)) {
		switch value := c.Setup[key].(type) {
		case float64:
			if key == "MAX_LENGTH" {
				s.config["max-length"] = strconv.FormatFloat(value, 'f', -1, 64)
				continue
			}
		case string:
			switch {
			case key == "delimiter":
				s.config["delimiter"] = value
				continue
			case key == "receiver" && value == "LineOnly" && c.Protocol == "line":
				s.config["framing"] = "lineonly"
				continue
			case key == "app" && apps[value] != "":
				s.config["app"] = apps[value]
				continue
			}
		}
		return nil, fmt.Errorf("setup %s = %v cannot be played", key, c.Setup[key])
	}
	var err error
	s.want, err = c.wants("delivered", "output", "close")
	return s, err
}

// wireScript plays one of the smallest protocols, each in its own module.
func wireScript(c *testCase) (*script, error) {
	if c.Role != "server" || len(c.Setup) > 0 {
		return nil, fmt.Errorf("role %q with setup %v cannot be played", c.Role, c.Setup)
	}
	want, err := c.wants("output", "close")
	return &script{module: c.Protocol, want: want, observe: observeFraming}, err
}

// observeFraming reads the lines of module framing. Modules that print nothing have delivered nothing.
func observeFraming(printed string, output []byte, closed bool, _ [2]string) observed {
	delivered := []string{}
	for line := range strings.Lines(printed) {
		if message, ok := strings.CutPrefix(line, "delivered "); ok {
			delivered = append(delivered, strings.TrimSuffix(message, "\n"))
		}
	}
	return observed{
		"delivered": fmt.Sprintf("%q", delivered),
		"output":    fmt.Sprintf("%x", output),
		"close":     fmt.Sprint(closed),
	}
}
