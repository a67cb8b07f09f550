// Package reactor is the native event loop engine.
package reactor
