package vectors

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/amp"
)

func init() { players["amp"] = ampScript }

// ampScript plays module amp: with the commands of the case's app, or, where a case has none, as a recorder of boxes.
func ampScript(c *testCase) (*script, error) {
	if c.Role != "server" {
		return nil, fmt.Errorf("role %q cannot be played", c.Role)
	}
	s := &script{module: "amp", config: map[string]string{"app": "boxes"}, observe: observeAMP, want: observed{}}
	for key, value := range c.Setup {
		app, ok := value.(string)
		if key != "app" || !ok {
			return nil, fmt.Errorf("setup %s = %v cannot be played", key, value)
		}
		s.config["app"] = app
	}
	for what, raw := range c.Expect {
		var boxes []map[string]string
		var err error
		switch what {
		case "output", "close":
			s.want[what], err = c.expected(what)
		case "boxes": // values in hexadecimal
			if err = json.Unmarshal(raw, &boxes); err == nil {
				s.want[what] = describeBoxes(boxes)
			}
		case "reply_boxes": // values as text
			if err = json.Unmarshal(raw, &boxes); err == nil {
				for _, box := range boxes {
					for key, value := range box {
						box[key] = hex.EncodeToString([]byte(value))
					}
				}
				s.want[what] = describeBoxes(boxes)
			}
		default:
			err = fmt.Errorf("expectation %q cannot be checked for amp", what)
		}
		if err != nil {
			return nil, fmt.Errorf("expectation %s: %w", what, err)
		}
	}
	return s, nil
}

// describeBoxes writes boxes as module amp reports them.
func describeBoxes(boxes []map[string]string) string {
	var text strings.Builder
	for _, box := range boxes {
		text.WriteString("box")
		for _, key := range slices.Sorted(maps.Keys(box)) {
			fmt.Fprintf(&text, " %q=%s", key, box[key])
		}
		text.WriteByte('\n')
	}
	return text.String()
}

// observeAMP takes apart what module amp has printed and answered.
func observeAMP(printed string, output []byte, closed bool, _ [2]string) observed {
	seen := observed{"boxes": printed, "output": fmt.Sprintf("%x", output), "close": fmt.Sprint(closed)}
	boxes, err := amp.ParseBoxes(output)
	if err != nil {
		seen["reply_boxes"] = err.Error()
		return seen
	}
	var replies []map[string]string
	for _, box := range boxes {
		reply := map[string]string{}
		for key, value := range box.All() {
			reply[key] = hex.EncodeToString(value)
		}
		replies = append(replies, reply)
	}
	seen["reply_boxes"] = describeBoxes(replies)
	return seen
}
