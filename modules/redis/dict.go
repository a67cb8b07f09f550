package redis

import (
	"iter"
	"math/rand/v2"
	"slices"
	"sort"
)

// dict is a map that remembers the order in which keys came, and can be scanned in steps while it changes.
type dict[V any] struct {
	index map[string]int // where a key is in items
	items []item[V]      // in the order of their ids
	next  uint64         // id of the next key
}

type item[V any] struct {
	id    uint64
	key   string
	value V
	dead  bool // deleted, and not removed yet
}

func newDict[V any]() *dict[V] { return &dict[V]{index: map[string]int{}} }

func (d *dict[V]) len() int { return len(d.index) }

func (d *dict[V]) get(key []byte) (v V, ok bool) {
	if i, ok := d.index[string(key)]; ok {
		return d.items[i].value, true
	}
	return v, false
}

// at returns where the value of a key is kept, until the next change, or nil.
func (d *dict[V]) at(key []byte) *V {
	if i, ok := d.index[string(key)]; ok {
		return &d.items[i].value
	}
	return nil
}

// set returns true if the key is new.
func (d *dict[V]) set(key string, v V) bool {
	if i, ok := d.index[key]; ok {
		d.items[i].value = v
		return false
	}
	d.index[key] = len(d.items)
	d.items = append(d.items, item[V]{id: d.next, key: key, value: v})
	d.next++
	return true
}

// delete returns true if the key was there.
func (d *dict[V]) delete(key []byte) bool {
	i, ok := d.index[string(key)]
	if !ok {
		return false
	}
	delete(d.index, string(key))
	d.items[i] = item[V]{id: d.items[i].id, dead: true}
	if dead := len(d.items) - len(d.index); dead > 16 && dead > len(d.index) {
		d.compact()
	}
	return true
}

// compact removes what is dead, so that at least half of the items live.
func (d *dict[V]) compact() {
	d.items = slices.DeleteFunc(d.items, func(i item[V]) bool { return i.dead })
	if cap(d.items) > 4*len(d.items)+64 {
		d.items = slices.Clone(d.items)
	}
	for i := range d.items {
		d.index[d.items[i].key] = i
	}
}

// all ranges over what is there; the dict must not be changed meanwhile.
func (d *dict[V]) all() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for i := range d.items {
			if !d.items[i].dead && !yield(d.items[i].key, d.items[i].value) {
				return
			}
		}
	}
}

// scan calls f for about count keys from cursor on and returns the next cursor, 0 at the end. A key that is there from
// the first call to the last is given once.
func (d *dict[V]) scan(cursor uint64, count int, f func(key string, v V)) uint64 {
	i := sort.Search(len(d.items), func(i int) bool { return d.items[i].id >= cursor })
	for ; i < len(d.items) && count > 0; i++ {
		if !d.items[i].dead {
			f(d.items[i].key, d.items[i].value)
			count--
		}
	}
	if i == len(d.items) {
		return 0
	}
	return d.items[i].id
}

// random returns one of the keys, of which there is at least one.
func (d *dict[V]) random() (string, V) {
	for {
		if i := rand.IntN(len(d.items)); !d.items[i].dead {
			return d.items[i].key, d.items[i].value
		}
	}
}
