// Command wasmnet runs network protocols in sandboxes: see `wasmnet --help` and README.md.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
