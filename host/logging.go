package host

import (
	"bytes"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/wasmnet/wasmnet/abi"
)

// maxLogLine is the longest line a guest may log; the rest of a longer one is cut off.
const maxLogLine = 8 * kib

// serviceLogFactor is how many times "log-rate" all instances of a service may log together.
const serviceLogFactor = 100

// A logBudget counts lines of the current second. It is shared by loops where it is the service's.
type logBudget struct {
	second  atomic.Int64
	lines   atomic.Int64
	dropped atomic.Int64
}

// take counts a line and reports whether it may be written, and how many were not in the seconds before.
func (b *logBudget) take(most, second int64) (ok bool, dropped int64) {
	if most <= 0 {
		return true, 0
	}
	if last := b.second.Load(); last != second && b.second.CompareAndSwap(last, second) {
		b.lines.Store(0)
	}
	if b.lines.Add(1) > most {
		b.dropped.Add(1)
		return false, 0
	}
	if b.dropped.Load() == 0 {
		return true, 0
	}
	return true, b.dropped.Swap(0)
}

var logLevels = [...]slog.Level{
	abi.LogDebug: slog.LevelDebug, abi.LogInfo: slog.LevelInfo, abi.LogWarn: slog.LevelWarn, abi.LogError: slog.LevelError,
}

// say writes a guest's line.
func (i *instance) say(level slog.Level, line []byte) {
	s := i.svc
	if !s.log.Enabled(s.ctx, level) {
		return
	}
	second := time.Now().Unix()
	ok, dropped := i.log.take(s.limits.LogRate, second)
	if ok {
		var more int64
		ok, more = s.logLines.take(s.limits.LogRate*serviceLogFactor, second)
		dropped += more
	}
	if !ok {
		s.breach(i, i.account, "log-rate")
		return
	}
	attrs := make([]any, 0, 6)
	if c := i.account; c != nil {
		attrs = append(attrs, "conn", c.id)
	}
	if dropped > 0 {
		attrs = append(attrs, "dropped", dropped)
	}
	s.log.Log(s.ctx, level, readable(line), append(attrs, "source", "guest")...)
}

// readable makes a guest's line safe for a terminal and a log file: invalid UTF-8 is replaced, control characters and
// those that change the direction of text are escaped.
func readable(line []byte) string {
	cut := len(line) > maxLogLine
	line = bytes.TrimRight(line[:min(len(line), maxLogLine)], "\r\n")
	text := strings.ToValidUTF8(string(line), "\ufffd")
	if strings.ContainsFunc(text, obscure) {
		var b strings.Builder
		for _, r := range text {
			if obscure(r) {
				b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
			} else {
				b.WriteRune(r)
			}
		}
		text = b.String()
	}
	if cut {
		text += "..."
	}
	return text
}

func obscure(r rune) bool { return r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }

// An outlet is where a guest's descriptor 1 or 2 goes.
type outlet struct {
	s     *Service
	w     io.Writer // nil: the log
	level slog.Level
	mu    sync.Mutex
}

// write takes all of p, or says why not.
func (o *outlet) write(i *instance, p []byte) error {
	if o.w != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		_, err := o.w.Write(p)
		return err
	}
	for len(p) > 0 {
		line, rest, _ := bytes.Cut(p, []byte("\n"))
		if p = rest; len(line) > 0 {
			i.say(o.level, line)
		}
	}
	return nil
}

// A sampler lets some things a second through.
type sampler struct{ second, count atomic.Int64 }

const samples = 10

func (s *sampler) allow() bool {
	now := time.Now().Unix()
	if last := s.second.Load(); last != now && s.second.CompareAndSwap(last, now) {
		s.count.Store(0)
	}
	return s.count.Add(1) <= samples
}
