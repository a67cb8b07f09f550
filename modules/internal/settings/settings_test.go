package settings

import (
	"slices"
	"testing"
	"time"
)

func from(pairs map[string]string) *Reader {
	return From(func(key string) (string, bool) {
		value, ok := pairs[key]
		return value, ok
	})
}

func TestDefaults(t *testing.T) {
	r := from(nil)
	if r.Text("a", "x") != "x" || r.Choice("b", "one", "two") != "one" || r.Int("c", 3, 1, 5) != 3 ||
		!r.Bool("d", true) || r.Duration("e", time.Second, 0) != time.Second {
		t.Error("a key that is not set has not its default")
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
}

func TestValues(t *testing.T) {
	r := from(map[string]string{"a": "", "b": "two", "c": "5", "d": "false", "e": "1m"})
	if r.Text("a", "x") != "" || r.Choice("b", "one", "two") != "two" || r.Int("c", 3, 1, 5) != 5 ||
		r.Bool("d", true) || r.Duration("e", time.Second, 0) != time.Minute {
		t.Error("a key that is set has not its value")
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
}

func TestErrorsNameTheKeyAndWhatIsWanted(t *testing.T) {
	r := from(map[string]string{"b": "three", "c": "6", "d": "maybe", "e": "-1s"})
	r.Choice("b", "one", "two")
	r.Int("c", 3, 1, 5)
	r.Bool("d", true)
	r.Duration("e", time.Second, 0)
	want := `b="three": want one of one, two
c="6": want a number from 1 to 5
d="maybe": want true or false
e="-1s": want a duration like 90s, at least 0s`
	if err := r.Err(); err == nil || err.Error() != want {
		t.Errorf("error\n%v\nwant\n%s", err, want)
	}
}

func TestList(t *testing.T) {
	r := from(map[string]string{"a": " one ;two;;\n# three; four\n\nfive", "b": ""})
	if got, want := r.List("a", "x"), []string{"one", "two", "five"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if len(r.List("b", "x")) != 0 || !slices.Equal(r.List("c", "x;y"), []string{"x", "y"}) {
		t.Error("an empty list, or the default")
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]bool{"ann": true, "Zoë B": true, "": false, "a\nb": false, "\xff": false, "\u009b": false} {
		if Printable(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
