package endpoint

import "strings"

// maxText bounds the length of an endpoint string. A guest may ask to connect or listen, so its size is not ours.
const maxText = 16 << 10

// field is one argument, unescaped.
type field struct {
	name    string // empty: given by position
	value   string
	named   bool
	at      int // offset of the argument
	valueAt int // offset of the value
}

// Parse splits an endpoint string into its positional arguments, of which the first is the type, and its named ones.
// Of a name given twice the last value counts. It knows the grammar and no types; the error is a [*ParseError].
func Parse(text string) (args []string, kwargs map[string]string, err error) {
	fields, perr := split(text)
	if perr != nil {
		return nil, nil, perr
	}
	kwargs = map[string]string{}
	for _, f := range fields {
		if f.named {
			kwargs[f.name] = f.value
		} else {
			args = append(args, f.value)
		}
	}
	return args, kwargs, nil
}

// split is the tokeniser.
func split(text string) ([]field, *ParseError) {
	if len(text) > maxText {
		return nil, &ParseError{Text: text[:64] + "...", Reason: "too long"}
	}
	var fields []field
	var current field
	var word strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
			if i == len(text) {
				return nil, &ParseError{Text: text, Offset: i - 1, Reason: `backslash at the end (a backslash is written \\)`}
			}
			word.WriteByte(text[i])
		case c == ':':
			current.value = word.String()
			fields = append(fields, current)
			word.Reset()
			current = field{at: i + 1, valueAt: i + 1}
		case c == '=' && !current.named:
			current.name, current.named, current.valueAt = word.String(), true, i+1
			word.Reset()
		default:
			word.WriteByte(c)
		}
	}
	current.value = word.String()
	return append(fields, current), nil
}

// rawOffset returns the offset in text of byte n of the value whose escaped form begins at start.
func rawOffset(text string, start, n int) int {
	for ; n > 0 && start < len(text); n-- {
		if text[start] == '\\' {
			start++
		}
		start++
	}
	return min(start, len(text))
}

var quoter = strings.NewReplacer(`\`, `\\`, `:`, `\:`, `=`, `\=`)

// Quote escapes s for use as a whole argument, name or value of an endpoint string.
func Quote(s string) string { return quoter.Replace(s) }
