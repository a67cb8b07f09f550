package http1

import "cmp"

// Limits bound what a peer can make a parser hold. A field that is 0 has the default, which is Twisted's.
type Limits struct {
	Line      int // the start line or one header line, in bytes without its end; 16384
	Head      int // the start line and all header lines, in bytes without line ends; 16384
	Headers   int // number of headers; 500
	ChunkLine int // a line with the size of a chunk, in bytes with the CR of its end; 1024
	Trailers  int // what follows the last chunk, in bytes with line ends; 65536
}

// Defaults of [Limits].
const (
	defaultLine      = 16384
	defaultHead      = 16384
	defaultHeaders   = 500
	defaultChunkLine = 1024
	defaultTrailers  = 65536
)

// orDefaults replaces what is 0.
func (l Limits) orDefaults() Limits {
	return Limits{
		Line:      cmp.Or(l.Line, defaultLine),
		Head:      cmp.Or(l.Head, defaultHead),
		Headers:   cmp.Or(l.Headers, defaultHeaders),
		ChunkLine: cmp.Or(l.ChunkLine, defaultChunkLine),
		Trailers:  cmp.Or(l.Trailers, defaultTrailers),
	}
}
