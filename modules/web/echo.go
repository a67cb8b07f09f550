package web

import "github.com/wasmnet/wasmnet/reactor/http1"

// startEcho begins a response that is the body of the request, at the pace at which the client reads it.
func (v *visitor) startEcho(q *http1.Request) {
	contentType := q.Fields.Get("Content-Type")
	if contentType == nil {
		contentType = []byte("application/octet-stream")
	}
	q.AddHeader("Content-Type", string(contentType))
	if !q.Chunked {
		q.SetLength(q.Length)
	}
	_ = q.RegisterProducer(upload{q}, true) // of a request that has just come
}

// echoes reports whether the request is one whose body is sent back.
func (v *visitor) echoes(q *http1.Request) bool {
	return v.site.Serve == ServeEcho && (string(q.Method) == "POST" || string(q.Method) == "PUT")
}

// upload is the body of a request as the source of its response.
type upload struct{ *http1.Request }

// PauseProducing implements [protocol.Producer].
func (u upload) PauseProducing() { u.PauseReading() }

// ResumeProducing implements [protocol.Producer].
func (u upload) ResumeProducing() { u.ResumeReading() }

// StopProducing implements [protocol.Producer].
func (u upload) StopProducing() {}
