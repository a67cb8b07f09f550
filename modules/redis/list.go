package redis

import "slices"

// list is a value: elements in a ring, so that both ends are cheap.
type list struct {
	ring [][]byte
	head int
	n    int
}

func (l *list) kind() string { return "list" }
func (l *list) len() int     { return l.n }

func (l *list) place(i int) int {
	i += l.head
	if i >= len(l.ring) {
		i -= len(l.ring)
	}
	return i
}

func (l *list) get(i int) []byte    { return l.ring[l.place(i)] }
func (l *list) put(i int, b []byte) { l.ring[l.place(i)] = b }

// straighten makes the ring begin at its first element, with room for n.
func (l *list) straighten(n int) {
	ring := make([][]byte, n)
	for i := range l.n {
		ring[i] = l.get(i)
	}
	l.ring, l.head = ring, 0
}

func (l *list) push(b []byte, left bool) {
	if l.n == len(l.ring) {
		l.straighten(max(8, 2*l.n))
	}
	l.n++
	if left {
		if l.head--; l.head < 0 {
			l.head = len(l.ring) - 1
		}
		l.put(0, b)
		return
	}
	l.put(l.n-1, b)
}

// pop takes an element from a list that is not empty.
func (l *list) pop(left bool) []byte {
	i := l.n - 1
	if left {
		i = 0
	}
	b := l.get(i)
	l.put(i, nil)
	if l.n--; left {
		l.head = l.place(1)
	}
	if len(l.ring) > 64 && l.n < len(l.ring)/4 {
		l.straighten(len(l.ring) / 2)
	}
	return b
}

// edit gives f all elements in order, and keeps those it returns.
func (l *list) edit(f func([][]byte) [][]byte) {
	l.straighten(l.n)
	l.ring = f(l.ring)
	l.n = len(l.ring)
}

// insert puts an element in front of the i-th.
func (l *list) insert(i int, b []byte) {
	l.edit(func(all [][]byte) [][]byte { return slices.Insert(all, i, b) })
}
