// Command gen writes wasmnet.h, the C binding of the ABI, from the constants of package abi.
package main

import (
	"fmt"
	"os"
)

//go:generate go run . ../wasmnet.h

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gen FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], header(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}
