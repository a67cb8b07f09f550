package zone

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wasmnet/wasmnet/modules/dns/message"
)

// Options say how a zone file is read.
type Options struct {
	// Origin is what relative names are relative to before the first $ORIGIN. Empty: there must be one before them.
	Origin message.Name
	// Include returns the text of the file that $INCLUDE names. Nil: $INCLUDE is refused.
	Include func(file string) (text string, err error)
}

const (
	maxDepth    = 8  // of files that include one another
	maxIncludes = 64 // in all
)

// Parse reads the text of a zone file and checks that it is a zone: one SOA record, to whose name everything belongs,
// NS records there, and no alias beside other data. file is what errors call it; they are each a [*ParseError], but for
// what concerns the zone as a whole.
func Parse(file, text string, o Options) (*Zone, error) {
	p := &parser{options: o, zone: &Zone{nodes: map[message.Name]*node{}}}
	p.origin = o.Origin
	if err := p.file(file, text, 1); err != nil {
		return nil, err
	}
	if err := p.zone.finish(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p.zone, nil
}

type parser struct {
	options  Options
	zone     *Zone
	origin   message.Name
	owner    message.Name // of the entry before
	ttl      uint32       // by $TTL
	hasTTL   bool
	last     uint32 // the TTL given last
	hasLast  bool
	includes int
}

func (p *parser) file(file, text string, depth int) error {
	s := scanner{text: text, line: 1}
	for {
		e, ok, err := s.next()
		switch {
		case err != nil:
			return &ParseError{file, s.line, err}
		case !ok:
			return nil
		}
		if err := p.entry(e, depth); err != nil {
			if nested := new(ParseError); errors.As(err, &nested) {
				return err // it names the file and the line of the included file
			}
			return &ParseError{file, e.line, err}
		}
	}
}

func (p *parser) entry(e entry, depth int) error {
	words := e.tokens
	if first := words[0]; !e.indent && !first.Quoted && strings.HasPrefix(first.Text, "$") {
		return p.directive(strings.ToUpper(first.Text), words[1:], depth)
	}
	if !e.indent {
		name, err := message.ParseName(words[0].Text, p.origin)
		if err != nil {
			return err
		}
		p.owner, words = name, words[1:]
	}
	if p.owner == "" {
		return errors.New("there is no name yet for this entry to belong to")
	}
	return p.record(words)
}

// directive does what a line that begins with a dollar sign says.
func (p *parser) directive(name string, args []message.Token, depth int) error {
	switch {
	case name == "$ORIGIN" && len(args) == 1:
		origin, err := message.ParseName(args[0].Text, p.origin)
		if err == nil {
			p.origin = origin
		}
		return err
	case name == "$TTL" && len(args) == 1:
		ttl, err := message.ParseTTL(args[0].Text)
		p.ttl, p.hasTTL = ttl, true
		return err
	case name == "$INCLUDE" && (len(args) == 1 || len(args) == 2):
		return p.include(args, depth)
	}
	return fmt.Errorf("%s with %d words: want $ORIGIN NAME, $TTL TIME or $INCLUDE FILE [ORIGIN]", name, len(args))
}

// include reads another file. Origin and name of the entry before are those of this file again afterwards.
func (p *parser) include(args []message.Token, depth int) error {
	file := args[0].Text
	if p.options.Include == nil {
		return fmt.Errorf("$INCLUDE %s: a zone that is not read from a file cannot include one", file)
	}
	if p.includes++; depth >= maxDepth || p.includes > maxIncludes {
		return fmt.Errorf("$INCLUDE %s: more than %d files deep, or more than %d in all", file, maxDepth, maxIncludes)
	}
	origin, owner := p.origin, p.owner
	if len(args) == 2 {
		var err error
		if p.origin, err = message.ParseName(args[1].Text, origin); err != nil {
			return err
		}
	}
	text, err := p.options.Include(file)
	if err != nil {
		return fmt.Errorf("$INCLUDE: %w", err)
	}
	err = p.file(file, text, depth+1)
	p.origin, p.owner = origin, owner
	return err
}

// record reads what stands behind the name: TTL and class in any order, each of which may be missing, then type and data.
func (p *parser) record(words []message.Token) error {
	ttl, hasTTL, hasClass := uint32(0), false, false
	for len(words) > 0 {
		text := words[0].Text
		if c, ok := message.ParseClass(text); ok && !hasClass {
			if c != message.ClassIN {
				return fmt.Errorf("class %s: only IN is served", c)
			}
			hasClass = true
		} else if text != "" && text[0] >= '0' && text[0] <= '9' && !hasTTL {
			var err error
			if ttl, err = message.ParseTTL(text); err != nil {
				return fmt.Errorf("TTL %w", err)
			}
			hasTTL = true
		} else {
			break
		}
		words = words[1:]
	}
	if len(words) == 0 {
		return errors.New("the type is missing")
	}
	t, ok := message.ParseType(words[0].Text)
	if !ok {
		return fmt.Errorf("type %q is not known; write it as TYPE and its number (RFC 3597)", words[0].Text)
	}
	data, err := message.ParseData(t, words[1:], p.origin)
	if err != nil {
		return err
	}
	switch {
	case hasTTL:
		p.last, p.hasLast = ttl, true
	case p.hasTTL:
		ttl = p.ttl
	case p.hasLast:
		ttl = p.last
	case t == message.TypeSOA:
		ttl = message.SOAMinimum(data)
		p.last, p.hasLast = ttl, true
	default:
		return errors.New("there is no TTL: write $TTL TIME before it")
	}
	return p.zone.add(p.owner, t, ttl, data)
}
