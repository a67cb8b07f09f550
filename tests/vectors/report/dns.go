package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/wasmnet/wasmnet/modules/dns/message"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// DNSMessage is what is reported of a message. What follows a place where the message ends early is left out of it.
type DNSMessage struct {
	ID, QR, Opcode, AA, TC, RD, RA, AD, CD, RCode int
	Queries, Answers, Authority, Additional       []DNSRecord
	Identical                                     bool   // it is encoded as it was
	Error                                         string // "EOFError" without a whole header, "ValueError" where a name or data is wrong
}

// DNSRecord is a record or a question, names without the dot at their end.
type DNSRecord struct {
	Name             string
	Type, Class, TTL int
	TypeName         string
	Data             string   // in hexadecimal
	Fields           []string // name and text of each field of the data, in turn
}

// DNSNames are names one after another, and the offset behind each.
type DNSNames struct {
	Names   []string
	Offsets []int
	Error   string
}

// dnsReporter decodes all that it has received, as it is made and with each chunk, and writes it as a line of JSON.
type dnsReporter struct {
	protocol.Base
	output io.Writer
	decode func(input []byte) any
	input  []byte
}

// dnsFactory makes reporters of messages, or of names from offset on.
func dnsFactory(w io.Writer, kind, offset string) (protocol.Factory, error) {
	decode := reportMessage
	if kind == "dns-name" {
		from, err := strconv.Atoi(offset)
		if err != nil || from < 0 {
			return nil, fmt.Errorf("start_offset %q: want a number", offset)
		}
		decode = func(input []byte) any { return reportNames(input, from) }
	}
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &dnsReporter{output: w, decode: decode} }), nil
}

// ConnectionMade implements [protocol.Protocol].
func (r *dnsReporter) ConnectionMade(t protocol.Transport) {
	r.Base.ConnectionMade(t)
	r.report()
}

// DataReceived implements [protocol.Protocol].
func (r *dnsReporter) DataReceived(data []byte) {
	r.input = append(r.input, data...)
	r.report()
}

func (r *dnsReporter) report() {
	line, err := json.Marshal(r.decode(r.input))
	if err != nil {
		panic(err) // there is nothing in it that JSON does not have
	}
	fmt.Fprintf(r.output, "dns %s\n", line)
}

func reportMessage(input []byte) any {
	m, err := message.Decode(input)
	if errors.Is(err, message.ErrShort) && len(input) >= message.HeaderSize {
		err = nil
	}
	again, encodeErr := m.Encode(nil)
	report := DNSMessage{
		ID: int(m.ID), QR: bit(m.Response), Opcode: int(m.Opcode), AA: bit(m.Authoritative), TC: bit(m.Truncated), RD: bit(m.RecursionDesired),
		RA: bit(m.RecursionAvailable), AD: bit(m.AuthenticData), CD: bit(m.CheckingDisabled), RCode: int(m.RCode),
		Answers: records(m.Answers), Authority: records(m.Authority), Additional: records(m.Additional),
		Identical: encodeErr == nil && bytes.Equal(again, input), Error: dnsError(err),
	}
	for _, q := range m.Questions {
		report.Queries = append(report.Queries, DNSRecord{Name: plain(q.Name), Type: int(q.Type), TypeName: q.Type.String(), Class: int(q.Class)})
	}
	return report
}

func records(from []message.Record) []DNSRecord {
	var all []DNSRecord
	for _, r := range from {
		report := DNSRecord{Name: plain(r.Name), Type: int(r.Type), TypeName: r.Type.String(), Class: int(r.Class), TTL: int(r.TTL),
			Data: fmt.Sprintf("%x", r.Data)}
		for _, f := range r.Fields() {
			report.Fields = append(report.Fields, f.Name, f.Text)
		}
		all = append(all, report)
	}
	return all
}

func reportNames(input []byte, off int) any {
	var report DNSNames
	for off < len(input) {
		name, next, err := message.AppendName(nil, input, off)
		if err != nil {
			report.Error = dnsError(err)
			break
		}
		off = next
		report.Names, report.Offsets = append(report.Names, plain(message.Name(name))), append(report.Offsets, off)
	}
	return report
}

// dnsError is the reference's name for what is wrong.
func dnsError(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, message.ErrShort):
		return "EOFError"
	}
	return "ValueError"
}

func plain(n message.Name) string { return strings.TrimSuffix(n.String(), ".") }

func bit(set bool) int {
	if set {
		return 1
	}
	return 0
}
