package message

import (
	"fmt"
	"strconv"
	"strings"
)

// Type is the type of a record or a question.
type Type uint16

// The types that this package knows by name.
const (
	TypeA      Type = 1
	TypeNS     Type = 2
	TypeMD     Type = 3
	TypeMF     Type = 4
	TypeCNAME  Type = 5
	TypeSOA    Type = 6
	TypeMB     Type = 7
	TypeMG     Type = 8
	TypeMR     Type = 9
	TypeNULL   Type = 10
	TypeWKS    Type = 11
	TypePTR    Type = 12
	TypeHINFO  Type = 13
	TypeMINFO  Type = 14
	TypeMX     Type = 15
	TypeTXT    Type = 16
	TypeRP     Type = 17
	TypeAFSDB  Type = 18
	TypeAAAA   Type = 28
	TypeSRV    Type = 33
	TypeNAPTR  Type = 35
	TypeDNAME  Type = 39
	TypeOPT    Type = 41
	TypeDS     Type = 43
	TypeSSHFP  Type = 44
	TypeRRSIG  Type = 46
	TypeNSEC   Type = 47
	TypeDNSKEY Type = 48
	TypeTLSA   Type = 52
	TypeSPF    Type = 99
	TypeTSIG   Type = 250
	TypeIXFR   Type = 251
	TypeAXFR   Type = 252
	TypeMAILB  Type = 253
	TypeMAILA  Type = 254
	TypeANY    Type = 255
	TypeCAA    Type = 257
)

var typeNames = map[Type]string{
	TypeA: "A", TypeNS: "NS", TypeMD: "MD", TypeMF: "MF", TypeCNAME: "CNAME", TypeSOA: "SOA", TypeMB: "MB", TypeMG: "MG", TypeMR: "MR",
	TypeNULL: "NULL", TypeWKS: "WKS", TypePTR: "PTR", TypeHINFO: "HINFO", TypeMINFO: "MINFO", TypeMX: "MX", TypeTXT: "TXT", TypeRP: "RP",
	TypeAFSDB: "AFSDB", TypeAAAA: "AAAA", TypeSRV: "SRV", TypeNAPTR: "NAPTR", TypeDNAME: "DNAME", TypeOPT: "OPT", TypeDS: "DS",
	TypeSSHFP: "SSHFP", TypeRRSIG: "RRSIG", TypeNSEC: "NSEC", TypeDNSKEY: "DNSKEY", TypeTLSA: "TLSA", TypeSPF: "SPF", TypeTSIG: "TSIG",
	TypeIXFR: "IXFR", TypeAXFR: "AXFR", TypeMAILB: "MAILB", TypeMAILA: "MAILA", TypeANY: "ANY", TypeCAA: "CAA",
}

// String is the mnemonic, or TYPE and the number (RFC 3597 section 5).
func (t Type) String() string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return "TYPE" + strconv.Itoa(int(t))
}

// Meta reports whether t is of questions and of the protocol, and cannot be a record of a zone (RFC 6895 section 3.1).
func (t Type) Meta() bool { return t == 0 || t == TypeOPT || t >= 128 && t <= 255 }

var typeNumbers = func() map[string]Type {
	m := map[string]Type{}
	for t, name := range typeNames {
		m[name] = t
	}
	return m
}()

// ParseType reads what String writes, in any case.
func ParseType(text string) (Type, bool) {
	text = strings.ToUpper(text)
	if t, ok := typeNumbers[text]; ok {
		return t, true
	}
	n, ok := number(text, "TYPE")
	return Type(n), ok
}

func number(text, prefix string) (uint16, bool) {
	digits, found := strings.CutPrefix(text, prefix)
	n, err := strconv.ParseUint(digits, 10, 16)
	return uint16(n), found && err == nil
}

// Class is the class of a record or a question.
type Class uint16

// The classes that this package knows by name.
const (
	ClassIN   Class = 1
	ClassCH   Class = 3
	ClassHS   Class = 4
	ClassNONE Class = 254
	ClassANY  Class = 255
)

var classNames = map[Class]string{ClassIN: "IN", ClassCH: "CH", ClassHS: "HS", ClassNONE: "NONE", ClassANY: "ANY"}

// String is the mnemonic, or CLASS and the number (RFC 3597 section 5).
func (c Class) String() string {
	if name, ok := classNames[c]; ok {
		return name
	}
	return "CLASS" + strconv.Itoa(int(c))
}

// ParseClass reads what String writes, in any case.
func ParseClass(text string) (Class, bool) {
	text = strings.ToUpper(text)
	for c, name := range classNames {
		if name == text {
			return c, true
		}
	}
	n, ok := number(text, "CLASS")
	return Class(n), ok
}

// RCode says how a query went. Values above 15 need EDNS (RFC 6891 section 6.1.3).
type RCode uint16

// The response codes that a server and a forwarder need.
const (
	NoError        RCode = 0
	FormatError    RCode = 1
	ServerFailure  RCode = 2
	NameError      RCode = 3 // NXDOMAIN
	NotImplemented RCode = 4
	Refused        RCode = 5
	BadVersion     RCode = 16
)

var rcodeNames = map[RCode]string{
	NoError: "NOERROR", FormatError: "FORMERR", ServerFailure: "SERVFAIL", NameError: "NXDOMAIN", NotImplemented: "NOTIMP",
	Refused: "REFUSED", BadVersion: "BADVERS",
}

// String is the usual mnemonic.
func (r RCode) String() string {
	if name, ok := rcodeNames[r]; ok {
		return name
	}
	return fmt.Sprintf("RCODE%d", uint16(r))
}
