package amp

import (
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
)

// The limits of the encoding, in bytes.
const (
	MaxKeyLength   = 255
	MaxValueLength = 65535
)

// Box is a message: values by key, both of them bytes. A key is in it once. The zero Box is empty and ready for use.
type Box struct {
	fields []field // sorted by key
	memory []byte  // holds what Set was given
}

type field struct{ key, value []byte }

// TooLongError says that a key or a value cannot be encoded.
type TooLongError struct {
	Key    string // the key, or the one whose value it is
	IsKey  bool   // it is the key that has the wrong length
	Length int    // in bytes
}

func (e *TooLongError) Error() string {
	if e.IsKey {
		return fmt.Sprintf("amp: a key has %d bytes: 1 to %d can be sent", e.Length, MaxKeyLength)
	}
	return fmt.Sprintf("amp: the value of %q has %d bytes: at most %d can be sent", e.Key, e.Length, MaxValueLength)
}

// Len is the number of keys.
func (b *Box) Len() int { return len(b.fields) }

// Get returns the value of a key. It is valid as long as the box is, and read only.
func (b *Box) Get(key string) (value []byte, ok bool) {
	i, ok := b.find(key)
	if !ok {
		return nil, false
	}
	return b.fields[i].value, true
}

// Has reports whether the key is there.
func (b *Box) Has(key string) bool {
	_, ok := b.find(key)
	return ok
}

// Set gives a key a copy of value.
func (b *Box) Set(key string, value []byte) {
	start := len(b.memory)
	b.memory = append(b.memory, value...)
	b.put(key, b.memory[start:])
}

// put gives a key a value that lies in b.memory already, at its end.
func (b *Box) put(key string, value []byte) {
	value = slices.Clip(value)
	i, ok := b.find(key)
	if ok {
		b.fields[i].value = value
		return
	}
	start := len(b.memory)
	b.memory = append(b.memory, key...)
	b.fields = slices.Insert(b.fields, i, field{slices.Clip(b.memory[start:]), value})
}

// Delete removes a key, if it is there.
func (b *Box) Delete(key string) {
	if i, ok := b.find(key); ok {
		b.fields = slices.Delete(b.fields, i, i+1)
	}
}

// Reset empties the box and keeps its memory for the next use.
func (b *Box) Reset() { b.fields, b.memory = b.fields[:0], b.memory[:0] }

// Clone returns a copy that shares no memory with b.
func (b *Box) Clone() *Box {
	c := &Box{}
	for key, value := range b.All() {
		c.Set(key, value)
	}
	return c
}

// All ranges over keys and values, sorted by key. The values are valid as long as the box is.
func (b *Box) All() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, f := range b.fields {
			if !yield(string(f.key), f.value) {
				return
			}
		}
	}
}

// Append appends the encoding of the box to dst: for each key its length in two bytes, the key, the length of the value
// in two bytes and the value, in the order of the keys, and two bytes of zero at the end. The error is a *[TooLongError].
func (b *Box) Append(dst []byte) ([]byte, error) {
	for _, f := range b.fields {
		if len(f.key) == 0 || len(f.key) > MaxKeyLength {
			return dst, &TooLongError{Key: string(f.key), IsKey: true, Length: len(f.key)}
		}
		if len(f.value) > MaxValueLength {
			return dst, &TooLongError{Key: string(f.key), Length: len(f.value)}
		}
	}
	for _, f := range b.fields {
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(f.key)))
		dst = append(dst, f.key...)
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(f.value)))
		dst = append(dst, f.value...)
	}
	return append(dst, 0, 0), nil
}

// find is where key is, or would be.
func (b *Box) find(key string) (int, bool) {
	return slices.BinarySearchFunc(b.fields, key, func(f field, key string) int {
		switch {
		case string(f.key) < key:
			return -1
		case string(f.key) > key:
			return 1
		}
		return 0
	})
}
