// Package wasm reads and writes WebAssembly modules in the binary format.
//
// # What it accepts
//
// The MVP, mutable globals, sign extension, saturating float-to-int conversion, multi-value, bulk memory, reference
// types and fixed-width SIMD. Everything else (threads, memory64, several memories, tail calls, exceptions, garbage
// collection, typed function references, extended constant expressions, relaxed SIMD ...) is refused with its name and
// its byte offset.
//
// # What it promises
//
// [Decode] reads the whole module: every section and every instruction of every function. What it returns holds only
// what it understood, and every index in it (type, function, table, global, segment, label, local) is in range. It does
// not check operand types: the compiler that the module goes to does that. It never allocates by a count it has only
// been told: a count is first compared with the bytes that are left and with the [Limits].
//
// # Shape
//
// Sections become slices of plain structs. A function body stays a range of the input's bytes, which is read again with
// a [Reader] by whoever wants its instructions: a guest of 10 MB has millions of them, and a tree of them would cost
// more than compiling them. All byte slices of a [Module] alias the input.
package wasm
