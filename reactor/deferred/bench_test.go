package deferred_test

import (
	"testing"

	"github.com/wasmnet/wasmnet/reactor/deferred"
)

func BenchmarkNewAndFire(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		deferred.New[int](nil).Callback(1)
	}
}

func BenchmarkTenCallbacks(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		d := deferred.New[int](nil)
		for range 10 {
			d.AddCallback(double)
		}
		d.Callback(1)
	}
}

func BenchmarkThenTen(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		d := deferred.New[int](nil)
		end := d
		for range 10 {
			end = deferred.Then(end, double)
		}
		d.Callback(1)
	}
}

func BenchmarkReturnedDeferred(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		inner := deferred.New[int](nil)
		d := deferred.New[int](nil)
		d.AddDeferredCallback(func(int) *deferred.Deferred[int] { return inner })
		d.Callback(1)
		inner.Callback(2)
	}
}

func BenchmarkAwait(b *testing.B) {
	b.ReportAllocs()
	var next *deferred.Deferred[int]
	deferred.Go(nil, func(co *deferred.Coroutine) (int, error) {
		for {
			next = deferred.New[int](nil)
			if n, err := deferred.Await(co, next); n < 0 || err != nil {
				return 0, err
			}
		}
	})
	for b.Loop() {
		next.Callback(1)
	}
	next.Callback(-1)
}
