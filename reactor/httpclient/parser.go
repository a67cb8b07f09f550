package httpclient

import (
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/http1"
)

const (
	maxHead    = 64 << 10 // of a response, in bytes without line ends
	maxInterim = 16       // responses with a status of 1xx before the one that counts
)

// parser reads one response, in pieces of any size.
type parser struct {
	method  string // of the request
	maxBody int
	// receive, if it is set, says who takes the body of a response; nobody: it is gathered in the response.
	receive func(*Response) Receiver

	receiver Receiver
	head     *http1.ResponseParser // nil once the head is complete
	headSize int
	body     http1.Body
	received int64 // bytes of the body
	interim  int
	response *Response
}

func newParser(method string, maxBody int) parser {
	l := http1.Limits{Line: maxHead, Head: maxHead, Headers: maxHead / len("A:")}
	return parser{method: method, maxBody: maxBody, head: http1.NewResponseParser(l)}
}

// feed takes the next bytes. It reports whether the response is complete; what follows it is ignored.
func (p *parser) feed(data []byte) (done bool, err error) {
	for p.response == nil {
		n, complete, err := p.head.Parse(data)
		p.headSize += n
		if !complete || err != nil {
			return false, err
		}
		data = data[n:]
		if err := p.begin(); err != nil {
			return false, err
		}
	}
	for len(data) > 0 && !p.body.Done() {
		piece, n, err := p.body.Next(data)
		if err == nil {
			err = p.take(piece)
		}
		if err != nil {
			return false, err
		}
		data = data[n:]
	}
	return p.body.Done(), nil
}

// take is given a piece of the body.
func (p *parser) take(piece []byte) error {
	p.received += int64(len(piece))
	if p.receiver != nil {
		return p.receiver.BodyReceived(piece)
	}
	if p.received > int64(p.maxBody) {
		return p.tooLarge()
	}
	p.response.Body = append(p.response.Body, piece...)
	return nil
}

func (p *parser) tooLarge() error {
	return fmt.Errorf("body: %w: above %d bytes", ErrTooLarge, p.maxBody)
}

// begin reads the head that is complete.
func (p *parser) begin() error {
	h := p.head.Response()
	if h.Code < 200 {
		if p.interim++; p.interim > maxInterim || h.Code == 101 {
			return http1.Malformed("sequence of responses: interim", h.Status)
		}
		p.head.Reset()
		return nil
	}
	if err := p.head.Frame(p.method, &p.body); err != nil {
		return err
	}
	a := &Response{Proto: h.Proto(), StatusCode: h.Code, Status: string(h.Status), Header: Header{}}
	for _, f := range h.Fields {
		key := canonical(f.Name)
		a.Header[key] = append(a.Header[key], string(f.Value))
	}
	a.Length = p.body.Length()
	p.response, p.head = a, nil
	if p.receive != nil {
		p.receiver = p.receive(a)
	}
	if p.receiver != nil {
		return p.receiver.HeadReceived(a)
	}
	if a.Length > int64(p.maxBody) {
		return p.tooLarge()
	}
	return nil
}

// endsWithConnection reports whether the end of the connection is the end of the response.
func (p *parser) endsWithConnection() bool { return p.response != nil && p.body.UntilClose() }

// progress says how far the response has come.
func (p *parser) progress() string {
	switch {
	case p.response != nil:
		return fmt.Sprintf("%d bytes of the body", p.received)
	case p.headSize > 0:
		return fmt.Sprintf("%d bytes of the head", p.headSize)
	}
	return "the request"
}
