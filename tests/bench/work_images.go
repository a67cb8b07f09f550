//go:build linux

package main

import (
	"fmt"
	"maps"
	"sync"
)

// imageWorkloads show how cost grows with what a guest has written to its memory when it has started.
func imageWorkloads(o options, ps *peers) []workload {
	const kib, mib = 1 << 10, 1 << 20
	folder := sync.OnceValues(func() (string, error) { return o.folder("images") })
	var ws []workload
	for _, size := range []int{64 * kib, mib, 16 * mib, 64 * mib} {
		build := sync.OnceValues(func() (string, error) {
			dir, err := folder()
			if err != nil {
				return "", err
			}
			return imageGuest(dir, size)
		})
		name := fmt.Sprintf("%d KiB", size/kib)
		if size >= mib {
			name = fmt.Sprintf("%d MiB", size/mib)
		}
		ws = append(ws, workload{name: "a guest with an image of " + name, series: "size of the image", axis: "KiB", x: float64(size / kib), subjects: []subject{
			{name: "stock wazero", measure: func() (figures, error) {
				file, err := build()
				if err != nil {
					return nil, err
				}
				return freshStock(file, o.window, true)
			}},
			{name: "wasmnet", measure: func() (figures, error) {
				file, err := build()
				if err != nil {
					return nil, err
				}
				return imageCosts(o, ps.sandbox("wasmnet", file, "tcp:0"), size/kib)
			}},
		}})
	}
	return ws
}

// imageCosts are a fresh sandbox of the guest, its start, and the memory of a connection that is idle.
func imageCosts(o options, s subject, kib int) (figures, error) {
	f, err := hostBenchmark(o, fmt.Sprintf("FreshImage/%dKiB", kib))
	if err != nil {
		return nil, err
	}
	p, started, err := begin(s)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	maps.Copy(f, started)
	asleep, err := idle(o, min(o.most, 1000))(p)
	if err != nil {
		return nil, err
	}
	f[perConn] = asleep[perConn]
	return f, nil
}
