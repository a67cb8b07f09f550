package web

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/wasmnet/wasmnet/modules/internal/percent"
	"github.com/wasmnet/wasmnet/reactor/http1"
)

// serveFile answers with the file that the target names.
func (v *visitor) serveFile(q *http1.Request) {
	name, dir, ok := filePath(string(q.Target))
	if !ok {
		v.fail(q, 404, nil)
		return
	}
	info, err := fs.Stat(v.site.Files, name)
	if err == nil && info.IsDir() {
		if !dir {
			location := percent.Encode(name) + "/"
			if _, query, ok := strings.Cut(string(q.Target), "?"); ok {
				location += "?" + query
			}
			v.fail(q, 301, []byte("Location: /"+location+"\r\n"))
			return
		}
		name, info, err = v.index(name)
		dir = false
	}
	// Only regular files: opening something else may block.
	if err != nil || dir || !info.Mode().IsRegular() {
		v.fail(q, 404, nil)
		return
	}
	v.serveContent(q, name, info)
}

// index finds the file that stands for a directory.
func (v *visitor) index(dir string) (name string, info fs.FileInfo, err error) {
	err = fs.ErrNotExist
	for _, index := range v.site.Index {
		name = path.Join(dir, index)
		if info, err = fs.Stat(v.site.Files, name); err == nil {
			return name, info, nil
		}
	}
	return "", nil, err
}

// serveContent answers with a file, or with the parts of it that are wanted.
func (v *visitor) serveContent(q *http1.Request, name string, info fs.FileInfo) {
	state, size, kind := validatorsOf(info), info.Size(), contentType(name)
	headers := append(v.headers[:0], "Last-Modified: "...)
	headers = http1.AppendTime(headers, state.modified)
	headers = append(append(append(headers, "\r\nETag: "...), state.tag...), "\r\n"...)
	if code := state.check(q.Fields); code == 304 {
		v.respond(q, 304, headers, nil)
		return
	} else if code != 0 {
		v.fail(q, code, headers)
		return
	}
	headers = append(headers, "Accept-Ranges: bytes\r\n"...)
	ranges, whole := state.ranges(q.Fields, size)
	s := &v.sender
	*s = sender{visitor: v, request: q}
	s.parts = s.first[:]
	switch {
	case whole:
		headers = append(append(append(headers, "Content-Type: "...), kind...), "\r\n"...)
		s.first[0].extent = extent{0, size}
	case len(ranges) == 0:
		v.fail(q, 416, append(headers, fmt.Sprintf("Content-Range: bytes */%d\r\n", size)...))
		return
	case len(ranges) == 1:
		q.SetStatus(206)
		headers = append(headers, fmt.Sprintf("Content-Type: %s\r\nContent-Range: %s\r\n", kind, ranges[0].of(size))...)
		s.first[0].extent = ranges[0]
	default:
		q.SetStatus(206)
		// Clients go by the lengths or by the line; a number that the file's author does not know is enough.
		boundary := fmt.Sprintf("%020d", q.Now().UnixNano())
		headers = append(headers, "Content-Type: multipart/byteranges; boundary="+boundary+"\r\n"...)
		s.parts = nil
		for i, r := range ranges {
			p := part{extent: r, before: fmt.Sprintf("--%s\r\nContent-Type: %s\r\nContent-Range: %s\r\n\r\n", boundary, kind, r.of(size))}
			if i > 0 {
				p.before = "\r\n" + p.before
			}
			s.parts = append(s.parts, p)
		}
		s.parts = append(s.parts, part{before: "\r\n--" + boundary + "--\r\n"})
	}
	v.headers = headers
	q.AddHeaders(headers)
	s.send(name)
}

// of is the extent as Content-Range has it.
func (e extent) of(size int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", e.offset, e.offset+e.length-1, size)
}

// part is some text and an extent of the file behind it.
type part struct {
	before string
	extent
}

// sender sends parts of a file as fast as the client takes them.
type sender struct {
	visitor *visitor
	request *http1.Request
	file    fs.File
	parts   []part
	first   [1]part // where parts begins
}

// pieceSize is how much of a file is read at a time. A file up to this size goes out at once.
const pieceSize = 32 << 10

func (s *sender) send(name string) {
	q, v := s.request, s.visitor
	var length int64
	for _, p := range s.parts {
		length += int64(len(p.before)) + p.length
	}
	q.SetLength(length)
	if string(q.Method) == "HEAD" {
		v.finish(q)
		return
	}
	file, err := v.site.Files.Open(name)
	if _, ok := file.(io.ReaderAt); err != nil || !ok {
		q.SetClose() // gone since it was looked at: less than the head says
		v.finish(q)
		return
	}
	s.file, v.sending = file, s
	if v.buffer == nil {
		v.buffer = make([]byte, min(pieceSize, max(length, 512)))
	} else if int64(len(v.buffer)) < min(pieceSize, length) {
		v.buffer = make([]byte, pieceSize)
	}
	if length <= int64(len(v.buffer)) {
		for v.sending != nil {
			s.ResumeProducing()
		}
		return
	}
	_ = q.RegisterProducer(s, false) // of a request that has just come
}

// ResumeProducing implements [protocol.Producer]: it sends one more piece.
func (s *sender) ResumeProducing() {
	v, q := s.visitor, s.request
	if v.sending != s {
		return
	}
	var err error
	if len(s.parts) > 0 {
		p := &s.parts[0]
		_, _ = io.WriteString(q, p.before)
		p.before = ""
		piece := v.buffer[:min(int64(len(v.buffer)), p.length)]
		var n int
		if len(piece) > 0 {
			n, err = s.file.(io.ReaderAt).ReadAt(piece, p.offset)
			_, _ = q.Write(piece[:n])
		}
		if p.offset, p.length = p.offset+int64(n), p.length-int64(n); p.length == 0 {
			s.parts, err = s.parts[1:], nil
		}
	}
	// A file that has become shorter ends the response, and with it the connection.
	if err != nil || len(s.parts) == 0 {
		v.endFile()
		v.finish(q)
	}
}

// PauseProducing implements [protocol.Producer].
func (s *sender) PauseProducing() {}

// StopProducing implements [protocol.Producer]. The request's loss is reported besides.
func (s *sender) StopProducing() {}

// endFile closes the file under way.
func (v *visitor) endFile() {
	if v.sending != nil {
		_ = v.sending.file.Close()
		v.sending = nil
	}
}
