// Package abi is the contract between the wasmnet host and its guests, in the form programs use: names, numbers and
// signatures. SPEC.md beside it says what they mean. Everything else that knows the contract (the host's import table,
// the Go SDK, the generated C header) takes it from here.
package abi

// Version names the import module; it is the version of the contract.
const Version = "wasmnet_v1"

// WaitDescriptor is the descriptor by which a guest tells poll_oneoff that it waits for the next event. WakeUp is the timer
// that timer_fired then names if time has passed without one; no call_later returns it.
const (
	WaitDescriptor = 1 << 20
	WakeUp         = 0
)

// WASI is the second import module of which a subset is offered.
const WASI = "wasi_snapshot_preview1"

// ManifestSection is the custom section that may hold the module's manifest (JSON).
const ManifestSection = "wasmnet.manifest"

// Memory is the name under which a guest exports its linear memory.
const Memory = "memory"

// MinReceiveBuffer is the smallest receive buffer that set_receive_buffer takes, in bytes.
const MinReceiveBuffer = 1024

// Type is a WebAssembly value type of a signature.
type Type byte

// The value types that signatures use.
const (
	I32 Type = 0x7f
	I64 Type = 0x7e
	F64 Type = 0x7c
)

func (t Type) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F64:
		return "f64"
	}
	return "?"
}

// Param is one parameter of a function: its name as SPEC.md gives it, and its type.
type Param struct {
	Name string
	Type Type
}

// Func is the signature of an event (guest export) or of an import.
type Func struct {
	Name    string
	Params  []Param
	Results []Type
	Doc     string // one line
}

// Code is what an import returns when it fails. Codes are below zero; zero and above is the import's result.
type Code int32

// The error codes.
const (
	OK          Code = 0
	Invalid     Code = -1  // an argument makes no sense
	Handle      Code = -2  // no such handle in this instance
	Denied      Code = -3  // not granted
	Limit       Code = -4  // a limit would be breached
	Closed      Code = -5  // the connection is closed or closing
	Unsupported Code = -6  // not offered by this host
	TooBig      Code = -7  // larger than can be taken at all
	NotFound    Code = -8  // no such name or key
	Conflict    Code = -9  // it is taken, active already, or at another revision
	Cancelled   Code = -10 // cancelled by the guest
	Timeout     Code = -11 // took too long
	IO          Code = -12 // the system failed
)

// Named is a number with its name, for generators and messages.
type Named struct {
	Name  string
	Value int32
	Doc   string
}

// Codes lists the error codes in order.
var Codes = []Named{
	{"INVALID", int32(Invalid), "an argument makes no sense"},
	{"HANDLE", int32(Handle), "no such handle in this instance"},
	{"DENIED", int32(Denied), "not granted"},
	{"LIMIT", int32(Limit), "a limit would be breached"},
	{"CLOSED", int32(Closed), "the connection is closed or closing"},
	{"UNSUPPORTED", int32(Unsupported), "not offered by this host"},
	{"TOO_BIG", int32(TooBig), "larger than can be taken at all"},
	{"NOT_FOUND", int32(NotFound), "no such name or key"},
	{"CONFLICT", int32(Conflict), "it is taken, active already, or at another revision"},
	{"CANCELLED", int32(Cancelled), "cancelled by the guest"},
	{"TIMEOUT", int32(Timeout), "took too long"},
	{"IO", int32(IO), "the system failed"},
}

// Error makes a Code usable as an error.
func (c Code) Error() string {
	for _, n := range Codes {
		if n.Value == int32(c) {
			return n.Doc
		}
	}
	return "unknown error code"
}

// Reasons lists why a connection ends, in the order of their numbers from 0.
var Reasons = []Named{
	{"DONE", 0, "clean"},
	{"LOST", 1, "unclean"},
	{"ABORTED", 2, "by us"},
	{"REFUSED", 3, "nobody listens there"},
	{"TIMEOUT", 4, "connecting took too long"},
	{"DNS", 5, "the name could not be resolved"},
	{"NO_ROUTE", 6, "network or host unreachable"},
	{"BIND", 7, "the local address could not be bound"},
	{"CANNOT_LISTEN", 8, "the listening address could not be bound"},
	{"TLS", 9, "handshake, verification or record failure"},
	{"CANCELLED", 10, "the attempt was stopped"},
	{"IDLE", 11, "an idle, first-byte or lifetime limit ran out"},
	{"LIMIT", 12, "another limit was breached"},
	{"SHUTDOWN", 13, "the service is going down"},
	{"DENIED", 14, "not granted"},
	{"RELOADED", 15, "the module was replaced"},
}

// Event numbers the guest exports that are called for events. The host's dispatcher uses the numbers; guests see the
// names only.
type Event int32

// The events.
const (
	Initialize Event = iota
	Start
	Restored
	Stop
	WhenRunning
	ConnectionMade
	DataReceived
	ConnectionLost
	ReadConnectionLost
	WriteConnectionLost
	ConnectFailed
	HandshakeCompleted
	PauseProducing
	ResumeProducing
	DatagramReceived
	TimerFired
	Completed
	MessageReceived
	RunTask
	ExportState
	ImportState
	ConnectionRefused
	NumEvents
)

func i32s(names ...string) []Param {
	ps := make([]Param, len(names))
	for i, n := range names {
		ps[i] = Param{n, I32}
	}
	return ps
}

var ri32 = []Type{I32}

// Events are the guest exports, indexed by [Event]. All but the memory are optional.
var Events = [NumEvents]Func{
	Initialize:          {"_initialize", nil, nil, "language runtime start-up"},
	Start:               {"wasmnet_start", nil, ri32, "the factory's start; non-zero refuses to start the service"},
	Restored:            {"restored", nil, nil, "this instance was made from the image: reseed what was random"},
	Stop:                {"wasmnet_stop", nil, nil, "the service is going down and this instance is idle"},
	WhenRunning:         {"when_running", nil, nil, "first event of a loop or service instance, and of a program"},
	ConnectionMade:      {"connection_made", i32s("conn"), nil, "the transport is ready to write"},
	DataReceived:        {"data_received", i32s("conn", "len"), nil, "len bytes stand at the start of the receive buffer"},
	ConnectionLost:      {"connection_lost", i32s("conn", "reason"), nil, "exactly once, last event for conn"},
	ReadConnectionLost:  {"read_connection_lost", i32s("conn"), nil, "the peer half-closed; exporting it is the opt-in"},
	WriteConnectionLost: {"write_connection_lost", i32s("conn"), nil, "our half-close has been flushed"},
	ConnectFailed:       {"connect_failed", i32s("conn", "reason"), nil, "a connect did not succeed; last event for conn"},
	HandshakeCompleted:  {"handshake_completed", i32s("conn"), nil, "TLS is up"},
	PauseProducing:      {"pause_producing", i32s("conn"), nil, "queued output rose above the high-water mark"},
	ResumeProducing:     {"resume_producing", i32s("conn"), nil, "queued output fell to the low-water mark after a pause"},
	DatagramReceived:    {"datagram_received", i32s("conn", "len", "addr_len"), nil, "payload, then the sender, in the receive buffer"},
	TimerFired:          {"timer_fired", i32s("timer"), nil, "the handle is dead when this is called"},
	Completed:           {"completed", i32s("request", "status", "len"), nil, "an asynchronous request ended; result in the receive buffer"},
	MessageReceived:     {"message_received", i32s("subscription", "len", "topic_len"), nil, "a published message: payload, then topic"},
	RunTask:             {"run_task", i32s("len"), ri32, "worker instances only: input in the receive buffer"},
	ExportState:         {"export_state", nil, ri32, "hand over state with task_result; negative refuses"},
	ImportState:         {"import_state", i32s("len"), ri32, "state of the previous version in the receive buffer"},
	ConnectionRefused:   {"connection_refused", i32s("conn"), nil, "nobody has received what a connected datagram port sent"},
}

func (e Event) String() string {
	if e >= 0 && e < NumEvents {
		return Events[e].Name
	}
	return "unknown event"
}

func mix(ps []Param, more ...Param) []Param { return append(ps, more...) }

// Imports are the functions of module [Version], in SPEC.md's order.
var Imports = []Func{
	{"set_receive_buffer", i32s("ptr", "cap"), ri32, "where the host puts incoming bytes"},
	{"log", i32s("level", "ptr", "len"), nil, "write a log line"},
	{"metric", mix(i32s("kind", "name_ptr", "name_len"), Param{"value", F64}), ri32, "record a measurement"},
	{"config", i32s("key_ptr", "key_len", "ptr", "cap"), ri32, "read a configuration value; returns its full length"},
	{"now", i32s("clock"), []Type{I64}, "nanoseconds of a clock"},
	{"random", i32s("ptr", "len"), nil, "cryptographic random bytes"},
	{"stop", i32s("status"), ri32, "end the program with this exit status"},

	{"write", i32s("conn", "ptr", "len"), ri32, "queue bytes; returns how many are now queued"},
	{"lose_connection", i32s("conn"), ri32, "stop reading, flush, close"},
	{"abort_connection", i32s("conn"), ri32, "drop output, reset"},
	{"lose_write_connection", i32s("conn"), ri32, "flush, then half-close"},
	{"pause_reading", i32s("conn"), ri32, "stop delivering data"},
	{"resume_reading", i32s("conn"), ri32, "deliver data again"},
	{"connect", i32s("ptr", "len"), ri32, "dial a client endpoint string; returns a connection"},
	{"listen", i32s("ptr", "len"), ri32, "open a server endpoint string; returns a listener"},
	{"stop_listening", i32s("listener"), ri32, "close a listener"},
	{"start_tls", i32s("conn", "ptr", "len"), ri32, "upgrade in place; key=value lines"},
	{"splice", i32s("a", "b"), ri32, "relay two connections to each other from now on"},
	{"conn_info", i32s("conn", "key", "ptr", "cap"), ri32, "read a property; returns its full length"},
	{"set_option", mix(i32s("conn", "option"), Param{"value", I64}), ri32, "set a connection's option"},
	{"send_datagram", i32s("conn", "ptr", "len", "addr_ptr", "addr_len"), ri32, "send one datagram"},

	{"call_later", []Param{{"delay", I64}}, ri32, "start a timer, ns; returns its handle"},
	{"cancel_timer", i32s("timer"), ri32, "cancel a timer"},
	{"resolve", i32s("ptr", "len"), ri32, "look a host name up; returns a request"},
	{"defer_to_thread", i32s("ptr", "len"), ri32, "run run_task in a worker instance; returns a request"},
	{"task_result", i32s("ptr", "len"), ri32, "only inside run_task and export_state"},
	{"cancel", i32s("request"), ri32, "cancel a request"},

	{"kv_get", i32s("key_ptr", "key_len"), ri32, "read a key; returns a request"},
	{"kv_delete", i32s("key_ptr", "key_len"), ri32, "delete a key; returns a request"},
	{"kv_put", mix(i32s("key_ptr", "key_len", "ptr", "len"), Param{"ttl", I64}), ri32, "write a key; returns a request"},
	{"kv_update", mix(i32s("key_ptr", "key_len", "ptr", "len"), Param{"revision", I64}), ri32, "compare and set; returns a request"},
	{"publish", i32s("topic_ptr", "topic_len", "ptr", "len"), ri32, "publish a message"},
	{"subscribe", i32s("topic_ptr", "topic_len"), ri32, "subscribe to a topic; returns a subscription"},
	{"unsubscribe", i32s("subscription"), ri32, "end a subscription"},
}
