package image

import "fmt"

// Strategy is the way in which the memories of an image are made and reset.
type Strategy uint8

const (
	// Auto takes the fastest that the platform offers for an image of that size.
	Auto Strategy = iota
	// Copy keeps each memory as a copy on the heap and compares all of it with the image. Everywhere.
	Copy
	// Drop maps the image and has the kernel drop every written page (MADV_DONTNEED). Linux.
	Drop
	// Scan maps the image and finds written pages by reading /proc/self/pagemap. Linux 4.2.
	Scan
	// Track maps the image, write-protects recycled memories and finds written pages with PAGEMAP_SCAN. It is Scan for a
	// memory's first reset. Linux 6.7, with userfaultfd permitted.
	Track
)

var strategyNames = [...]string{Auto: "auto", Copy: "copy", Drop: "drop", Scan: "scan", Track: "track"}

// String returns the strategy's name in lower case.
func (s Strategy) String() string {
	if int(s) < len(strategyNames) {
		return strategyNames[s]
	}
	return fmt.Sprintf("strategy %d", uint8(s))
}
