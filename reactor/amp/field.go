package amp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Field is one argument of a command, or one value of its response, and where it is in S. It is made by [Required] and
// [Optional].
type Field[S any] struct {
	name    string
	toBox   func(s *S, b *Box) error
	fromBox func(s *S, b *Box) error
}

// Fields are all arguments of a command, or all values of its response.
type Fields[S any] []Field[S]

// ErrMissing says that a box lacks a value that its command requires.
var ErrMissing = errors.New("is missing")

// FieldError says which value of a box was wrong.
type FieldError struct {
	Field string
	Err   error
}

func (e *FieldError) Error() string { return fmt.Sprintf("argument %q: %v", e.Field, e.Err) }

// Unwrap returns what was wrong.
func (e *FieldError) Unwrap() error { return e.Err }

// Required is a value that is in every box under name; at says where it is in S.
func Required[S, T any](name string, a Argument[T], at func(*S) *T) Field[S] {
	return Field[S]{
		name: name,
		toBox: func(s *S, b *Box) error {
			return a.put(b, name, *at(s))
		},
		fromBox: func(s *S, b *Box) (err error) {
			text, ok := b.Get(name)
			if !ok {
				return ErrMissing
			}
			*at(s), err = a.Parse(text)
			return err
		},
	}
}

// Optional is a value that a box may lack; the pointer is nil then.
func Optional[S, T any](name string, a Argument[T], at func(*S) **T) Field[S] {
	return Field[S]{
		name: name,
		toBox: func(s *S, b *Box) error {
			if p := *at(s); p != nil {
				return a.put(b, name, *p)
			}
			return nil
		},
		fromBox: func(s *S, b *Box) error {
			text, ok := b.Get(name)
			if !ok {
				*at(s) = nil
				return nil
			}
			value, err := a.Parse(text)
			*at(s) = &value
			return err
		},
	}
}

// put encodes value into b.
func (a Argument[T]) put(b *Box, name string, value T) error {
	start := len(b.memory)
	memory, err := a.Append(b.memory, value)
	if err != nil {
		return err
	}
	b.memory = memory
	b.put(name, memory[start:])
	return nil
}

// ToBox puts the values of s into b. The error is a *[FieldError].
func (f Fields[S]) ToBox(s *S, b *Box) error {
	for i := range f {
		if err := f[i].toBox(s, b); err != nil {
			return &FieldError{f[i].name, err}
		}
	}
	return nil
}

// FromBox takes the values of s out of b. Keys that are no field are passed over. The error is a *[FieldError].
func (f Fields[S]) FromBox(s *S, b *Box) error {
	for i := range f {
		if err := f[i].fromBox(s, b); err != nil {
			return &FieldError{f[i].name, err}
		}
	}
	return nil
}

// ListOf is a list of values of one type, each with its length in front in two bytes. All of it must fit one value of a
// box.
func ListOf[T any](element Argument[T]) Argument[[]T] {
	return Argument[[]T]{
		Append: func(dst []byte, list []T) (_ []byte, err error) {
			for i, value := range list {
				start := len(dst)
				if dst, err = element.Append(append(dst, 0, 0), value); err != nil {
					return dst, fmt.Errorf("element %d: %w", i, err)
				}
				n := len(dst) - start - 2
				if n > math.MaxUint16 {
					return dst, fmt.Errorf("element %d has %d bytes: at most %d can be sent", i, n, math.MaxUint16)
				}
				binary.BigEndian.PutUint16(dst[start:], uint16(n))
			}
			return dst, nil
		},
		Parse: func(text []byte) ([]T, error) {
			list := []T{}
			for len(text) > 0 {
				if len(text) < 2 || len(text)-2 < int(binary.BigEndian.Uint16(text)) {
					return nil, fmt.Errorf("element %d is not complete", len(list))
				}
				n := int(binary.BigEndian.Uint16(text))
				value, err := element.Parse(text[2 : 2+n : 2+n])
				if err != nil {
					return nil, fmt.Errorf("element %d: %w", len(list), err)
				}
				list, text = append(list, value), text[2+n:]
			}
			return list, nil
		},
	}
}

// AmpList is a list of boxes that have the same fields. All of it must fit one value of a box.
func AmpList[S any](fields Fields[S]) Argument[[]S] {
	return Argument[[]S]{
		Append: func(dst []byte, list []S) (_ []byte, err error) {
			var b Box
			for i := range list {
				b.Reset()
				if err = fields.ToBox(&list[i], &b); err == nil {
					dst, err = b.Append(dst)
				}
				if err != nil {
					return dst, fmt.Errorf("element %d: %w", i, err)
				}
			}
			return dst, nil
		},
		Parse: func(text []byte) ([]S, error) {
			boxes, err := ParseBoxes(text)
			if err != nil {
				return nil, err
			}
			list := make([]S, len(boxes))
			for i, b := range boxes {
				if err := fields.FromBox(&list[i], b); err != nil {
					return nil, fmt.Errorf("element %d: %w", i, err)
				}
			}
			return list, nil
		},
	}
}
