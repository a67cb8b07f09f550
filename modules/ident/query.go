package ident

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// maxDigits bounds the numbers of a query. What is longer is not a number but an attempt.
const maxDigits = 20

// parseQuery splits "PORT, PORT" into two decimal numbers, which need not be ports: the answer repeats them without the
// zeros, signs and blanks that say nothing. ok is false for anything else.
func parseQuery(line []byte) (server, client string, ok bool) {
	a, b, found := bytes.Cut(line, []byte(","))
	if !found {
		return "", "", false
	}
	server, ok1 := number(a)
	client, ok2 := number(b)
	return server, client, ok1 && ok2
}

// number reads a decimal number with blanks around it and a sign.
func number(text []byte) (string, bool) {
	digits := strings.Trim(string(text), " \t\v\f\r")
	negative := strings.HasPrefix(digits, "-")
	if negative || strings.HasPrefix(digits, "+") {
		digits = digits[1:]
	}
	if digits == "" || len(digits) > maxDigits || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		return "0", true
	}
	if negative {
		digits = "-" + digits
	}
	return digits, true
}

// portOf is the port that a number is, or 0 if it is none.
func portOf(number string) int {
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}

// parseAnswer reads SYSTEM,USER or the name of an error.
func parseAnswer(text string) Answer {
	system, user, found := strings.Cut(text, ",")
	if !found {
		return Answer{Error: strings.TrimSpace(text)}
	}
	return Answer{System: strings.TrimSpace(system), User: strings.TrimSpace(user)}
}

// parseEntry reads SERVERPORT,CLIENTPORT=ANSWER, with a star for any port.
func parseEntry(text string) (Entry, error) {
	ports, answer, found := strings.Cut(text, "=")
	server, client, pair := strings.Cut(ports, ",")
	e := Entry{Answer: parseAnswer(answer)}
	for _, p := range []struct {
		text string
		port *int
	}{{server, &e.ServerPort}, {client, &e.ClientPort}} {
		word := strings.TrimSpace(p.text)
		if *p.port = portOf(word); *p.port == 0 && word != "*" {
			found = false
		}
	}
	if !found || !pair {
		return e, fmt.Errorf("table=%q: want PORT,PORT=SYSTEM,USER or PORT,PORT=ERROR, with * for any port", text)
	}
	return e, nil
}
