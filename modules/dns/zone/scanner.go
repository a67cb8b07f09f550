package zone

import (
	"errors"
	"strings"

	"github.com/wasmnet/wasmnet/modules/dns/message"
)

// A scanner takes a zone file apart into entries: lines, those in parentheses joined.
type scanner struct {
	text string
	line int // of what comes next, from 1
}

// An entry is the words of one entry.
type entry struct {
	line   int
	indent bool // it begins with blanks: it belongs to the name of the entry before
	tokens []message.Token
}

// next returns the next entry that has words; ok is false at the end.
func (s *scanner) next() (e entry, ok bool, err error) {
	for s.text != "" {
		e = entry{line: s.line, indent: s.text[0] == ' ' || s.text[0] == '\t'}
		if err := s.entry(&e); err != nil {
			return e, false, err
		}
		if len(e.tokens) > 0 {
			return e, true, nil
		}
	}
	return entry{}, false, nil
}

// entry reads words up to the end of a line that is not in parentheses.
func (s *scanner) entry(e *entry) error {
	depth := 0
	for s.text != "" {
		switch c := s.text[0]; c {
		case '\n':
			s.line++
			s.text = s.text[1:]
			if depth == 0 {
				return nil
			}
		case ' ', '\t', '\r':
			s.text = s.text[1:]
		case ';':
			if end := strings.IndexByte(s.text, '\n'); end >= 0 {
				s.text = s.text[end:]
			} else {
				s.text = ""
			}
		case '(':
			depth++
			s.text = s.text[1:]
		case ')':
			if depth--; depth < 0 {
				return errors.New("a closing parenthesis without an opening one")
			}
			s.text = s.text[1:]
		default:
			token, err := s.word(c == '"')
			if err != nil {
				return err
			}
			e.tokens = append(e.tokens, token)
		}
	}
	if depth > 0 {
		return errors.New("a parenthesis is not closed")
	}
	return nil
}

// word reads one word, which stands in quotation marks or ends at a blank or a character that means something.
func (s *scanner) word(quoted bool) (message.Token, error) {
	begin := 0
	if quoted {
		begin = 1
	}
	for i := begin; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '\\':
			i++
			if i < len(s.text) && s.text[i] == '\n' {
				return message.Token{}, errors.New("a backslash ends a line")
			}
		case quoted && c == '"':
			token := message.Token{Text: s.text[1:i], Quoted: true}
			s.text = s.text[i+1:]
			return token, nil
		case quoted && c == '\n':
			return message.Token{}, errors.New("a quotation mark is not closed")
		case !quoted && strings.IndexByte(" \t\r\n;()\"", c) >= 0:
			token := message.Token{Text: s.text[:i]}
			s.text = s.text[i:]
			return token, nil
		}
	}
	if quoted {
		return message.Token{}, errors.New("a quotation mark is not closed")
	}
	token := message.Token{Text: s.text}
	s.text = ""
	return token, nil
}
