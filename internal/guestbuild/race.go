//go:build race

package guestbuild

const raceDetector = true
