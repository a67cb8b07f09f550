//go:build race

package hostile

// underRace says that the tests were built with the race detector, which makes everything slower and larger.
const underRace = true
