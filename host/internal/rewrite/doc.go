// Package rewrite instruments guests.
package rewrite
