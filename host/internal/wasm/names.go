package wasm

import "unicode/utf8"

// FunctionName is the name of a function in a name section.
type FunctionName struct {
	Index uint32
	Name  []byte
}

// maxName is the longest function name that is kept, in bytes; longer ones are cut.
const maxName = 128

// FunctionNames reads the function names out of the content of a name section, for a module with the given number of
// functions. A name section means nothing to the module: what does not make sense in it is left out.
func FunctionNames(section []byte, functions int) (names []FunctionName) {
	var err error
	func() {
		defer catch(&err)
		c := &cursor{b: section}
		for c.left() > 0 {
			id := c.byte("name subsection")
			sub := &cursor{b: c.bytes(uint64(c.u32("size")), "name subsection")}
			if id != 1 {
				continue
			}
			next := uint32(0)
			for range sub.u32("count") {
				i := sub.u32("function index")
				b := sub.bytes(uint64(sub.u32("length")), "function name")
				if i < next || int64(i) >= int64(functions) {
					return
				}
				next = i + 1
				if b = b[:min(len(b), maxName)]; utf8.Valid(b) {
					names = append(names, FunctionName{i, b})
				}
			}
			return
		}
	}()
	return names
}

// EncodeFunctionNames writes the content of a name section. The names must be in the order of their indices.
func EncodeFunctionNames(names []FunctionName) []byte {
	b, start := begin([]byte{1})
	b = U32(b, uint32(len(names)))
	for _, n := range names {
		b = append(U32(U32(b, n.Index), uint32(len(n.Name))), n.Name...)
	}
	return finish(b, start)
}
