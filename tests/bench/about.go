//go:build linux

package main

import "strings"

// about says who the subjects are.
var about = map[string]string{
	"net":                     "Go's package net, with a goroutine and a buffer for each connection; crypto/tls for TLS; for UDP a goroutine for each processor",
	"C epoll":                 "a bare epoll loop in C that makes the system calls and nothing else: the floor",
	"gnet":                    "gnet, an event-loop framework for Go",
	"Twisted":                 "Twisted from Debian, on its epoll reactor (Python)",
	"uvloop":                  "asyncio on uvloop (Python on libuv)",
	"reactor":                 "wasmnet's reactor with a native handler: no sandbox",
	"sandbox C":               "a guest in C in wasmnet, a sandbox for each connection, fuel metered",
	"sandbox Go":              "a guest in standard Go in wasmnet, likewise",
	"sandbox net/http":        "a net/http server, compiled unchanged to a guest of wasmnet",
	"net/http":                "Go's net/http",
	"nginx":                   "nginx from Debian, one process",
	"stock wazero":            "wazero as it comes, the runtime that wasmnet runs on: for fresh sandboxes with an instance each, for metering unmetered",
	"stock C":                 "what one would write on wazero without wasmnet: an instance and a goroutine for each connection, CloseOnContextDone; a guest in C",
	"stock Go":                "the same with a guest in Go",
	"wasmnet":                 "the sandbox by itself, without sockets",
	"made, one message, gone": "a sandbox's life, without sockets: made, three events and its end",
	"made, one request, gone": "a sandbox's life, without sockets: made, a request and its end",
	"recycled, first event":   "a used sandbox made fresh again, and the first event in it",
	"CloseOnContextDone":      "wazero's own way to interrupt a guest",
	"C, cached":               "a guest in C, which the compile cache knows",
	"built-in, cached":        "the built-in echo, in Go, which the compile cache knows",
	"built-in, cold":          "the same without a compile cache",
	"C, the same module":      "services that all run one guest in C",
	"C, a module each":        "services that each run a guest in C of their own",
	"Go, the same module":     "services that all run one guest in Go",
	"Go, a module each":       "services that each run a guest in Go of their own",
	"NSD":                     "the name server NSD from Debian",
	"HAProxy":                 "HAProxy from Debian, splicing",
	"nginx stream":            "nginx from Debian as a TCP proxy, one process",
	"socat":                   "socat from Debian, a process for each connection",
	"WATER":                   "WATER, which relays through a guest of wazero",
	"splice":                  "wasmnet's module portforward: a guest decides, the kernel moves the bytes",
	"relay":                   "the same, with each byte going through the guest",
	"Redis":                   "Redis from Debian",
	"native":                  "wasmnet's module redis without a sandbox",
}

// describe says who a subject is; what comes behind a comma is a setting of it. It is empty if nobody knows.
func describe(subject string) string {
	if text := about[subject]; text != "" {
		return text
	}
	base, setting, _ := strings.Cut(subject, ", ")
	if text := about[base]; text != "" && setting != "" {
		return text + "; " + setting
	}
	return ""
}

// columnTitles say what the columns hold.
var columnTitles = map[string]string{
	perUnit:       "time for each unit of work",
	cpuPerUnit:    "processor time of the server for each unit of work",
	systemShare:   "share of the processor time that is the kernel's",
	perSecond:     "units of work a second (more is better)",
	p50:           "latency that half of the units stay below",
	p90:           "latency that 90 % of the units stay below",
	p99:           "latency that 99 % of the units stay below",
	p999:          "latency that 99.9 % of the units stay below",
	p9999:         "latency that 99.99 % of the units stay below",
	callsPerUnit:  "system calls of the server for each unit of work",
	allocsPerUnit: "objects allocated on the server's heap for each unit of work",
	bytesPerUnit:  "bytes allocated on the server's heap for each unit of work",
	perConn:       "resident memory of the server for each connection",
	alone:         "99th percentile of the latency, undisturbed",
	beside:        "99th percentile of the latency beside a guest that spins",
	disturbance:   "the second as a multiple of the first",
	untilReady:    "time from the start of the process until it listens",
	cpuOfStart:    "processor time until then",
	unpacking:     "part of the start: unpacking the module",
	rewriting:     "part of the start: decoding and instrumenting, or reading what an earlier run made of it",
	compiling:     "part of the start: making machine code, or reading it",
	starting:      "part of the start: the guest starts and its image is taken",
	cold:          "time to load the module for the first time",
	coldCPU:       "processor time to load the module for the first time",
	warm:          "time to load a module that the compile cache knows",
	residentAll:   "resident memory of the process",
	firstConn:     "a service's first connection: made, one echo",
	nextConn:      "a service's second connection: made, one echo",
	"tight":       "the tightest possible loop",
	"calls":       "recursive calls",
	"hash":        "hashing",
	"json":        "parsing JSON",
	"http":        "parsing HTTP",
}

func titleOf(column string) string {
	if t := columnTitles[column]; t != "" {
		return t
	}
	return column
}
