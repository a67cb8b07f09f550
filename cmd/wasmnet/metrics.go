package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor/http1"
)

// metricsType is the media type of the text format that Prometheus and its like read.
const metricsType = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"

// metricsFactory serves what text returns as GET /metrics.
func metricsFactory(text func() []byte) *http1.Factory {
	return &http1.Factory{Build: func() http1.Handler {
		return http1.HandlerFunc(func(q *http1.Request) {
			q.SetClose() // a connection that is kept would keep the program from draining
			switch {
			case string(q.Target) != "/metrics":
				q.Respond(404, []byte("Content-Type: text/plain\r\n"), []byte("it is /metrics\n"))
			case string(q.Method) != "GET" && string(q.Method) != "HEAD":
				q.Respond(405, []byte("Allow: GET, HEAD\r\n"), nil)
			default:
				q.Respond(200, []byte(metricsType), text())
			}
		})
	}}
}

// A series is a number that the host keeps of a service.
type series struct {
	name, kind, help string
	value            func(*host.Stats) float64
}

var hostSeries = []series{
	total("connections_total", "Connections made.", func(st *host.Stats) uint64 { return st.Connections }),
	total("connections_refused_total", "Connections turned away, for a limit or because the shared instance was not to be had.",
		func(st *host.Stats) uint64 { return st.Refused }),
	total("received_bytes_total", "Bytes that connections received.", func(st *host.Stats) uint64 { return st.BytesIn }),
	total("sent_bytes_total", "Bytes that connections sent.", func(st *host.Stats) uint64 { return st.BytesOut }),
	total("calls_total", "Calls of guests.", func(st *host.Stats) uint64 { return st.Calls }),
	total("fuel_total", "Units of work of guests.", func(st *host.Stats) uint64 { return st.Fuel }),
	total("traps_total", "Instances that a trap ended.", func(st *host.Stats) uint64 { return st.Traps }),
	total("timers_total", "Timers that guests started.", func(st *host.Stats) uint64 { return st.Timers }),
	total("dials_total", "Connections that guests dialled.", func(st *host.Stats) uint64 { return st.Dials }),
	total("tasks_total", "Tasks that guests ran off the loop.", func(st *host.Stats) uint64 { return st.Tasks }),
	total("calls_detached_total", "Calls that left their loop because they took long.", func(st *host.Stats) uint64 { return st.Detached }),
	total("instances_recycled_total", "Instances made fresh again.", func(st *host.Stats) uint64 { return st.Recycled }),
	total("instances_built_total", "Instances made anew.", func(st *host.Stats) uint64 { return st.Built }),
	total("instances_woken_total", "Instances woken from sleep.", func(st *host.Stats) uint64 { return st.Woken }),
	total("datagrams_dropped_total", "Datagrams that guests could not take.", func(st *host.Stats) uint64 { return st.Dropped }),
	gauge("connections", "Connections open.", func(st *host.Stats) int64 { return st.Open }),
	gauge("instances", "Instances, pooled and sleeping ones included.", func(st *host.Stats) int64 { return st.Instances }),
	gauge("instances_asleep", "Instances that gave up their memory until their next event.", func(st *host.Stats) int64 { return st.Asleep }),
	gauge("memory_bytes", "Memory private to instances.", func(st *host.Stats) int64 { return st.Memory }),
	gauge("circuit_open", "1 while connections are refused until the shared instance is made anew.", func(st *host.Stats) int64 {
		return int64(min(len(st.Circuit), 1))
	}),
}

func total(name, help string, value func(*host.Stats) uint64) series {
	return series{name, "counter", help, func(st *host.Stats) float64 { return float64(value(st)) }}
}

func gauge(name, help string, value func(*host.Stats) int64) series {
	return series{name, "gauge", help, func(st *host.Stats) float64 { return float64(value(st)) }}
}

// metricsText writes the statistics of a module's services for Prometheus. There is more than one service while
// connections of a module that was replaced go on; their numbers tell them apart.
func metricsText(module string, services map[int]host.Stats) []byte {
	w := &metricsWriter{module: quoteLabel(module)}
	numbers := slices.Sorted(maps.Keys(services))
	for _, s := range hostSeries {
		w.head(s.name, s.kind, s.help)
		for _, n := range numbers {
			w.generation, w.labels = n, ""
			st := services[n]
			w.sample(s.name, s.value(&st))
		}
	}
	w.head("breaches_total", "counter", "Breaches of limits.")
	for _, n := range numbers {
		breaches := services[n].Breaches
		for _, limit := range slices.Sorted(maps.Keys(breaches)) {
			w.generation, w.labels = n, ",limit="+quoteLabel(limit)
			w.sample("breaches_total", float64(breaches[limit]))
		}
	}
	told := map[string]bool{}
	for _, n := range numbers {
		for _, m := range services[n].Metrics {
			// Two generations may use a name differently. The samples of one name stand together.
			if told[m.Name] {
				continue
			}
			told[m.Name] = true
			w.head("guest_"+m.Name, m.Kind, "Recorded by the module.")
			for _, n := range numbers {
				w.generation = n
				w.recorded(m.Name, m.Kind, services[n].Metrics)
			}
		}
	}
	return w.Bytes()
}

// metricsWriter writes the text format.
type metricsWriter struct {
	bytes.Buffer
	module     string
	generation int
	labels     string // others of the next sample, each with a comma in front
}

func (w *metricsWriter) head(name, kind, help string) {
	fmt.Fprintf(w, "# HELP wasmnet_%s %s\n# TYPE wasmnet_%s %s\n", name, help, name, kind)
}

func (w *metricsWriter) sample(name string, value float64) {
	fmt.Fprintf(w, "wasmnet_%s{module=%s,generation=\"%d\"%s} %s\n", name, w.module, w.generation, w.labels,
		strconv.FormatFloat(value, 'g', -1, 64))
}

// recorded writes what guests of one generation have recorded under a name, if it is of that kind. The host has seen to
// the form of the name.
func (w *metricsWriter) recorded(name, kind string, all []host.Metric) {
	i := slices.IndexFunc(all, func(m host.Metric) bool { return m.Name == name && m.Kind == kind })
	if i < 0 {
		return
	}
	m := all[i]
	w.labels = ""
	if kind != "histogram" {
		w.sample("guest_"+name, m.Value)
		return
	}
	sum := uint64(0)
	for i, n := range m.Buckets[:len(m.Buckets)-1] {
		if sum += n; n > 0 {
			w.labels = fmt.Sprintf(`,le="%g"`, host.MetricBound(i))
			w.sample("guest_"+name+"_bucket", float64(sum))
		}
	}
	w.labels = `,le="+Inf"`
	w.sample("guest_"+name+"_bucket", float64(m.Count))
	w.labels = ""
	w.sample("guest_"+name+"_sum", m.Value)
	w.sample("guest_"+name+"_count", float64(m.Count))
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// quoteLabel is a label's value as the text format has it.
func quoteLabel(s string) string {
	return `"` + labelEscapes.Replace(strings.ToValidUTF8(s, "?")) + `"`
}
